using System.Text.Json.Serialization;

namespace AppHost.Patroni;

/// <summary>A member as Patroni's <c>GET /cluster</c> lists it: <c>{"name":"timescaledb-1","role":"leader","state":"running","timeline":1}</c>.</summary>
internal sealed record PatroniMember([property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("role")] string Role, [property: JsonPropertyName("state")] string State)
{
    public bool IsLeader => Role is "leader";

    /// <summary>May confirm a commit. A synchronous cluster takes over no other member, and without one it acknowledges nothing.</summary>
    public bool IsSynchronous => Role is "sync_standby" or "quorum_standby";
}

internal sealed record PatroniCluster([property: JsonPropertyName("members")] IReadOnlyList<PatroniMember> Members)
{
    public PatroniMember? Leader => Members.FirstOrDefault(member => member.IsLeader && member.State is "running");

    /// <summary><c>timescaledb-1 leader (running), timescaledb-2 quorum_standby (streaming)</c>.</summary>
    public override string ToString() => string.Join(", ", Members.Select(member => $"{member.Name} {member.Role} ({member.State})"));
}
