using Analytics.Backup.Repository;
using Analytics.Backup.Retention;
using Spectre.Console;

namespace Analytics.Backup.Tests;

public class Retention
{
    private static readonly DateTimeOffset Now = Samples.Utc("2026-11-22T23:59:59Z");

    [Fact]
    public void Keeps_23_different_fulls_of_two_years_of_days()
    {
        var plan = Plan([.. Days(730).Select(day => Samples.Full(day))]);
        Assert.Equal(
            [
                "2025-11-30 monthly 2025-11", "2025-12-31 monthly 2025-12", "2026-01-31 monthly 2026-01", "2026-02-28 monthly 2026-02",
                "2026-03-31 monthly 2026-03", "2026-04-30 monthly 2026-04", "2026-05-31 monthly 2026-05", "2026-06-30 monthly 2026-06",
                "2026-07-31 monthly 2026-07", "2026-08-31 monthly 2026-08", "2026-09-30 monthly 2026-09", "2026-10-25 weekly 2026-W43",
                "2026-10-31 monthly 2026-10", "2026-11-01 weekly 2026-W44", "2026-11-08 weekly 2026-W45", "2026-11-15 weekly 2026-W46",
                "2026-11-16 daily 2026-11-16", "2026-11-17 daily 2026-11-17", "2026-11-18 daily 2026-11-18", "2026-11-19 daily 2026-11-19",
                "2026-11-20 daily 2026-11-20", "2026-11-21 daily 2026-11-21", "2026-11-22 daily 2026-11-22, newest full",
            ],
            Kept(plan));
        Assert.Equal(GfsPolicy.Default.Total, plan.RestorableSets);
        Assert.Equal("20261116-020000F", plan.ContinuousFrom?.Label);
        Assert.Equal(7, plan.FullsWithContinuousWal);
        Assert.Equal(730 - 23, plan.Expire.Count());
    }

    [Fact]
    public void Lets_differentials_stay_and_go_with_their_full()
    {
        var fulls = Days(30).Select(day => Samples.Full(day)).ToList();
        var diffs = fulls.SelectMany(full => new[] { 4, 10, 16, 22 }.Select(hours => Samples.Diff(full, full.Start.AddHours(hours)))).ToList();
        var plan = Plan([.. fulls, .. diffs]);
        var kept = plan.Kept.Select(set => set.Label).ToHashSet();
        Assert.All(plan.Decisions.Where(decision => decision.Set.Type == BackupType.Differential), decision =>
        {
            Assert.Equal(kept.Contains(decision.Set.FullLabel), decision.Keep);
            Assert.Equal([new DecisionReason(Reason.GoesWithFull, decision.Set.FullLabel)], decision.Reasons);
        });
        // What pgBackRest is told to expire are fulls: it drops what depends on them.
        Assert.All(plan.Expire, set => Assert.Equal(BackupType.Full, set.Type));
        Assert.Equal(4 * kept.Count(label => !label.Contains('_', StringComparison.Ordinal)), kept.Count(label => label.Contains('_', StringComparison.Ordinal)));
    }

    [Fact]
    public void Drops_differentials_whose_full_backup_is_gone()
    {
        var full = Samples.Full("2026-11-21T02:00:00Z");
        var orphan = Samples.Diff(Samples.Full("2026-11-20T02:00:00Z"), Samples.Utc("2026-11-20T06:00:00Z"));
        var plan = Plan([full, orphan]);
        Assert.Equal([orphan], plan.Expire);
        Assert.Equal(Reason.Orphan, plan.Decisions[0].Reasons[0].Reason);
    }

    [Fact]
    public void Takes_the_newest_full_of_a_day_and_drops_the_earlier_ones()
    {
        var plan = Plan([Samples.Full("2026-11-22T02:00:00Z"), Samples.Full("2026-11-22T03:00:00Z"), Samples.Full("2026-11-22T23:59:00Z")]);
        Assert.Equal(["20261122-235900F"], plan.Kept.Select(set => set.Label));
    }

    [Fact]
    public void Never_drops_the_last_verified_full_although_no_tier_needs_it()
    {
        // Eight fulls in one day after it: verification has failed since.
        var verified = Samples.Full("2026-11-22T00:00:00Z", verified: true);
        var plan = Plan([verified, .. Enumerable.Range(1, 8).Select(hour => Samples.Full(verified.Start.AddHours(hour)))]);
        Assert.Equal(["20261122-000000F", "20261122-080000F"], plan.Kept.Select(set => set.Label));
        Assert.Equal([new DecisionReason(Reason.LastVerifiedFull)], plan.Decisions[0].Reasons);
        Assert.Equal(1, plan.RestorableSets);
    }

    [Fact]
    public void Never_drops_the_only_full_even_if_damaged_or_old()
    {
        var plan = Plan([Samples.Full("2020-01-01T02:00:00Z", damaged: true)]);
        Assert.True(Assert.Single(plan.Decisions).Keep);
        // Nothing is known to be better, so no WAL may go either.
        Assert.Null(plan.FullsWithContinuousWal);
        Assert.Equal(0, plan.RestorableSets);
    }

