using Analytics.Topology;
using Hub.Operations.Clusters;
using Hub.Operations.Patroni;
using Hub.Operations.PgBouncer;
using Hub.Operations.Processes;
using Npgsql;

namespace Hub.Operations.Switchovers;

/// <summary>How a switchover went.</summary>
/// <param name="From">Who led.</param>
/// <param name="To">Who leads now.</param>
/// <param name="Paused">Whether the pool held its clients meanwhile; without it they saw errors.</param>
/// <param name="Took">From the pause until clients went on at the new primary.</param>
public sealed record SwitchoverResult(string From, string To, bool Paused, TimeSpan Took);

/// <summary>
/// Hands the leadership over. PgBouncer is paused meanwhile: transactions end, then clients wait instead of seeing their connections break, and
/// go on at the new primary. Whatever happens the pool is resumed.
/// </summary>
public sealed class Switchover(RunningCluster cluster)
{
    /// <summary>A transaction that takes longer is not waited for: it is broken, as without a pause.</summary>
    private static readonly TimeSpan PauseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Together with the pause below PgBouncer's query_wait_timeout (30 s), after which waiting clients get errors.</summary>
    private static readonly TimeSpan RouteTimeout = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan ConsoleTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(200);
    private const int MostProbes = 10;

    /// <summary>
    /// Asks the leader's own Patroni, with the certificate that it asks of everybody who changes something. The leader's, because only the one
    /// that is asked looks at once; a leader that another wrote to in etcd's name sees it when its loop comes round, up to loop_wait later. Not
    /// patronictl, which takes seconds to start while clients wait. It is ready before the pause, after a checkpoint that the shutdown then
    /// need not make, and goes on when a line arrives.
    /// </summary>
    private const string Request = """
        import base64, json, os, psycopg2, ssl, sys, urllib.error, urllib.request
        tls = ssl.create_default_context(cafile="/etc/hub/tls/ca.crt")
        tls.load_cert_chain("/etc/hub/tls/tls.crt", "/etc/hub/tls/tls.key")
        user = os.environ["PATRONI_RESTAPI_USERNAME"] + ":" + os.environ["PATRONI_RESTAPI_PASSWORD"]
        body = json.dumps({"leader": sys.argv[1], "candidate": sys.argv[2] or None}).encode()
        request = urllib.request.Request("https://localhost:8008/switchover", data=body, headers={"Authorization": "Basic " + base64.b64encode(user.encode()).decode()})
        database = psycopg2.connect(host=sys.argv[3], dbname="postgres", user=os.environ["PATRONI_SUPERUSER_USERNAME"], password=os.environ["PATRONI_SUPERUSER_PASSWORD"])
        database.autocommit = True
        database.cursor().execute("CHECKPOINT")
        database.close()
        print("ready", flush=True)
        sys.stdin.readline()
        try:
            with urllib.request.urlopen(request, timeout=40, context=tls) as answer:
                print("done", answer.read().decode().strip(), flush=True)
        except urllib.error.HTTPError as refused:
            print("refused", refused.code, refused.read().decode().strip(), flush=True)
        """;

