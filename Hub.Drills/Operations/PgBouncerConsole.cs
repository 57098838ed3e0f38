using Analytics.Topology;
using Hub.Drills.Engine;

namespace Hub.Drills.Operations;

/// <summary>PgBouncer's admin console. It speaks the simple protocol only, which psql in a database member does.</summary>
internal sealed class PgBouncerConsole(DrillCluster cluster)
{
    /// <param name="member">The member whose psql is used; it must run.</param>
    /// <param name="command">Such as <c>PAUSE llm_analytics</c>.</param>
    /// <param name="patience">How long it may take: a pause waits for transactions to end.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<ProgramResult> RunAsync(string member, string command, TimeSpan patience, CancellationToken cancel)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(patience);
        var target = $"host={ClusterNames.PgBouncer} port={Ports.PgBouncer} dbname=pgbouncer user={Roles.PgBouncer} sslmode=verify-full sslrootcert={Paths.CaFile} connect_timeout=3";
        try
        {
            return await Programs.RunAsync("docker",
                ["exec", "--env", "PGPASSWORD", cluster.Container(member), "psql", "--no-psqlrc", "--quiet", "--dbname", target, "--command", command], bound.Token,
                new Dictionary<string, string> { ["PGPASSWORD"] = cluster.Secret(Secrets.PgBouncer) });
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new ProgramResult(command, 124, "", $"no end within {patience.TotalSeconds:0} s");
        }
    }
}