    [Fact]
    public void Damaged_set_fills_no_tier_and_is_kept_for_a_while()
    {
        var bad = Samples.Full("2026-11-20T02:00:00Z", since: "2026-11-21T04:00:00Z");
        var days = Days(10).Where(day => day.Day != 20).Select(day => Samples.Full(day)).ToList();
        var plan = Plan([.. days, bad]);
        Assert.Equal(7, plan.Count(Reason.Daily));
        Assert.Equal([new DecisionReason(Reason.Damaged)], plan.Decisions.Single(decision => decision.Set == bad).Reasons);
        // The place went to the day before the window.
        Assert.Equal("20261115-020000F", plan.ContinuousFrom?.Label);

        var old = Samples.Full("2026-03-31T02:00:00Z", since: "2026-11-21T04:00:00Z");
        Assert.True(Plan([.. days, old]).Decisions.Single(decision => decision.Set == old).Keep);
        Assert.False(GfsRetention.Plan([.. days, old], Now.AddDays(8), GfsPolicy.Default).Decisions.Single(decision => decision.Set == old).Keep);
    }

    [Fact]
    public void Neither_counts_nor_drops_sets_from_the_future()
    {
        var future = Samples.Full("2027-06-01T02:00:00Z");
        var plan = Plan([.. Days(10).Select(day => Samples.Full(day)), future]);
        Assert.Equal([new DecisionReason(Reason.FromTheFuture)], plan.Decisions.Single(decision => decision.Set == future).Reasons);
        Assert.Equal(7, plan.Count(Reason.Daily));
        Assert.Contains(Reason.NewestFull, plan.Decisions.Single(decision => decision.Set.Label == "20261122-020000F").Reasons.Select(because => because.Reason));
        // pgBackRest counts fulls from the newest label back: the one from the future is among them.
        Assert.Equal(8, plan.FullsWithContinuousWal);
    }

    [Fact]
    public void Drops_nothing_when_the_clock_jumps_back_or_stands_still()
    {
        BackupSet[] fulls = [.. Days(60).Select(day => Samples.Full(day))];
        Assert.Empty(GfsRetention.Plan(fulls, Samples.Utc("1970-01-01T00:00:00Z"), GfsPolicy.Default).Expire);
        // A second later by another host's clock is no future.
        Assert.Equal(Kept(Plan(fulls)), Kept(GfsRetention.Plan(fulls, Samples.Utc("2026-11-22T01:59:59Z"), GfsPolicy.Default)));
        // And when it jumps ahead: time alone drops nothing.
        Assert.Equal(Kept(Plan(fulls)), Kept(GfsRetention.Plan(fulls, Now.AddYears(40), GfsPolicy.Default)));
    }

    [Fact]
    public void Counts_days_that_have_a_set_so_a_gap_costs_nothing()
    {
        var plan = Plan([.. Days(100).Where(day => day.Month != 10).Select(day => Samples.Full(day)), Samples.Full("2025-01-05T02:00:00Z")]);
        Assert.Equal(7, plan.Count(Reason.Daily));
        Assert.Equal(4, plan.Count(Reason.Weekly));
        // The last set of September is the last of its week, too, and holds that place.
        Assert.Equal(["2025-01", "2026-08"], plan.Decisions.SelectMany(decision => decision.Reasons).Where(because => because.Reason == Reason.Monthly).Select(because => because.Of));
    }

    [Fact]
    public void Has_weeks_that_cross_a_year() =>
        Assert.Equal(["2026-W53", "2026-W53", "2027-W01"], new[] { "2026-12-31T02:00:00Z", "2027-01-03T02:00:00Z", "2027-01-04T02:00:00Z" }.Select(at => GfsRetention.Week(Samples.Full(at))));

    [Fact]
    public void Shows_a_table()
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });
        console.Profile.Width = 200;
        var plan = Plan([Samples.Full("2026-11-21T02:00:00Z", verified: true), Samples.Full("2026-11-22T01:00:00Z"), Samples.Full("2026-11-22T02:00:00Z", damaged: true)]);
        console.Write(RetentionTable.Render(plan));
        Assert.Contains("daily 2026-11-21, last verified full", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("damaged", text.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("2 of 7 daily, 0 of 4 weekly, 0 of 12 monthly sets; 0 to expire; any time since 2026-11-21 02:10 UTC", RetentionTable.Summary(plan, GfsPolicy.Default), StringComparison.Ordinal);
    }

    private static IEnumerable<DateTimeOffset> Days(int count) => Enumerable.Range(0, count).Select(day => Samples.Utc("2026-11-22T02:00:00Z").AddDays(-day));

    private static RetentionPlan Plan(IReadOnlyCollection<BackupSet> sets) => GfsRetention.Plan(sets, Now, GfsPolicy.Default);

    private static IEnumerable<string> Kept(RetentionPlan plan) =>
        plan.Decisions.Where(decision => decision.Keep).Select(decision => $"{GfsRetention.Day(decision.Set)} {string.Join(", ", decision.Reasons.Select(RetentionTable.Words))}");
}