    /// <param name="to">
    /// The member to lead; null: whichever is ready first, which is quicker. Where a member is named, Patroni lets the others sleep two seconds
    /// before they follow it, and until one does no commit has its second copy.
    /// </param>
    /// <param name="report">Told what is being done.</param>
    /// <param name="cancel">Gives up; the pool is resumed all the same.</param>
    /// <exception cref="OperationException">There is nobody to take over, or Patroni refused.</exception>
    public async Task<SwitchoverResult> RunAsync(string? to, Action<string> report, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(report);
        var members = await cluster.MembersAsync(cancel);
        var leader = members.FirstOrDefault(member => member.IsRunningLeader)?.Name ?? throw new OperationException("The cluster has no leader, so there is no leadership to move.", "See `./hub status`.");
        var candidates = Candidates(members, leader, to);
        var aim = to ?? string.Join(" or ", candidates);
        var timeline = await TimelineAsync(cancel) ?? throw new OperationException("The gateway does not route to the primary.", "See `./hub logs haproxy`.");
        await using var console = new PgBouncerConsole(cluster, candidates[0]);
        if (await console.RunAsync("SHOW VERSION", ConsoleTimeout, cancel) is var hello && !hello.Contains("PgBouncer", StringComparison.Ordinal))
            throw new OperationException($"PgBouncer's console does not answer: {hello}", "See `./hub logs pgbouncer`.");
        using var request = ProcessRunner.Start("docker", ["exec", "--interactive", cluster.Container(leader), "python3", "-c", Request, leader, to ?? "", Paths.SocketDirectory]);
        try
        {
            if (await request.StandardOutput.ReadLineAsync(cancel) != "ready")
                throw new OperationException($"Patroni cannot be asked in {leader}: {(await request.StandardError.ReadToEndAsync(cancel)).Trim()}");
            report("pausing the pool");
            var began = TimeProvider.System.GetTimestamp();
            bool paused;
            try
            {
                paused = await console.RunAsync($"PAUSE {ClusterNames.Database}", PauseTimeout, cancel) is "";
                report($"moving the leadership from {leader} to {aim}");
                await request.StandardInput.WriteLineAsync();
                await request.StandardInput.FlushAsync(cancel);
                await UntilRoutedAsync(aim, timeline, request.StandardOutput.ReadLineAsync(cancel).AsTask(), cancel);
            }
            finally
            {
                await ResumeAsync(console, candidates[0]);
            }

            var took = TimeProvider.System.GetElapsedTime(began);
            return new SwitchoverResult(leader, (await cluster.LedMembersAsync(cancel)).First(member => member.IsRunningLeader).Name, paused, took);
        }
        finally
        {
            if (!request.HasExited)
                request.Kill(entireProcessTree: true);
            await request.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>Who may take over, in order of their names. Only a synchronous standby has every acknowledged write.</summary>
    internal static IReadOnlyList<string> Candidates(IReadOnlyList<PatroniMember> members, string leader, string? wanted)
    {
        var ready = members.Where(member => member is { IsSynchronous: true, IsStreaming: true }).Select(member => member.Name).Order(StringComparer.Ordinal).ToList();
        if (wanted is null)
            return ready.Count > 0 ? ready : throw new OperationException("No standby has all acknowledged writes, so none can take over.", "See `./hub status`.");
        if (wanted == leader)
            throw new OperationException($"{wanted} leads already.");
        if (members.All(member => member.Name != wanted))
            throw new OperationException($"There is no member '{wanted}'.", "Members are: " + string.Join(", ", members.Select(member => member.Name)) + ".");
        return ready.Contains(wanted) ? [wanted] : throw new OperationException($"{wanted} lacks acknowledged writes.", "See `./hub status`; once it streams, it can take over.");
    }

    /// <summary>
    /// Not cancelled: a pool that stays paused is an outage. It may have been paused although the pause was not waited for.
    /// </summary>
    private async Task ResumeAsync(PgBouncerConsole console, string member)
    {
        const string resume = $"RESUME {ClusterNames.Database}";
        if (await console.RunAsync(resume, ConsoleTimeout, CancellationToken.None) is not "")
        {
            // The console may still wait for the pause, or have gone with an interrupted terminal.
            await using var another = new PgBouncerConsole(cluster, member);
            var said = await another.RunAsync(resume, ConsoleTimeout, CancellationToken.None);
            if (said.Length > 0 && !said.Contains("not paused", StringComparison.Ordinal))
                throw new OperationException($"PgBouncer may still be paused: {said}", "`docker restart` of its container ends the pause.");
        }
    }

    /// <summary>
    /// The gateway leads to a member that takes writes on a later timeline. Patroni answers later than that, unless it refuses. A connection that
    /// was led to a member which is just stopping may hang, so another one is begun every now and then without waiting for it.
    /// </summary>
    private async Task UntilRoutedAsync(string aim, long before, Task<string?> answer, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        over.CancelAfter(RouteTimeout);
        var probes = new List<Task<long?>>();
        try
        {
            while (true)
            {
                if (probes.Count < MostProbes)
                    probes.Add(TimelineAsync(over.Token));
                await Task.WhenAny([.. probes, Task.Delay(ProbeInterval, over.Token)]);
                foreach (var probe in probes.Where(probe => probe.IsCompleted).ToList())
                {
                    probes.Remove(probe);
                    if (await probe is { } timeline && timeline > before)
                        return;
                }

                if (answer.IsCompleted && await answer is var said && said?.StartsWith("done", StringComparison.Ordinal) != true)
                    throw new OperationException($"Patroni did not switch over to {aim}: {said ?? "no answer"}", "See `./hub logs` of both members.");
                await Task.Delay(ProbeInterval / 4, over.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new OperationException($"The gateway does not route to {aim} after {RouteTimeout.TotalSeconds:0} s.", "See `./hub status` and `./hub logs haproxy`.");
        }
        finally
        {
            await over.CancelAsync();
            await ((Task)Task.WhenAll(probes)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The timeline of the member that the gateway leads to; null while that is a replica, or none.</summary>
    private async Task<long?> TimelineAsync(CancellationToken cancel)
    {
        try
        {
            await using var owner = await cluster.OwnerAsync(cancel);
            await using var ask = new NpgsqlCommand(
                "SELECT CASE WHEN NOT pg_is_in_recovery() THEN ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint END", owner);
            return await ask.ExecuteScalarAsync(cancel) as long?;
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }
}
