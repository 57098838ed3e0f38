namespace Hub.Shared;

/// <summary>
/// The boundaries of ingest's histograms of time, in seconds. Ingest counts by them; an objective of the topology names one.
/// </summary>
internal static class LatencyBuckets
{
    /// <summary>From the first byte to the answer, and from the queue to the commit.</summary>
    public static readonly double[] Requests = [.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30];

    /// <summary>From connection to commit of one batch.</summary>
    public static readonly double[] Commits = [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];

    /// <summary>The boundaries that an objective may name: what a sender notices, and what it still waits for.</summary>
    public static IEnumerable<double> Objectives => Requests.Where(seconds => seconds is >= 0.1 and <= 10);
}
