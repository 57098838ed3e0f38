using Analytics.Backup.Repository;
using Analytics.Backup.Retention;
using CsCheck;

namespace Analytics.Backup.Tests;

/// <summary>What holds for every repository, whatever its history.</summary>
public class Every_retention_plan
{
    private static readonly DateTimeOffset Now = Samples.Utc("2026-11-22T12:00:00Z");

    private static readonly Gen<GfsPolicy> Policies = Gen.Select(Gen.Int[1, 8], Gen.Int[0, 5], Gen.Int[0, 13], (daily, weekly, monthly) => new GfsPolicy(daily, weekly, monthly));

    /// <summary>Up to 80 fulls within three years before and a month after now, dense and sparse, some damaged, verified or with differentials.</summary>
    private static readonly Gen<List<BackupSet>> Repositories =
        Gen.Select(
            Gen.Int[1, 1600], Gen.Int[-700, 26000].List[0, 80], Gen.Int.List[80], Gen.Bool,
            (scale, hours, dice, mayBeDamaged) => hours.Select(hour => Now.AddHours(hour < 0 ? -hour : -(hour * (long)scale / 1600))).Distinct().SelectMany((start, i) =>
            {
                var full = Samples.Full(start, verified: dice[i] % 5 == 0, damaged: mayBeDamaged && dice[i] % 7 == 0, since: mayBeDamaged && dice[i] % 11 == 0 ? "2026-11-20T00:00:00Z" : null);
                return Enumerable.Range(0, Math.Abs(dice[i] % 3)).Select(n => Samples.Diff(full, start.AddHours(6 * (n + 1)))).Prepend(full);
            }).DistinctBy(set => set.Label).ToList());

    [Fact]
    public void Keeps_and_counts_as_it_says() => Gen.Select(Repositories, Policies).Sample((sets, policy) =>
    {
        var plan = GfsRetention.Plan(sets, Now, policy);
        var kept = plan.Kept.Select(set => set.Label).ToHashSet();
        var fulls = sets.Where(set => set.Type == BackupType.Full && set.Start <= Now + GfsPolicy.ClockTolerance).OrderBy(set => set.Label, StringComparer.Ordinal).ToList();
        var good = fulls.Where(full => !full.IsDamaged).ToList();

        // Every set is decided once, with a reason, in order.
        Assert.Equal(sets.Select(set => set.Label).Order(StringComparer.Ordinal), plan.Decisions.Select(decision => decision.Set.Label));
        Assert.All(plan.Decisions, decision => Assert.NotEmpty(decision.Reasons));
        // Whatever is kept can be restored: with its full.
        Assert.All(plan.Kept, set => Assert.Contains(set.FullLabel, kept));
        // The newest, the last verified, and what is from the future.
        if (fulls.Count > 0) Assert.Contains(fulls[^1].Label, kept);
        if (good.LastOrDefault(full => full.IsVerified) is { } verified) Assert.Contains(verified.Label, kept);
        Assert.All(sets.Where(set => set.Start > Now + GfsPolicy.ClockTolerance && set.Type == BackupType.Full), set => Assert.Contains(set.Label, kept));
        // No tier has more places than it may, none less than there are periods for, and no set has two.
        Assert.Equal(Math.Min(policy.Daily, good.Select(GfsRetention.Day).Distinct().Count()), plan.Count(Reason.Daily));
        Assert.InRange(plan.Count(Reason.Weekly), 0, policy.Weekly);
        Assert.InRange(plan.Count(Reason.Monthly), 0, policy.Monthly);
        Assert.All(plan.Decisions, decision => Assert.InRange(decision.Reasons.Count(because => because.Reason is Reason.Daily or Reason.Weekly or Reason.Monthly), 0, 1));
        // A place is held by a set that can be restored, the newest of its period.
        foreach (var (set, _, because) in plan.Decisions)
        {
            foreach (var (reason, of) in because.Where(because => because.Reason is Reason.Daily or Reason.Weekly or Reason.Monthly))
            {
                Func<BackupSet, string> period = reason switch { Reason.Daily => GfsRetention.Day, Reason.Weekly => GfsRetention.Week, _ => GfsRetention.Month };
                Assert.Equal(good.Last(full => period(full) == of).Label, set.Label);
            }
        }

        // WAL: the fulls that are counted are exactly those from the oldest daily one on.
        if (plan.ContinuousFrom is { } from)
            Assert.Equal(plan.Kept.Where(set => set.Type == BackupType.Full).OrderByDescending(set => set.Label, StringComparer.Ordinal).ElementAt(plan.FullsWithContinuousWal!.Value - 1).Label, from.Label);
        else
            Assert.Empty(good);
    });

    [Fact]
    public void Is_the_same_for_any_order() => Gen.Select(Repositories, Policies).Sample((sets, policy) =>
        Assert.Equal(Words(GfsRetention.Plan(sets, Now, policy)), Words(GfsRetention.Plan([.. Enumerable.Reverse(sets)], Now, policy))));

    [Fact]
    public void Has_nothing_left_to_do_when_it_was_done() => Gen.Select(Repositories, Policies).Sample((sets, policy) =>
    {
        var plan = GfsRetention.Plan(sets, Now, policy);
        var again = GfsRetention.Plan([.. plan.Kept], Now, policy);
        Assert.Empty(again.Expire);
        Assert.Equal(plan.ContinuousFrom, again.ContinuousFrom);
    });

    [Fact]
    public void Finds_what_earlier_ones_kept_for_it() => Gen.Select(Repositories, Policies).Sample((sets, policy) =>
    {
        // Retention after every full must end where retention over the whole history would: nothing that a later plan wants was dropped.
        var undamaged = sets.Where(set => !set.IsDamaged && set.Type == BackupType.Full && set.Start <= Now).OrderBy(set => set.Label, StringComparer.Ordinal).ToList();
        var left = new List<BackupSet>();
        BackupSet? from = null;
        foreach (var full in undamaged)
        {
            left.Add(full);
            var plan = GfsRetention.Plan(left, full.Stop, policy);
            left = [.. plan.Kept];
            // The WAL of the daily window is never needed from further back than it was kept.
            Assert.True(from is null || string.CompareOrdinal(plan.ContinuousFrom!.Label, from.Label) >= 0);
            from = plan.ContinuousFrom;
        }

        Assert.Equal(Tiers(GfsRetention.Plan(undamaged, Now, policy)), Tiers(GfsRetention.Plan(left, Now, policy)));
    });

    [Fact]
    public void Drops_nothing_by_time_alone() => Gen.Select(Repositories, Policies, Gen.Int[0, 100000]).Sample((sets, policy, hours) =>
    {
        // But for damaged sets, whose week may be over, and those whose future has come.
        var plain = sets.Where(set => !set.IsDamaged && set.Start <= Now).ToList();
        Assert.Equal(Words(GfsRetention.Plan(plain, Now, policy)), Words(GfsRetention.Plan(plain, Now.AddHours(hours), policy)));
        Assert.Empty(GfsRetention.Plan(sets, Now.AddYears(-20), policy).Expire);
    });

    private static List<string> Words(RetentionPlan plan) =>
        [.. plan.Decisions.Select(decision => $"{decision.Set.Label} {decision.Keep} {string.Join(", ", decision.Reasons.Select(RetentionTable.Words))}")];

    private static List<string> Tiers(RetentionPlan plan) =>
        [.. plan.Decisions.SelectMany(decision => decision.Reasons.Where(because => because.Reason is Reason.Daily or Reason.Weekly or Reason.Monthly).Select(because => $"{decision.Set.Label} {because.Reason} {because.Of}"))];
}
