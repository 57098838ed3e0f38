using Hub.Cli.Send.Otlp;

namespace Hub.Cli.Send.Replay;

/// <summary>The spans of one request.</summary>
/// <param name="Due">When to send it, from the start of the replay.</param>
internal sealed record Batch(IReadOnlyList<OtlpSpan> Spans, TimeSpan Due);

/// <summary>
/// Divides a trace into requests, by the rows alone: a batch ends when it is full or, where gaps are kept, a second after its first row, as
/// the exporters of the OpenTelemetry SDKs do.
/// </summary>
internal static class Batcher
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    /// <param name="spans">In the order in which they are sent.</param>
    /// <param name="size">Most spans in a batch.</param>
    /// <param name="speed">Divides the gaps; null: everything is due at once.</param>
    public static IEnumerable<Batch> Of(IEnumerable<OtlpSpan> spans, int size, double? speed)
    {
        var batch = new List<OtlpSpan>(Math.Min(size, 1024));
        DateTime? origin = null;
        TimeSpan first = default, last = default;
        foreach (var span in spans)
        {
            origin ??= span.Start;
            // Rows out of order are due at once; the replay does not go back.
            var due = speed is { } factor
                ? TimeSpan.FromTicks(Math.Max(last.Ticks, (long)((span.Start - origin.Value).Ticks / factor))) : default;
            if (batch.Count > 0 && (batch.Count == size || due - first > Linger))
            {
                yield return new Batch(batch, last);
                batch = new List<OtlpSpan>(Math.Min(size, 1024));
            }

            if (batch.Count == 0) first = due;
            last = due;
            batch.Add(span);
        }

        if (batch.Count > 0) yield return new Batch(batch, last);
    }
}
