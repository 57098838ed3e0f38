namespace Hub.Cli.Send.Replay;

/// <summary>Holds batches back until they are due and the rate allows them.</summary>
internal sealed class Pacer(double? rate, TimeProvider time)
{
    private readonly long started = time.GetTimestamp();
    private TimeSpan free;

    /// <summary>Waits for the turn of a batch; ends early when <paramref name="halt"/> says so.</summary>
    public async Task WaitAsync(Batch batch, CancellationToken halt)
    {
        var turn = batch.Due > free ? batch.Due : free;
        while (turn - time.GetElapsedTime(started) is { } left && left > TimeSpan.Zero && !halt.IsCancellationRequested)
            await Delay.For(left, time, halt);

        if (rate is not { } rows) return;
        // A cap, not an average: what a stall lost is not caught up.
        var now = time.GetElapsedTime(started);
        free = (now > free ? now : free) + TimeSpan.FromSeconds(batch.Spans.Count / rows);
    }
}
