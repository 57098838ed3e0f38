using AppHost.Startup;

namespace AppHost.Tests;

public class The_report_of_a_start
{
    private static readonly ContainerResource Resource = new("haproxy");

    [Theory]
    [InlineData("Running", null, null)]
    [InlineData("Finished", 0, null)]
    [InlineData("Exited", null, null)]
    [InlineData("Exited", 137, "ended with exit code 137")]
    [InlineData("Finished", 1, "ended with exit code 1")]
    [InlineData("FailedToStart", null, "did not start")]
    public void Calls_a_resource_failed_that_ended_badly_or_did_not_start(string state, int? exitCode, string? failure) =>
        Assert.Equal(failure, StartReport.Failure(Snapshot(state) with { ExitCode = exitCode }));

    [Theory]
    [InlineData("Running", false, null)]
    [InlineData("Running", true, "at work")]
    [InlineData("Waiting", false, "waiting")]
    [InlineData("Finished", true, null)]
    [InlineData("Finished", false, "ended")]
    [InlineData("Exited", false, "ended")]
    public void Waits_for_what_does_not_run_and_was_not_to_end(string state, bool endsByItself, string? reason) =>
        Assert.Equal(reason, StartReport.Waiting(Resource, Snapshot(state), endsByItself));

    [Fact]
    public void Waits_for_a_resource_of_which_nothing_is_known_yet() =>
    Assert.Equal("not started", StartReport.Waiting(Resource, snapshot: null, endsByItself: false));

    [Theory]
    [InlineData("http://localhost:15000", "http://localhost:25000")]
    [InlineData("https://localhost:17000;http://localhost:15000", "https://localhost:27000;http://localhost:25000")]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0")]
    public void Is_on_a_dashboard_whose_ports_move_with_the_hubs(string addresses, string moved) =>
    Assert.Equal(moved, DashboardPorts.Moved(addresses, 10000));

    [Fact]
    public void Is_on_a_dashboard_whose_fixed_ports_must_be_free() =>
        Assert.Equal([17000, 15000], DashboardPorts.PortsOf("https://localhost:17000;http://localhost:15000;http://127.0.0.1:0;"));

    [Theory]
    [InlineData("A timeout occurred while running check.", "it does not answer within 5 s")]
    [InlineData("Health check for http://localhost:9090/-/ready was canceled", "it does not answer within 5 s")]
    [InlineData("Connection refused", "Connection refused")]
    [InlineData(null, "not healthy yet")]
    public void Says_why_a_resource_is_not_healthy(string? description, string reason) =>
        Assert.Equal(reason, StartReport.Unhealthy(description));

    [Fact]
    public void Says_what_to_do_about_passwords_that_are_not_those_of_the_data() =>
        Assert.Contains(
            "other passwords than secrets.env has", StartReport.Unhealthy("28P01: password authentication failed"),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(137, "dotnet aspire resource haproxy start")]
    [InlineData(1, "")]
    public void Says_what_to_do_about_a_resource_that_was_killed_as_its_log_cannot(int exitCode, string advice)
    {
        var told = StartReport.Advice("haproxy", Snapshot("Exited") with { ExitCode = exitCode });
        Assert.Contains(advice, told, StringComparison.Ordinal);
        Assert.Equal(advice.Length == 0, told.Length == 0);
    }

    [Fact]
    public void Says_where_to_send_and_where_the_key_is()
    {
        var next = StartReport.Next(10000, "/state");
        Assert.Contains("http://127.0.0.1:14318 (gRPC: 14317)", next, StringComparison.Ordinal);
        Assert.Contains($"the key is in {Path.Combine("/state", "api-key")}.", next, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:18080/reference", next, StringComparison.Ordinal);
    }

    /// <summary>Programs in an engine's place: one that answers whatever it is asked, and one that is not there.</summary>
    [Fact]
    public async Task Says_that_the_engine_does_not_answer_when_it_does_not()
    {
        Assert.Equal("", await StartReport.EngineAsync("echo", TestContext.Current.CancellationToken));
        var problem = await StartReport.EngineAsync("hub-no-such-engine", TestContext.Current.CancellationToken);
        Assert.Contains("The container engine does not answer: `hub-no-such-engine`", problem, StringComparison.Ordinal);
        Assert.Contains("Start it again", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_what_is_started_by_hand_for_no_part_of_the_hub()
    {
        Assert.True(StartReport.IsPart(Resource));
        var backup = new ContainerResource("backup");
        backup.Annotations.Add(new ExplicitStartupAnnotation());
        Assert.False(StartReport.IsPart(backup));
    }

    private static CustomResourceSnapshot Snapshot(string state) => new() { ResourceType = "Container", Properties = [], State = state };
}
