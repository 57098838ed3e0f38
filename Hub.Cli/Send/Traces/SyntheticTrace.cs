using Hub.Cli.Send.Sampling;

namespace Hub.Cli.Send.Traces;

/// <summary>
/// Made-up calls for somebody without a trace: prompts and answers with the long tails of real ones, some bursts, some embeddings (which
/// generate nothing), over the day that ends at a given time.
/// </summary>
internal static class SyntheticTrace
{
    private const double EmbeddingShare = 0.06;
    private const double BurstShare = 0.3;
    private static readonly TimeSpan Length = TimeSpan.FromDays(1);

    /// <summary>Makes <paramref name="count"/> rows in order of time; the last lies at <paramref name="end"/>. The same seed gives the same
    /// calls.</summary>
    public static List<TraceRow> Make(int count, int seed, DateTime end)
    {
        var random = new StableRandom((ulong)(uint)seed, 0x7ace);
        var gaps = new double[count];
        for (var i = 1; i < count; i++)
            gaps[i] = random.Chance(BurstShare) ? 0.05 * random.Exponential() : random.Exponential();

        var scale = Length.TotalMilliseconds / Math.Max(gaps.Sum(), 1);
        var before = gaps.Sum();
        var rows = new List<TraceRow>(count);
        foreach (var gap in gaps)
        {
            before -= gap;
            // Whole milliseconds before the end: the gaps do not depend on when that is.
            var time = end - TimeSpan.FromMilliseconds(Math.Round(Math.Max(before, 0) * scale));
            var input = (int)Math.Clamp(random.LogNormal(1500, 1.1), 3, 200_000);
            var output = random.Chance(EmbeddingShare) ? 0 : (int)Math.Clamp(random.LogNormal(160, 1.0), 1, 16_000);
            rows.Add(new TraceRow(time, input, output));
        }

        return rows;
    }
}
