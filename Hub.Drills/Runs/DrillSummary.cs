using Hub.Drills.Ledgers;
using Hub.Drills.Load;

namespace Hub.Drills.Runs;

/// <summary>All runs of one fault on one path, in one line of the table. Times are write gaps.</summary>
public sealed record DrillSummary(string Fault, string Path, int Runs, TimeSpan Least, TimeSpan Median, TimeSpan Most, int Failed, int Lost,
    int OnOneMember, int Duplicated, int PrimariesAtOnce)
{
    /// <summary>Two lines for each fault, one for each path, in the order of their first runs.</summary>
    /// <param name="results">Any number of runs of any number of faults.</param>
    public static IReadOnlyList<DrillSummary> Of(IEnumerable<DrillResult> results) =>
    [
        .. from runs in results.GroupBy(result => result.Fault)
           from path in LoadGenerator.Paths
           let gaps = runs.SelectMany(run => run.Paths).Where(part => part.Path == path).ToList()
           where gaps.Count > 0
           let lengths = gaps.Select(part => part.Gap.Length).Order().ToList()
           select new DrillSummary(runs.Key, path, gaps.Count, lengths[0], Middle(lengths), lengths[^1],
               gaps.Sum(part => part.Refused + part.Unknown),
               gaps.Sum(part => part.Verification.Lost.Count), gaps.Sum(part => part.Copies.OnOne.Count),
               gaps.Sum(part => part.Verification.Duplicated.Count), runs.Max(run => run.PrimariesAtOnce)),
    ];

    private static TimeSpan Middle(List<TimeSpan> sorted) => (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
}
