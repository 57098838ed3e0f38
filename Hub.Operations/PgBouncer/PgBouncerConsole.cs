using System.Diagnostics;
using Analytics.Topology;
using Hub.Operations.Clusters;
using Hub.Operations.Processes;

namespace Hub.Operations.PgBouncer;

/// <summary>
/// PgBouncer's admin console. It speaks the simple protocol only, which psql in a database member does; the session is open before it is
/// needed, so that a command takes no longer than PgBouncer does.
/// </summary>
internal sealed class PgBouncerConsole : IAsyncDisposable
{
    private const string Done = "hub-done";
    private readonly Process process;

    /// <summary>The console's address, for psql in a member.</summary>
    public static string Target(string role) =>
        $"host={ClusterNames.PgBouncer} port={Ports.PgBouncer} dbname=pgbouncer user={role} sslmode=verify-full sslrootcert={Paths.CaFile} connect_timeout=3";

    /// <param name="cluster">Whose PgBouncer.</param>
    /// <param name="member">The member whose psql is used; it must go on running.</param>
    public PgBouncerConsole(RunningCluster cluster, string member)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        process = ProcessRunner.Start("docker",
            ["exec", "--interactive", "--env", "PGPASSWORD", cluster.Container(member), "sh", "-c", $"exec psql --no-psqlrc --quiet --tuples-only --no-align --dbname='{Target(Roles.PgBouncer)}' 2>&1"],
            new Dictionary<string, string> { ["PGPASSWORD"] = cluster.Secret(Secrets.PgBouncer) });
    }

    /// <summary>Runs one command and returns what PgBouncer said to it: nothing, when it did as it was told.</summary>
    /// <param name="command">Such as <c>PAUSE llm_analytics</c>.</param>
    /// <param name="timeout">How long it may take: a pause waits for transactions to end.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<string> RunAsync(string command, TimeSpan timeout, CancellationToken cancel)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(timeout);
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
            return $"no end within {timeout.TotalSeconds:0} s";
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
