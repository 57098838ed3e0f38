namespace Hub.Drills.Ledgers;

/// <summary>How far a member's WAL was safe on its own disk at some moment between two of the ledger's.</summary>
/// <param name="Member">Who.</param>
/// <param name="Started">When it was asked.</param>
/// <param name="Ended">When its answer was there.</param>
/// <param name="Timeline">Of what it writes, or receives.</param>
/// <param name="Leads">Whether it takes writes.</param>
/// <param name="Flushed">Up to where its disk has the WAL.</param>
/// <param name="Inserted">Up to where it has written WAL at all; a standby: as <paramref name="Flushed"/>.</param>
/// <param name="Alone">It takes writes and waits for nobody: no synchronous standby is named.</param>
/// <param name="First">The first answer of a session: while that was made, a silent member may have been well. One that was gone lets none be made.</param>
public readonly record struct MemberSample(string Member, TimeSpan Started, TimeSpan Ended, long Timeline, bool Leads, long Flushed, long Inserted, bool Alone, bool First = false);

/// <summary>On how many members acknowledged writes were when they were acknowledged, as far as samples of all members can tell.</summary>
/// <param name="Proven">A standby is seen, right after the acknowledgement, to have flushed all that the leader had flushed by then.</param>
/// <param name="Unproven">Neither that nor its contrary is seen: a member went at that moment, or had no time to answer.</param>
/// <param name="OnOne">
/// Acknowledged and certainly on one member only: after the acknowledgement no standby had more than the leader had before the write was sent, or
/// the leader waited for nobody.
/// </param>
public sealed record Copies(int Proven, int Unproven, IReadOnlyList<Guid> OnOne)
{
    /// <summary>The time around an acknowledgement in which a member that runs answers at least once, also on a busy machine.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    /// <summary>A ledger that sees almost nothing proves nothing.</summary>
    private const double LeastProven = 0.8;

    public bool Holds => OnOne.Count == 0 && Proven >= LeastProven * (Proven + Unproven);

    /// <param name="entries">The ledger of one path.</param>
    /// <param name="samples">Of every member.</param>
    public static Copies Of(IEnumerable<LedgerEntry> entries, IEnumerable<MemberSample> samples)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(samples);
        var all = samples.ToList();
        var leaders = new Row(all.Where(sample => sample.Leads));
        var members = all.GroupBy(sample => sample.Member).Select(member => (member.Key, Row: new Row(member))).ToList();
        var (proven, unproven, single) = (0, 0, new List<Guid>());
        foreach (var entry in entries.Where(entry => entry.Answer == Answer.Acknowledged))
        {
            var (sent, before, after) = (leaders.LastBefore(entry.Started), leaders.LastBefore(entry.Ended), leaders.FirstAfter(entry.Ended));
            var others = members.Where(member => member.Key != (before ?? after)?.Member).Select(member => member.Row).ToList();
            if (before is { Alone: true } && after is { Alone: true } || sent is { } least && others.All(other => Lacks(other, entry, least)))
                single.Add(entry.Id);
            else if (after is { } most && most.Ended <= entry.Ended + Window && others.Any(other => Has(other, entry, most)))
                proven++;
            else
                unproven++;
        }

        return new Copies(proven, unproven, single);
    }

    /// <summary>The standby has, soon after the acknowledgement, all that the leader had flushed then.</summary>
    private static bool Has(Row standby, LedgerEntry entry, MemberSample most) =>
        standby.Between(entry.Started, entry.Ended + Window).Any(sample => !sample.Leads && sample.Timeline == most.Timeline && sample.Flushed >= most.Flushed);

    /// <summary>The standby does not have the write: after the acknowledgement it had nothing newer than from before it was sent, or it had long been gone.</summary>
    private static bool Lacks(Row standby, LedgerEntry entry, MemberSample least) => standby.FirstAfter(entry.Ended) is { } next && next.Ended <= entry.Ended + Window
        ? !next.Leads && next.Timeline == least.Timeline && next.Flushed <= least.Inserted
        : !standby.Between(entry.Started - Window, entry.Ended + Window).Any() && !standby.IsMet(entry.Started - Window, entry.Ended + Window);

    /// <summary>Samples in the order of time. Those of one member do not overlap; those of leaders hardly ever do.</summary>
    private sealed class Row(IEnumerable<MemberSample> samples)
    {
        private readonly MemberSample[] sorted = [.. samples.OrderBy(sample => sample.Started)];

        /// <summary>The last one that was answered by then.</summary>
        public MemberSample? LastBefore(TimeSpan moment)
        {
            var index = First(moment) - 1;
            while (index >= 0 && sorted[index].Ended > moment)
                index--;
            return index >= 0 ? sorted[index] : null;
        }

        /// <summary>The first one that was asked for from then on.</summary>
        public MemberSample? FirstAfter(TimeSpan moment) => First(moment) is var index && index < sorted.Length ? sorted[index] : null;

        /// <summary>Those that lie within.</summary>
        public IEnumerable<MemberSample> Between(TimeSpan from, TimeSpan to)
        {
            for (var index = First(from); index < sorted.Length && sorted[index].Started <= to; index++)
            {
                if (sorted[index].Ended <= to)
                    yield return sorted[index];
            }
        }

        /// <summary>Whether a session was being made in that time, and came about.</summary>
        public bool IsMet(TimeSpan from, TimeSpan to) => sorted.Any(sample => sample.First && sample.Started <= to && sample.Ended >= from);

        private int First(TimeSpan moment)
        {
            var (low, high) = (0, sorted.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (sorted[middle].Started < moment)
                    low = middle + 1;
                else
                    high = middle;
            }

            return low;
        }
    }
}
