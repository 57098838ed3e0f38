using Hub.Drills.Faults;
using Hub.Drills.Ledgers;
using Hub.Drills.Load;
using Hub.Operations;
using Hub.Operations.Clusters;
using Npgsql;

namespace Hub.Drills.Runs;

/// <summary>
/// Runs faults under load and proves what came of them. Whatever ends a run (its end, an error, Ctrl-C), what it broke is healed and what it
/// made in the database is removed.
/// </summary>
public sealed class DrillRunner(RunningCluster cluster, Action<string> report)
{
    private const int WarmUp = 20;
    private static readonly TimeSpan WarmUpTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(3);

    /// <summary>Longer than the seed's bound for a failover, twice over: what has not recovered then is healed, and its gap said to be open.</summary>
    private static readonly TimeSpan RecoveryTimeout = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan HealTimeout = TimeSpan.FromMinutes(4);

    /// <summary>Longer than ingest lets a request wait (30 s).</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(45);

    /// <summary>
    /// Begin although something is missing already, and end when somebody leads, whatever else is missing. What the drill broke and what was
    /// broken before cannot be told apart then. Default false.
    /// </summary>
    public bool EvenUnhealthy { get; init; }

    /// <summary>A second blow, where the fault leaves a standby: before it is healed, whoever leads then is destroyed with its disk. Default false.</summary>
    public bool DestroyLeader { get; init; }

    /// <summary>One run. The cluster must be healthy, and is healthy afterwards.</summary>
    /// <param name="fault">What to break.</param>
    /// <param name="run">Number of the run, from 1.</param>
    /// <param name="seed">Of every random choice.</param>
    /// <param name="cancel">Ends the run early; it heals first.</param>
    /// <exception cref="OperationException">The cluster is not healthy, before or after.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, after healing.</exception>
    public async Task<DrillResult> RunAsync(Fault fault, int run, int seed, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(fault);
        var startedAt = TimeProvider.System.GetUtcNow();
        await UntilHealthyAsync(TimeSpan.FromSeconds(30), cancel);
        await using var schema = await DrillSchema.CreateAsync(cluster, cancel);
        var ledger = new Ledger(TimeProvider.System);
        var context = new FaultContext(cluster, await cluster.LedMembersAsync(cancel), new Random(seed), () => ledger.Now, (next, token) => HoldAsync(ledger, next, token), report);
        await using var watcher = new MemberWatcher(cluster, ledger);
        await using var copies = new CopyWatcher(cluster, ledger);
        await using var load = new LoadGenerator(cluster, schema.ApiKey, ledger);
        TimeSpan healed = default, healthy = default;
        try
        {
            await WarmUpAsync(ledger, cancel);
            report($"{fault.Name}: {context.Leader} leads");
            await fault.StrikeAsync(context, cancel);
            await HoldAsync(ledger, fault, cancel);
            if (DestroyLeader)
                await DestroyAsync(ledger, context, cancel);
        }
        finally
        {
            // Not cancelled: nothing stays broken because somebody lost patience.
            await context.Damage.HealAsync(report, CancellationToken.None);
            healed = ledger.Now;
            await UntilHealthyAsync(HealTimeout, CancellationToken.None);
            healthy = ledger.Now;
        }

        await Task.Delay(Calm, cancel);
        report("waiting for the last answers");
        var end = ledger.Now;
        await load.StopAsync(AnswerTimeout);
        await watcher.StopAsync();
        await copies.StopAsync();
        var samples = copies.Samples;
        var struck = context.Struck ?? throw new InvalidOperationException($"{fault.Name} did not report when it started.");
        var stored = new Dictionary<string, IReadOnlyDictionary<Guid, int>>
        {
            [IngestPath.PathName] = await schema.StoredByIngestAsync(cancel),
            [SqlPath.PathName] = await schema.StoredBySqlAsync(cancel),
        };
        var epochs = PrimaryEpoch.Of(watcher.Writes);
        return new DrillResult
        {
            Fault = fault.Name,
            Run = run,
            Seed = seed,
            Started = startedAt,
            LeaderBefore = context.Leader,
            LeaderAfter = (await cluster.LedMembersAsync(cancel)).First(member => member.IsRunningLeader).Name,
            Broken = healed - struck,
            UntilHealthy = healthy - healed,
            Paths = [.. LoadGenerator.Paths.Select(path => Evaluation.Of(path, ledger.Entries, stored[path], samples, struck, end))],
            Epochs = epochs,
            PrimariesAtOnce = PrimaryEpoch.MostAtOnce(epochs),
        };
    }

    private Task UntilHealthyAsync(TimeSpan timeout, CancellationToken cancel) =>
        EvenUnhealthy ? cluster.UntilLedAsync(timeout, report, cancel) : cluster.UntilHealthyAsync(timeout, report, cancel);

    private async Task WarmUpAsync(Ledger ledger, CancellationToken cancel)
    {
        report("warming up");
        var began = ledger.Now;
        while (LoadGenerator.Paths.Any(path => ledger.Progress(path).Acknowledged < WarmUp))
        {
            if (ledger.Now - began > WarmUpTimeout)
            {
                var last = ledger.Entries.LastOrDefault(entry => entry.Reason is not null);
                throw new OperationException($"Writes are not acknowledged before the drill has begun: {last.Path}: {last.Reason}", "`./hub status` shows what is wrong.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), cancel);
        }

        await Task.Delay(Calm, cancel);
    }

    private async Task DestroyAsync(Ledger ledger, FaultContext context, CancellationToken cancel)
    {
        var members = await cluster.MembersAsync(cancel);
        if (!members.Any(member => member.IsRunningLeader) || !members.Any(member => member is { IsStreaming: true, IsSynchronous: true }))
        {
            report("no second failure: only the leader has all acknowledged writes");
            return;
        }

        var second = await context.AgainAsync(cancel);
        report($"second failure: {second.Leader} and its disk");
        await second.DestroyAsync(second.Leader, cancel);

        // Whether writes can come back before the first blow is healed depends on it.
        await HoldAsync(ledger, FaultCatalog.Find(FaultCatalog.PrimaryDestroy) with { StopsWrites = true }, cancel);
    }

    /// <summary>Waits as long as the fault lasts, and until both paths have taken writes again that were sent after it and go on taking them.</summary>
    private async Task HoldAsync(Ledger ledger, Fault fault, CancellationToken cancel)
    {
        var began = ledger.Now;
        report("broken");
        await Task.Delay(fault.Hold, cancel);
        if (fault.StopsWrites)
            return;
        report("waiting until writes resume");
        while (LoadGenerator.Paths.Any(path => ledger.Now - ledger.Progress(path).Newest > Calm) && ledger.Now - began < RecoveryTimeout)
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancel);
        await Task.Delay(Calm, cancel);
    }
}
