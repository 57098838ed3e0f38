using System.Diagnostics;
using Analytics.Topology;
using Hub.Drills.Engine;

namespace Hub.Drills.Operations;

/// <summary>
/// PgBouncer's admin console. It speaks the simple protocol only, which psql in a database member does; the session is open before it is
/// needed, so that a command takes no longer than PgBouncer does.
/// </summary>
internal sealed class PgBouncerConsole : IAsyncDisposable
{
    private const string Done = "hub-done";
    private readonly Process process;

    /// <param name="cluster">Whose PgBouncer.</param>
    /// <param name="member">The member whose psql is used; it must go on running.</param>
    public PgBouncerConsole(DrillCluster cluster, string member)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var target = $"host={ClusterNames.PgBouncer} port={Ports.PgBouncer} dbname=pgbouncer user={Roles.PgBouncer} sslmode=verify-full sslrootcert={Paths.CaFile} connect_timeout=3";
        process = Programs.Start("docker",
            ["exec", "--interactive", "--env", "PGPASSWORD", cluster.Container(member), "sh", "-c", $"exec psql --no-psqlrc --quiet --tuples-only --no-align --dbname='{target}' 2>&1"],
            new Dictionary<string, string> { ["PGPASSWORD"] = cluster.Secret(Secrets.PgBouncer) });
    }

    /// <summary>Runs one command and returns what PgBouncer said to it: nothing, when it did as it was told.</summary>
    /// <param name="command">Such as <c>PAUSE llm_analytics</c>.</param>
    /// <param name="patience">How long it may take: a pause waits for transactions to end.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<string> RunAsync(string command, TimeSpan patience, CancellationToken cancel)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(patience);
        var said = new List<string>();
        try
        {
            await process.StandardInput.WriteAsync($"{command};\n\\echo {Done}\n".AsMemory(), bound.Token);
            await process.StandardInput.FlushAsync(bound.Token);
            while (await process.StandardOutput.ReadLineAsync(bound.Token) is var line && line != Done)
            {
                if (line is null)
                    return said.Count > 0 ? string.Join(' ', said) : "the console closed";
                said.Add(line);
            }

            return string.Join(' ', said);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"no end within {patience.TotalSeconds:0} s";
        }
        catch (IOException problem)
        {
            return said.Count > 0 ? string.Join(' ', said) : problem.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
