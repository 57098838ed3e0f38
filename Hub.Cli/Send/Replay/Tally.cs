using Hub.Cli.Send.Otlp;

namespace Hub.Cli.Send.Replay;

/// <summary>Counts what becomes of each row and tells the ledger and the progress. Safe for several threads.</summary>
internal sealed class Tally(int total, TimeProvider time, IProgress<ReplayProgress>? progress, IProgress<RowOutcome>? ledger)
{
    // A receiver whose messages all differ must not fill the memory.
    private const int MaxReasons = 50;
    private const string OtherReasons = "other reasons";

    private readonly Lock gate = new();
    private readonly long started = time.GetTimestamp();
    private readonly Dictionary<string, int> refused = [], unknown = [], retries = [];
    private readonly List<TimeSpan> latencies = [];
    private readonly List<string> warnings = [];
    private int acknowledged, refusedRows, unknownRows, unsentRows, retried, requests;
    private long inputTokens, outputTokens;
    private long lastAnswer = time.GetTimestamp();
    private string? trouble;

    /// <summary>When the receiver last acknowledged something, or the replay started (a timestamp of the clock).</summary>
    public long LastAcknowledgement => Volatile.Read(ref lastAnswer);

    public void Acknowledge(IReadOnlyList<OtlpSpan> spans)
    {
        lock (gate)
        {
            acknowledged += spans.Count;
            foreach (var span in spans)
            {
                inputTokens += span.InputTokens;
                outputTokens += span.OutputTokens;
                ledger?.Report(new RowOutcome(span, Outcome.Acknowledged, null));
            }

            trouble = null;
            progress?.Report(Snapshot());
        }
    }

    public void Lose(IReadOnlyList<OtlpSpan> spans, Outcome outcome, string reason)
    {
        lock (gate)
        {
            switch (outcome)
            {
                case Outcome.Refused:
                    refusedRows += spans.Count;
                    Count(refused, reason, spans.Count);
                    break;
                case Outcome.Unknown:
                    unknownRows += spans.Count;
                    Count(unknown, reason, spans.Count);
                    break;
                case Outcome.Unsent:
                    unsentRows += spans.Count;
                    break;
                default: throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "An acknowledged row is not lost.");
            }

            foreach (var span in spans) ledger?.Report(new RowOutcome(span, outcome, reason));
            trouble = reason;
            progress?.Report(Snapshot());
        }
    }

    /// <summary>A request was answered with 200 after this time.</summary>
    public void Answered(TimeSpan latency, string? warning)
    {
        Volatile.Write(ref lastAnswer, time.GetTimestamp());
        lock (gate)
        {
            requests++;
            latencies.Add(latency);
            if (warning is not null && warnings.Count < MaxReasons && !warnings.Contains(warning)) warnings.Add(warning);
        }
    }

    public void Retry(string reason)
    {
        lock (gate)
        {
            retried++;
            Count(retries, reason, 1);
            trouble = reason;
            progress?.Report(Snapshot());
        }
    }

    public ReplayResult Result(bool stopped, string? endedBy)
    {
        lock (gate)
        {
            return new ReplayResult
            {
                Total = total,
                Acknowledged = acknowledged,
                // Rows that were never read from the trace were not sent either.
                Unsent = total - acknowledged - refusedRows - unknownRows,
                Refused = refused,
                Unknown = unknown,
                Retries = retries,
                Warnings = warnings,
                Requests = requests,
                InputTokens = inputTokens,
                OutputTokens = outputTokens,
                Duration = time.GetElapsedTime(started),
                Latency = Latencies.Of(latencies),
                Stopped = stopped,
                EndedBy = endedBy,
            };
        }
    }

    private ReplayProgress Snapshot() =>
        new(total, acknowledged, refusedRows, unknownRows, unsentRows, retried, time.GetElapsedTime(started), trouble);

    private static void Count(Dictionary<string, int> reasons, string reason, int by)
    {
        if (reasons.Count >= MaxReasons && !reasons.ContainsKey(reason)) reason = OtherReasons;
        reasons[reason] = reasons.GetValueOrDefault(reason) + by;
    }
}
