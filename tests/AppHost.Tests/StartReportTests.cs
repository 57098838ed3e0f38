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
    public void Waits_for_a_resource_of_which_nothing_is_known_yet() => Assert.Equal("not started", StartReport.Waiting(Resource, snapshot: null, endsByItself: false));

    [Theory]
    [InlineData("http://localhost:15000", "http://localhost:25000")]
    [InlineData("https://localhost:17000;http://localhost:15000", "https://localhost:27000;http://localhost:25000")]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0")]
    public void Is_on_a_dashboard_whose_ports_move_with_the_hubs(string addresses, string moved) => Assert.Equal(moved, DashboardPorts.Moved(addresses, 10000));

    [Fact]
    public void Is_on_a_dashboard_whose_fixed_ports_must_be_free() =>
        Assert.Equal([17000, 15000], DashboardPorts.PortsOf("https://localhost:17000;http://localhost:15000;http://127.0.0.1:0;"));

    private static CustomResourceSnapshot Snapshot(string state) => new() { ResourceType = "Container", Properties = [], State = state };
}
