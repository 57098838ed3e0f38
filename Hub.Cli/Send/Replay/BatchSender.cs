using Hub.Cli.Send.Otlp;

namespace Hub.Cli.Send.Replay;

/// <summary>Sends one batch until its rows have an outcome.</summary>
internal sealed class BatchSender(ExportClient client, ReplayOptions options, Tally tally, TimeProvider time, Action<string> endReplay)
{
    /// <param name="spans">The rows of one request.</param>
    /// <param name="halt">No further attempt is made; one in flight is waited for.</param>
    /// <param name="abandon">One in flight is not waited for either.</param>
    public async Task SendAsync(IReadOnlyList<OtlpSpan> spans, CancellationToken halt, CancellationToken abandon)
    {
        var export = OtlpExport.Of(spans, options.Format);
        var started = time.GetTimestamp();
        var maybeStored = false;
        for (var attempt = 1; ; attempt++)
        {
            switch (await client.SendAsync(export, abandon))
            {
                case Attempt.Answered answer:
                    tally.Answered(time.GetElapsedTime(started), answer.Rejected == 0 && answer.Message.Length > 0 ? answer.Message : null);
                    await SettleAsync(spans, answer, halt, abandon);
                    return;

                case Attempt.Final final:
                    tally.Lose(spans, maybeStored || final.MaybeStored ? Outcome.Unknown : Outcome.Refused, final.Reason);
                    if (final.EndsReplay) endReplay(final.Reason);
                    return;

                case Attempt.Failed failure:
                    maybeStored |= failure.MaybeStored;
                    if (await WaitAsync(RetryPolicy.Wait(attempt, failure.RetryAfter, Random.Shared.NextDouble()), started, halt))
                    {
                        tally.Retry(failure.Reason);
                        break;
                    }

                    tally.Lose(spans, maybeStored ? Outcome.Unknown : Outcome.Unsent, failure.Reason);
                    if (!halt.IsCancellationRequested)
                        endReplay($"no acknowledgement for {options.GiveUpAfter.TotalSeconds:0.#} s; the last answer: {failure.Reason}");
                    return;
            }
        }
    }

    /// <summary>
    /// A partial success says how many spans were rejected, not which. As a row sent twice is stored once, each half is sent again until the
    /// response applies to every row in it.
    /// </summary>
    private async Task SettleAsync(IReadOnlyList<OtlpSpan> spans, Attempt.Answered answer, CancellationToken halt, CancellationToken abandon)
    {
        if (answer.Rejected == 0)
        {
            tally.Acknowledge(spans);
        }
        else if (answer.Rejected >= spans.Count)
        {
            tally.Lose(spans, Outcome.Refused, answer.Message.Length > 0 ? answer.Message : "rejected without a reason");
        }
        else if (halt.IsCancellationRequested)
        {
            tally.Lose(spans, Outcome.Unknown, $"stopped before it was known which rows were rejected: {answer.Message}");
        }
        else
        {
            var half = spans.Count / 2;
            await SendAsync([.. spans.Take(half)], halt, abandon);
            await SendAsync([.. spans.Skip(half)], halt, abandon);
        }
    }

    /// <summary>Waits before the next attempt. False: there is none, as the replay ends or nothing was acknowledged for too long.</summary>
    private async Task<bool> WaitAsync(TimeSpan wait, long started, CancellationToken halt)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            // Looked up again each time: what another request achieves moves it.
            var timeout = options.GiveUpAfter - time.GetElapsedTime(Math.Max(started, tally.LastAcknowledgement));
            var left = wait - time.GetElapsedTime(began);
            if (halt.IsCancellationRequested || timeout <= TimeSpan.Zero) return false;
            if (left <= TimeSpan.Zero) return true;
            await Delay.For(left < timeout ? left : timeout, time, halt);
        }
    }
}
