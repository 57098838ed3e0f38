using Analytics.Topology;
using Analytics.Topology.Monitoring;
using Hub.Drills.Faults;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>Which alerts a drill accounts for. The hour itself is <see cref="QuietHourTests"/>.</summary>
public sealed class DrilledTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly IReadOnlyList<AlertRule> Rules = AlertRules.For(Presets.Development);

    /// <summary>NoStandby waits a minute: another minute is for scrapes and a busy machine.</summary>
    [Theory]
    [InlineData("NoStandby", -1, false)]
    [InlineData("NoStandby", 30, true)]
    [InlineData("NoStandby", 60 + 119, true)]
    [InlineData("NoStandby", 60 + 121, false)]
    [InlineData("Deadlocks", 30, false)]
    public void An_alert_belongs_to_a_drill_that_names_it_while_it_runs_and_shortly_after(string alert, int seconds, bool explained) =>
        Assert.Equal(explained, IsExplained(alert, seconds, Drill("primary-alone", 0)));

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void An_alert_that_counts_wants_several_drills(int drills, bool explained) =>
        Assert.Equal(explained, IsExplained("FailoverFlapping", 600, [.. Enumerable.Range(0, drills).Select(number => Drill("primary-kill", number * 120))]));

    [Fact]
    public void An_alert_that_looks_back_an_hour_may_come_that_late() =>
        Assert.True(IsExplained("FailoverFlapping", 3600, Drill("primary-kill", 0), Drill("primary-crash", 120), Drill("switchover", 240)));

    /// <summary>A misspelt name would allow nothing, and one of severity info is never asked for.</summary>
    [Fact]
    public void What_drills_name_are_alerts_of_which_somebody_is_told() => Assert.Empty(FaultCatalog.All.SelectMany(fault => fault.Alerts.Concat(fault.AddsTo)).Distinct()
        .Except(Rules.Where(rule => rule.Severity > AlertSeverity.Info).Select(rule => rule.Name)));

    [Fact]
    public void No_drill_may_say_that_two_lead_or_that_one_copy_is_enough() =>
        Assert.DoesNotContain(FaultCatalog.All.SelectMany(fault => fault.Alerts.Concat(fault.AddsTo)), name => name is "SplitBrain" or "CommitsOnOneMember");

    private static bool IsExplained(string alert, int seconds, params Drilled[] drills) => !Drilled.Unexplained(
        [new AlertSpan(alert, new Dictionary<string, string>(), Noon.AddSeconds(seconds), Noon.AddSeconds(seconds + 30))], drills, Rules).Any();

    /// <summary>A drill of a minute.</summary>
    private static Drilled Drill(string fault, int seconds) => new(FaultCatalog.Find(fault), Noon.AddSeconds(seconds), Noon.AddSeconds(seconds + 60));
}
