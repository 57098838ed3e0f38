using System.Globalization;
using Analytics.Backup.Repository;
using Analytics.Backup.Retention;
using Analytics.Topology;

namespace Analytics.Backup.Tests;

/// <summary>
/// Hub's own schedules, by the hour: full with retention after it, differential, verification. The first fourteen months fill the tiers, the
/// year after them is looked at.
/// </summary>
public class A_year_of_schedules
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 4, 4)]
    [InlineData(2, 15, 15)]
    [InlineData(3, 0, 30)]
    [InlineData(4, 30, 0)]
    public void Leaves_exactly_7_daily_4_weekly_and_12_monthly_sets_at_every_days_end(int seed, int missedPercent, int doubledPercent)
    {
        var run = new Simulation(new Random(seed), missedPercent, doubledPercent);
        var begin = Samples.Utc("2025-09-15T00:00:00Z");
        run.Advance(begin, begin.AddDays(426));
        var days = 0;
        for (var day = begin.AddDays(426); day < begin.AddDays(426 + 365); day = day.AddDays(1), days++)
        {
            run.Advance(day, day.AddDays(1));
            var plan = GfsRetention.Plan(run.Sets, day.AddDays(1).AddSeconds(-1), GfsPolicy.Default);
            Assert.Equal((7, 4, 12), (plan.Count(Reason.Daily), plan.Count(Reason.Weekly), plan.Count(Reason.Monthly)));
            // Nothing else is restorable: 23 fulls and what builds on them, or one more while no newer one has been verified.
            var fulls = run.Sets.Count(set => set.Type == BackupType.Full);
            Assert.True(fulls == 23 || (fulls == 24 && plan.Decisions.Any(decision => decision.Reasons is [{ Reason: Reason.LastVerifiedFull }])), $"{day:d}: {fulls} fulls");
            Assert.Empty(plan.Expire);
            Assert.All(run.Sets, set => Assert.Contains(run.Sets, full => full.Label == set.FullLabel));
            // No WAL of the daily window, and none that makes a set consistent, was ever dropped.
            Assert.True(run.WalDroppedBefore <= plan.ContinuousFrom!.Start, $"{day:d}");
            Assert.All(run.Sets, set => Assert.DoesNotContain(set.Label, run.LostTheirWal));
        }

        Assert.Equal(365, days);
        Assert.Equal(missedPercent > 0, run.Missed > 0);
        Assert.Equal(doubledPercent > 0, run.Doubled > 0);
    }

    private sealed class Simulation(Random dice, int missedPercent, int doubledPercent)
    {
        private static readonly BackupPolicy Policy = new();
        private readonly HashSet<int> fulls = Hours(Policy.FullSchedule), diffs = Hours(Policy.DifferentialSchedule), verifications = Hours(Policy.VerifySchedule);

        public List<BackupSet> Sets { get; private set; } = [];

        public DateTimeOffset WalDroppedBefore { get; private set; }

        public HashSet<string> LostTheirWal { get; } = [];

        public int Missed { get; private set; }

        public int Doubled { get; private set; }

        public void Advance(DateTimeOffset from, DateTimeOffset to)
        {
            for (var hour = from; hour < to; hour = hour.AddHours(1))
            {
                if (fulls.Contains(hour.Hour)) Runs(() => Full(hour), at => Full(hour.AddMinutes(at)));
                if (diffs.Contains(hour.Hour)) Runs(() => Diff(hour), at => Diff(hour.AddMinutes(at)));
                if (verifications.Contains(hour.Hour)) Runs(Verify, _ => Verify());
            }
        }

        /// <summary>Of a schedule at certain hours of every day: <c>0 8,14,20 * * *</c>.</summary>
        private static HashSet<int> Hours(string cron)
        {
            Assert.Matches(@"^0 [\d,]+ \* \* \*$", cron);
            return [.. cron.Split(' ')[1].Split(',').Select(hour => int.Parse(hour, CultureInfo.InvariantCulture))];
        }

        private void Runs(Action run, Action<int> again)
        {
            if (dice.Next(100) < missedPercent)
            {
                Missed++;
                return;
            }

            run();
            if (dice.Next(100) >= doubledPercent) return;
            Doubled++;
            again(30);
        }

        private void Full(DateTimeOffset at)
        {
            Sets.Add(Samples.Full(at));
            var plan = GfsRetention.Plan(Sets, at.AddMinutes(15), GfsPolicy.Default);
            Sets = [.. plan.Kept];
            // As pgBackRest does it: WAL before the N-th newest full goes, but for the ranges of the sets that are there then.
            if (plan.FullsWithContinuousWal is not { } fulls) return;
            var kept = Sets.Where(set => set.Type == BackupType.Full).OrderByDescending(set => set.Label, StringComparer.Ordinal).ElementAt(fulls - 1);
            if (kept.Start > WalDroppedBefore) WalDroppedBefore = kept.Start;
            LostTheirWal.RemoveWhere(label => Sets.All(set => set.Label != label));
        }

        private void Diff(DateTimeOffset at)
        {
            if (Sets.LastOrDefault(set => set.Type == BackupType.Full) is not { } full) return;
            var diff = Samples.Diff(full, at);
            // A set whose WAL was dropped before it was taken could never be restored.
            if (diff.Start < WalDroppedBefore) LostTheirWal.Add(diff.Label);
            Sets.Add(diff);
        }

        private void Verify() => Sets = [.. Sets.Select(set => set with { Annotations = new Dictionary<string, string>(set.Annotations) { [BackupSet.VerifiedKey] = "2026-01-01T00:00:00Z" } })];
    }
}
