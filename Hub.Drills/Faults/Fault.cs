using Hub.Operations.Clusters;

namespace Hub.Drills.Faults;

/// <summary>Something that can happen to a cluster, and its end.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="StrikeAsync">Breaks it. Calls <see cref="FaultContext.Strike"/> right before the first harm, and notes the repair before each.</param>
public sealed record Fault(string Name, string Summary, Func<FaultContext, CancellationToken, Task> StrikeAsync)
{
    /// <summary>How long it stays broken at the least. Default 10 s.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Writes cannot go on while it lasts: it is healed after <see cref="Hold"/>, and the gap is that long by design.</summary>
    public bool StopsWrites { get; init; }

    /// <summary>Whether one of several faults in a row may be this one: it breaks one thing and leaves.</summary>
    public bool Combines { get; init; } = true;

    /// <summary>Alerts of severity warning or critical that it may raise: what they tell is so, and lasts that long. No other may fire. Default none.</summary>
    public IReadOnlyList<string> Alerts { get; init; } = [];

    /// <summary>Alerts that count: one such fault or two raise none of them, three within the alert's window may. Default none.</summary>
    public IReadOnlyList<string> AddsTo { get; init; } = [];

    /// <summary>Why it cannot be made here; null where it can.</summary>
    public Func<RunningCluster, CancellationToken, Task<string?>> ImpossibleAsync { get; init; } = (_, _) => Task.FromResult<string?>(null);
}
