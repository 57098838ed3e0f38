using System.Globalization;
using Analytics.Backup.Repository;

namespace Analytics.Backup.Retention;

/// <summary>
/// Grandfather, father, son over pgBackRest's sets: a pure function, for neither pgBackRest nor anything around it can do this.
/// <para>
/// A <b>restorable set</b> is a full backup that is undamaged and not from the future, with all that builds on it: its differentials and
/// incrementals stay and go with it and are never counted or dropped alone. It belongs to the UTC day, ISO week and month in which it
/// <i>began</i>, which is what its label says. Of every period its newest such full stands for it.
/// </para>
/// <para>
/// A set holds <b>one place in one tier</b>: the newest 7 days that have a set take the daily places; of the newest weeks, those whose set
/// has no daily place take the 4 weekly places; of the newest months, those whose set has neither take the 12 monthly places. So a
/// repository with enough history holds, at the end of every day, exactly 7 + 4 + 12 = 23 different restorable sets, which reach back over
/// the last 7 days, the 4 weeks and the 12 months before. With less history every tier holds as many as there are.
/// </para>
/// <para>
/// Periods without a set are not counted: a place goes to the next older one that has a set. So time alone drops nothing; only a newer set
/// does. A missed week costs no history, a stopped schedule keeps what it has, and a clock that jumps back makes sets "from the future",
/// which are left alone. A second full on a day takes the day's place; the earlier one goes.
/// </para>
/// Beyond the tiers stay the newest full (also the only one), the last verified full, sets from the future, and damaged sets: as long as
/// they are younger than the oldest daily set, and at least a week from the day on which the damage was found.
/// </summary>
public static class GfsRetention
{
    private static readonly TimeSpan DamagedFor = TimeSpan.FromDays(7);

    /// <summary>Decides for every set.</summary>
    /// <param name="sets">All sets of the stanza, in any order.</param>
    /// <param name="now">The clock.</param>
    /// <param name="policy">How many of each tier.</param>
    public static RetentionPlan Plan(IReadOnlyCollection<BackupSet> sets, DateTimeOffset now, GfsPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(sets);
        ArgumentNullException.ThrowIfNull(policy);
        // Labels begin with the time, so their order is the order of the backups, whatever later happened to a clock.
        var fulls = sets.Where(set => set.Type == BackupType.Full).OrderByDescending(set => set.Label, StringComparer.Ordinal).ToList();
        var reasons = fulls.ToDictionary(full => full.Label, _ => new List<DecisionReason>());
        var latest = now + GfsPolicy.ClockTolerance;
        var present = fulls.Where(full => full.Start <= latest).ToList();
        var restorable = present.Where(full => !full.IsDamaged).ToList();

        Claim(restorable, policy.Daily, Reason.Daily, Day, reasons);
        Claim(restorable, policy.Weekly, Reason.Weekly, Week, reasons);
        Claim(restorable, policy.Monthly, Reason.Monthly, Month, reasons);
        var oldestDaily = restorable.LastOrDefault(full => reasons[full.Label].Any(because => because.Reason == Reason.Daily));

        foreach (var full in fulls.Where(full => full.Start > latest))
            reasons[full.Label].Add(new DecisionReason(Reason.FromTheFuture));
        if (present.Count > 0) reasons[present[0].Label].Add(new DecisionReason(Reason.NewestFull));
        if (restorable.FirstOrDefault(full => full.IsVerified) is { } verified) reasons[verified.Label].Add(new DecisionReason(Reason.LastVerifiedFull));
        // Without a single daily set nothing is known to be better than a damaged one.
        foreach (var full in present.Where(full => full.IsDamaged && (oldestDaily is null || string.CompareOrdinal(full.Label, oldestDaily.Label) > 0 || IsRecentlyDamaged(full, now))))
            reasons[full.Label].Add(new DecisionReason(Reason.Damaged));

        return new RetentionPlan([.. sets.OrderBy(set => set.Label, StringComparer.Ordinal).Select(set => Decide(set, reasons))], oldestDaily);
    }

    /// <summary>The set's UTC day: <c>2026-11-22</c>.</summary>
    public static string Day(BackupSet set) => set.Start.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The set's ISO week: <c>2026-W47</c>.</summary>
    public static string Week(BackupSet set) =>
        string.Create(CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(set.Start.UtcDateTime)}-W{ISOWeek.GetWeekOfYear(set.Start.UtcDateTime):00}");

    /// <summary>The set's month: <c>2026-11</c>.</summary>
    public static string Month(BackupSet set) => set.Start.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>Whether the damage was found so lately that somebody may still want to look, or to find that a cable was loose.</summary>
    private static bool IsRecentlyDamaged(BackupSet full, DateTimeOffset now) =>
        full.Annotations.TryGetValue(BackupSet.DamagedKey, out var since)
        && !(DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var found) && now - found > DamagedFor);

    /// <summary>Gives the tier's places to the newest set of each period, newest period first, passing over sets that hold one already.</summary>
    private static void Claim(
        List<BackupSet> newestFirst, int places, Reason tier, Func<BackupSet, string> period, Dictionary<string, List<DecisionReason>> reasons)
    {
        foreach (var full in newestFirst.DistinctBy(period).Where(full => reasons[full.Label].Count == 0).Take(places).ToList())
            reasons[full.Label].Add(new DecisionReason(tier, period(full)));
    }

    private static Decision Decide(BackupSet set, Dictionary<string, List<DecisionReason>> reasons)
    {
        if (set.Type == BackupType.Full)
        {
            var because = reasons[set.Label];
            return because.Count > 0 ? new Decision(set, true, because) : new Decision(set, false, [new DecisionReason(Reason.Surplus)]);
        }

        return reasons.TryGetValue(set.FullLabel, out var ofFull)
            ? new Decision(set, ofFull.Count > 0, [new DecisionReason(Reason.GoesWithFull, set.FullLabel)])
            : new Decision(set, false, [new DecisionReason(Reason.Orphan, set.FullLabel)]);
    }
}
