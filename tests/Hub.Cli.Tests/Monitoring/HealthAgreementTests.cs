using Analytics.Topology;
using Analytics.Topology.Monitoring;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>The comparison finds what it is for. The faults themselves are made in <see cref="AlertFaultTests"/>.</summary>
public sealed class HealthAgreementTests
{
    [Theory]
    [InlineData("connections", "ok", "", true)]
    [InlineData("connections", "warning", "DatabaseExporterDown", true)]
    [InlineData("connections", "ok", "ConnectionsHigh", false)]
    [InlineData("connections", "warning", "ConnectionsHigh", true)]
    [InlineData("connections", "warning", "", false)]
    [InlineData("connections", "warning", "ConnectionsHigh ConnectionsExhausted", false)]
    [InlineData("connections", "critical", "ConnectionsHigh ConnectionsExhausted", false)]
    [InlineData("connections", "critical", "ConnectionsHigh ConnectionsExhausted HealthCheckCritical", true)]
    [InlineData("schema_version", "critical", "", false)]
    [InlineData("schema_version", "ok", "HealthCheckCritical", false)]
    public void A_check_and_alerts_that_say_different_things_are_found(string check, string status, string alerts, bool agrees) =>
        Assert.Equal(agrees, !HealthAgreement.Differences("timescaledb-1", primary: true, new Dictionary<string, string> { [check] = status },
            [.. alerts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => Alert(name, check, "timescaledb-1"))]).Any());

    [Fact]
    public void What_another_member_says_is_another_matter() => Assert.Empty(HealthAgreement.Differences("timescaledb-1", primary: false,
        new Dictionary<string, string> { ["server_role"] = "ok" }, [Alert("ReplicationLag", "server_role", "timescaledb-2")]));

    [Fact]
    public void Unknown_check_is_reported() => Assert.Contains("Check new is new",
        Assert.Throws<InvalidOperationException>(() => HealthAgreement.Differences("timescaledb-1", primary: true, new Dictionary<string, string> { ["new"] = "ok" }, [])).Message, StringComparison.Ordinal);

    [Fact]
    public void The_alerts_exist() => Assert.Empty(HealthAgreement.Alerts.Values.SelectMany(names => names.NotOk.Concat(names.Critical)).Append(HealthAgreement.Critical)
        .Except(AlertRules.For(Presets.Recommended).Select(rule => rule.Name)));

    private static FiringAlert Alert(string name, string check, string member) =>
        new(name, new Dictionary<string, string> { ["alertname"] = name, ["check_name"] = check, ["member"] = member }, new Dictionary<string, string>());
}
