using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hub.Operations.Patroni;

/// <summary>
/// A member as Patroni lists it: <c>{"name":"timescaledb-1","role":"leader","state":"running"}</c> by <c>GET /cluster</c>,
/// <c>{"Member":"timescaledb-1","Role":"Leader","State":"running","TL":1,"Lag in MB":0}</c> by <c>patronictl list</c>.
/// </summary>
public sealed record PatroniMember(
    [property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("role")] string Role, [property: JsonPropertyName("state")] string State)
{
    /// <summary>The timeline, where <c>patronictl</c> says it.</summary>
    [JsonIgnore]
    public int? Timeline { get; init; }

    /// <summary>How far the member lags behind, where <c>patronictl</c> says it; empty otherwise.</summary>
    [JsonIgnore]
    public string LagText { get; init; } = "";

    [JsonIgnore]
    public bool IsLeader => Role is "Leader" or "leader";

    /// <summary>Holds the lease, and PostgreSQL runs.</summary>
    [JsonIgnore]
    public bool IsRunningLeader => IsLeader && State is "running";

    [JsonIgnore]
    public bool IsStreaming => State is "streaming";

    /// <summary>May confirm a commit. A synchronous cluster takes over no other member, and without one it acknowledges nothing.</summary>
    [JsonIgnore]
    public bool IsSynchronous => Role is "Sync Standby" or "Quorum Standby" or "sync_standby" or "quorum_standby";

    /// <summary>Reads what <c>patronictl list --format json</c> wrote; null when that is no list.</summary>
    public static IReadOnlyList<PatroniMember>? ParseList(string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (!output.TrimStart().StartsWith('['))
            return null;
        using var document = JsonDocument.Parse(output);
        return [.. document.RootElement.EnumerateArray().Select(Parse)];
    }

    private static PatroniMember Parse(JsonElement member) =>
        new(member.GetProperty("Member").GetString()!, member.GetProperty("Role").GetString()!, member.GetProperty("State").GetString()!)
        {
            Timeline = member.TryGetProperty("TL", out var timeline) && timeline.ValueKind == JsonValueKind.Number ? timeline.GetInt32() : null,
            LagText = member.TryGetProperty("Lag in MB", out var lag) && lag.ValueKind == JsonValueKind.Number
                ? $"{lag.GetDouble().ToString(CultureInfo.InvariantCulture)} MB"
                : "",
        };
}

/// <summary>The cluster as one member sees it (<c>GET /cluster</c>).</summary>
internal sealed record PatroniCluster([property: JsonPropertyName("members")] IReadOnlyList<PatroniMember> Members)
{
    public PatroniMember? Leader => Members.FirstOrDefault(member => member.IsRunningLeader);

    /// <summary><c>timescaledb-1 leader (running), timescaledb-2 quorum_standby (streaming)</c>.</summary>
    public override string ToString() => string.Join(", ", Members.Select(member => $"{member.Name} {member.Role} ({member.State})"));
}
