using Hub.Drills.Ledgers;

namespace Hub.Drills.Runs;

/// <summary>What one way into the database went through.</summary>
public sealed record PathResult
{
    public required string Path { get; init; }
    public required int Written { get; init; }
    public required int Acknowledged { get; init; }
    public required int Refused { get; init; }
    public required int Unknown { get; init; }

    /// <summary>Why writes were not acknowledged, and how often.</summary>
    public required IReadOnlyDictionary<string, int> Reasons { get; init; }
    public required WriteGap Gap { get; init; }

    /// <summary>Of writes that were sent before the fault.</summary>
    public required Latency Before { get; init; }

    /// <summary>Of writes that were sent from the fault on until five seconds after the gap.</summary>
    public required Latency Recovery { get; init; }
    public required Verification Verification { get; init; }

    /// <summary>On how many members acknowledged writes were at that moment.</summary>
    public required Copies Copies { get; init; }
}

/// <summary>One run of one fault.</summary>
public sealed record DrillResult
{
    public required string Fault { get; init; }
    public required int Run { get; init; }

    /// <summary>Given again, every random choice is the same.</summary>
    public required int Seed { get; init; }
    public required DateTimeOffset Started { get; init; }
    public required string LeaderBefore { get; init; }
    public required string LeaderAfter { get; init; }

    /// <summary>From the fault until it was healed.</summary>
    public required TimeSpan Broken { get; init; }

    /// <summary>From then until every part was healthy again.</summary>
    public required TimeSpan UntilHealthy { get; init; }
    public required IReadOnlyList<PathResult> Paths { get; init; }

    /// <summary>Who acknowledged writes to a client of its own, on which timeline, and from when to when.</summary>
    public required IReadOnlyList<PrimaryEpoch> Epochs { get; init; }

    /// <summary>The most members that acknowledged writes at one moment. More than one is a split brain.</summary>
    public required int PrimariesAtOnce { get; init; }

    public int Lost => Paths.Sum(path => path.Verification.Lost.Count);

    public int Duplicated => Paths.Sum(path => path.Verification.Duplicated.Count);

    /// <summary>Acknowledged while only one member had it.</summary>
    public int OnOneMember => Paths.Sum(path => path.Copies.OnOne.Count);

    /// <summary>
    /// Nothing acknowledged is lost or was on one member only, nothing is there twice, nothing refused is there, and never two members
    /// acknowledged at once.
    /// </summary>
    public bool Holds => PrimariesAtOnce <= 1 && Paths.All(path => path.Verification.Holds && path.Copies.Holds);

    /// <summary>The run in a few lines, for a log.</summary>
    public string Describe() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{Fault} run {Run} (seed {Seed}): {LeaderBefore} → {LeaderAfter}, broken {Broken.TotalSeconds:0.0} s, "
        + $"healthy {UntilHealthy.TotalSeconds:0.0} s after; primaries at once {PrimariesAtOnce}\n")
        + string.Concat(Paths.Select(path => string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"  {path.Path}: gap {path.Gap.Length.TotalSeconds:0.00} s{(path.Gap.Ended ? "" : " (not over)")}, {path.Acknowledged} of "
            + $"{path.Written} acknowledged, "
            + $"{path.Refused} refused, {path.Unknown} unknown ({path.Verification.UnknownStored} of them stored), "
            + $"lost {path.Verification.Lost.Count}, duplicated {path.Verification.Duplicated.Count}, "
            + $"refused but stored {path.Verification.RefusedPresent.Count}, on one member {path.Copies.OnOne.Count}, "
            + $"proven on two {path.Copies.Proven} (not proven {path.Copies.Unproven}); "
            + $"p50/p99 before {path.Before.P50.TotalMilliseconds:0}/{path.Before.P99.TotalMilliseconds:0} ms, "
            + $"in recovery {path.Recovery.P50.TotalMilliseconds:0}/{path.Recovery.P99.TotalMilliseconds:0} ms\n")
            + string.Concat(path.Reasons.OrderByDescending(reason => reason.Value).Take(6)
                .Select(reason => $"    {reason.Value} × {reason.Key}\n"))));
}
