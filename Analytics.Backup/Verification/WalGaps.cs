using Analytics.Backup.Repository;

namespace Analytics.Backup.Verification;

/// <summary>Finds the WAL that should be there and is not.</summary>
public static class WalGaps
{
    /// <summary>The first segment between two, both included, that no range holds; null when all are there.</summary>
    public static WalSegment? Missing(WalSegment from, WalSegment to, int databaseId, IEnumerable<WalRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        var own = Of(databaseId, ranges).Where(range => range.First.Timeline == from.Timeline).OrderBy(range => range.First.Number).ToList();
        var next = from.Number;
        while (next <= to.Number)
        {
            if (own.FirstOrDefault(range => range.First.Number <= next && next <= range.Last.Number) is not { } holding) return new WalSegment(from.Timeline, next);
            next = holding.Last.Number + 1;
        }

        return null;
    }

    /// <summary>
    /// Every gap after a set: on each timeline between its ranges, and between a timeline's end and the beginning of the next one. A segment
    /// that is on a later timeline is not missing on the earlier one: recovery changes over before it.
    /// </summary>
    public static IEnumerable<string> After(BackupSet set, RepositoryInfo info, IEnumerable<WalRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(ranges);
        var from = WalSegment.Parse(set.WalStart!);
        var timelines = Of(set.DatabaseId, ranges).Where(range => range.First.Timeline >= from.Timeline && range.Last.Number >= from.Number)
            .GroupBy(range => range.First.Timeline).OrderBy(group => group.Key).Select(group => group.OrderBy(range => range.First.Number).ToList()).ToList();
        if (timelines.Count == 0 || timelines[0][0].First.Timeline != from.Timeline || timelines[0][0].First.Number > from.Number)
        {
            yield return $"WAL {from} is missing: set {set.Label} cannot be recovered past its end";
        }

        for (var timeline = 0; timeline < timelines.Count; timeline++)
        {
            var own = timelines[timeline];
            // Segments of a timeline that was left behind lead nowhere once a later timeline has them.
            var leftAt = timeline + 1 < timelines.Count ? timelines[timeline + 1][0].First.Number : ulong.MaxValue;
            for (var i = 1; i < own.Count; i++)
            {
                if (own[i - 1].Last.Number + 1 < leftAt) yield return Gap(own[i - 1].Last, own[i].First);
            }

            if (timeline + 1 < timelines.Count && leftAt > own[^1].Last.Number + 1) yield return Gap(own[^1].Last, timelines[timeline + 1][0].First with { Timeline = own[0].First.Timeline });
        }
    }

    private static string Gap(WalSegment before, WalSegment after)
    {
        var (first, last) = (before with { Number = before.Number + 1 }, before with { Number = after.Number - 1 });
        return first == last
            ? $"WAL {first} is missing: no recovery from an earlier time can pass it"
            : $"WAL {first} to {last} ({last.Number - first.Number + 1} segments) is missing: no recovery from an earlier time can pass it";
    }

    private static IEnumerable<WalRange> Of(int databaseId, IEnumerable<WalRange> ranges) =>
        ranges.Where(range => range.ArchiveId.EndsWith($"-{databaseId}", StringComparison.Ordinal));
}
