namespace Hub.Drills.Ledgers;

/// <summary>A write that one member, asked directly and not through the gateway, acknowledged.</summary>
/// <param name="Member">Who.</param>
/// <param name="Timeline">The timeline that it wrote to: a promotion begins a new one.</param>
/// <param name="Started">Right before the server was given it, on its machine.</param>
/// <param name="Ended">When its acknowledgement arrived.</param>
public readonly record struct MemberWrite(string Member, long Timeline, TimeSpan Started, TimeSpan Ended);

/// <summary>The time for which a member certainly acknowledged writes on a timeline: from its first acknowledgement to the start of its
/// last write.</summary>
public sealed record PrimaryEpoch(string Member, long Timeline, TimeSpan From, TimeSpan To)
{
    /// <summary>One for each member and timeline that acknowledged, in the order of time.</summary>
    public static IReadOnlyList<PrimaryEpoch> Of(IEnumerable<MemberWrite> writes) =>
    [
        .. writes.GroupBy(write => (write.Member, write.Timeline))
            .Select(group => new PrimaryEpoch(group.Key.Member, group.Key.Timeline, group.Min(write => write.Ended),
                group.Max(write => write.Started)))
            .OrderBy(epoch => epoch.From),
    ];

    /// <summary>
    /// The most members that acknowledged writes at one moment. A member counts from its first acknowledgement on a timeline until the
    /// start of its last write there, pauses included: one that is frozen, superseded, thawed and then acknowledges once more counts
    /// throughout.
    /// </summary>
    public static int MostAtOnce(IReadOnlyList<PrimaryEpoch> epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);

        // The most are reached where one begins. One whose only write began before it was acknowledged has no certain time but that moment.
        return epochs.Select(at => epochs.Where(other => other == at || (other.From <= at.From && at.From <= other.To))
            .Select(other => other.Member).Distinct().Count())
            .DefaultIfEmpty(0).Max();
    }
}
