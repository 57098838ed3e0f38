using Analytics.Topology;
using AppHost.Cluster;
using AppHost.Operations;
using AppHost.Tests.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Playwright;

// Terminals are an experimental part of Aspire 13.
#pragma warning disable ASPIRETERMINAL001

namespace AppHost.Tests;

/// <summary>One hub of the profile <c>single</c>, started once for the tests below.</summary>
public sealed class SingleRun : IAsyncLifetime
{
    private readonly RunData data = new(HubProfile.Single);

    internal HubRun Hub { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Hub = await HubRun.StartAsync(data, dashboard: true);
        await Hub.UpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Hub is not null)
            await Hub.DisposeAsync();
        await data.DisposeAsync();
    }
}

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class A_hub_that_Aspire_started(SingleRun run) : IClassFixture<SingleRun>
{
    private static readonly TimeSpan Seconds = TimeSpan.FromSeconds(15);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Has_every_resource_running_and_healthy_or_ended_well()
    {
        foreach (var resource in run.Hub.Model.Resources.Where(resource => resource is ContainerResource or ProjectResource))
        {
            if (resource.Annotations.OfType<ExplicitStartupAnnotation>().Any())
                continue;
            var snapshot = run.Hub.Snapshot(resource.Name);
            if (snapshot.State?.Text == KnownResourceStates.Finished)
            {
                Assert.Equal((resource.Name, 0), (resource.Name, snapshot.ExitCode));
                continue;
            }

            Assert.Equal((resource.Name, KnownResourceStates.Running), (resource.Name, snapshot.State?.Text));
            Assert.Equal((resource.Name, HealthStatus.Healthy), (resource.Name, snapshot.HealthStatus));
            Assert.True(resource.Annotations.OfType<HealthCheckAnnotation>().Any(), $"{resource.Name} has no health check");
        }

        foreach (var database in new[] { "analytics-primary", "analytics" })
            Assert.Equal(HealthStatus.Healthy, run.Hub.Snapshot(database).HealthStatus);
    }

    [Fact]
    public async Task Answers_with_the_call_that_an_application_sent()
    {
        var model = $"gpt-{Guid.NewGuid():N}";
        await run.Hub.SendTraceAsync(model, inputTokens: 123);
        await run.Hub.SendTraceAsync(model, inputTokens: 1);
        await Eventually.TrueAsync(async () => (await run.Hub.UsageAsync()).GetValueOrDefault(model) == (2, 124), Seconds,
            () => "usage does not show two calls", Cancel);
    }

    [Fact]
    public async Task Sends_sample_traffic_and_tells_what_was_acknowledged()
    {
        var result = await run.Hub.CommandAsync(ClusterNames.Ingest, SampleTraffic.Command);
        Assert.True(result.Success, result.Message);
        Assert.Contains("200", result.Data?.Value, StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => (await run.Hub.UsageAsync()).Values.Sum(usage => usage.Requests) >= 200, Seconds,
            () => "usage shows fewer", Cancel);
    }

    [Fact]
    public async Task Trusts_the_certificate_of_every_server()
    {
        using var http = await run.Hub.ClientAsync(Ports.Rest);
        string[] lines = [];
        await Eventually.TrueAsync(async () =>
        {
            lines = [.. (await http.GetStringAsync(new Uri("metrics", UriKind.Relative), Cancel)).Split('\n')
                .Where(line => line.StartsWith("hub_certificate_trusted{", StringComparison.Ordinal))];
            return lines.Length == 6;
        }, TimeSpan.FromMinutes(1), () => string.Join('\n', lines), Cancel);
        Assert.All(lines, line => Assert.EndsWith(" 1", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Is_watched_by_Prometheus_in_every_part()
    {
        using var http = await run.Hub.ClientAsync(Ports.Prometheus);
        var answer = "";
        await Eventually.TrueAsync(async () =>
        {
            answer = await http.GetStringAsync(new Uri("api/v1/targets?state=active", UriKind.Relative), Cancel);
            return answer.Contains("\"health\":\"up\"", StringComparison.Ordinal) && !answer.Contains("\"health\":\"unknown\"",
                StringComparison.Ordinal)
                && !answer.Contains("\"health\":\"down\"", StringComparison.Ordinal);
        }, TimeSpan.FromMinutes(2), () => answer, Cancel);
    }

    [Fact]
    public async Task Backs_up_lists_and_restores_on_command()
    {
        foreach (var command in new[] { BackupCommands.Full, BackupCommands.Differential, BackupCommands.List, BackupCommands.Drill })
        {
            var result = await run.Hub.CommandAsync(ClusterNames.TimescaleDb, command);
            Assert.True(result.Success, $"{command}: {result.Message}\n{result.Data?.Value}");
        }

        // Two at once: each does what it says, or says that it did not.
        var both = await Task.WhenAll(
            run.Hub.CommandAsync(ClusterNames.TimescaleDb, BackupCommands.List), run.Hub.CommandAsync(ClusterNames.TimescaleDb,
                BackupCommands.Differential));
        var list = Assert.Single(both, result => result.Success);
        Assert.Contains("at work already", Assert.Single(both, result => !result.Success).Message, StringComparison.Ordinal);
        Assert.Contains("full", list.Data?.Value, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Opens_a_SQL_prompt_that_reads()
    {
        var result = await run.Hub.CommandAsync(ClusterNames.TimescaleDb, OpenSql.Command);
        Assert.True(result.Success, result.Message);
        Assert.True(run.Hub.Services.GetRequiredService<TerminalService>().TryGetTerminal(result.Data!.Value, out var terminal));
        await terminal.WaitForTextAsync("llm_analytics=", TimeSpan.FromSeconds(30), Cancel);
        await terminal.SendTextAsync("SELECT current_user || '-' || pg_is_in_recovery();\n", Cancel);
        await terminal.WaitForTextAsync($"{Roles.ReadOnly}-false", TimeSpan.FromSeconds(30), Cancel);
        await terminal.DisposeAsync();
    }

    [Fact]
    public async Task Is_shown_by_the_dashboard_with_every_resource_well_and_a_call_from_the_request_to_the_rows()
    {
        await run.Hub.SendTraceAsync("gpt-5-mini", inputTokens: 10);
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(run.Hub.Dashboard());
        foreach (var name in new[] { "timescaledb", "timescaledb-1", "analytics", "haproxy", "pgbouncer", "ingest", "prometheus" })
            await Assertions.Expect(page.GetByText(name, new PageGetByTextOptions { Exact = true }).First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Running", new PageGetByTextOptions { Exact = true })).Not.ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByText("Unhealthy")).ToHaveCountAsync(0);
        await Browser.PictureAsync(page, "dashboard.png");

        await page.GotoAsync(new Uri(run.Hub.Dashboard(), "/traces").ToString());
        await page.GetByText("POST /v1/traces").First.ClickAsync();
        await Assertions.Expect(page.GetByText("ingest store").First).ToBeVisibleAsync();

        // The batch that carried the rows is a trace of its own; the two are linked.
        await page.GotoAsync(new Uri(run.Hub.Dashboard(), "/traces").ToString());
        await page.GetByText("ingest batch").First.ClickAsync();
        await Assertions.Expect(page.GetByText("ingest write").First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("COPY FROM").First).ToBeVisibleAsync();
        await Browser.PictureAsync(page, "dashboard-trace.png");
    }

    [Fact]
    public async Task Shows_a_killed_primary_within_seconds_and_its_return()
    {
        var result = await run.Hub.CommandAsync(ClusterNames.TimescaleDb, DatabaseCommands.KillPrimary);
        Assert.True(result.Success, result.Message);
        await run.Hub.HealthAsync(ClusterNames.TimescaleDb, HealthStatus.Unhealthy, Seconds);
        await run.Hub.SaysAsync("timescaledb-1 ended with exit code 137", Seconds);
        var started = await run.Hub.CommandAsync("timescaledb-1", KnownResourceCommands.StartCommand);
        Assert.True(started.Success, started.Message);
        await run.Hub.HealthAsync(ClusterNames.TimescaleDb, HealthStatus.Healthy, TimeSpan.FromMinutes(2));

        await AllHealthyAsync();
    }

    /// <summary>A paused server keeps its connections open and answers nobody, as one that hangs does.</summary>
    [Fact]
    public async Task Shows_a_server_that_hangs_within_seconds_and_its_return()
    {
        var prometheus = run.Hub.Containers()[ClusterNames.Prometheus];
        await HubRun.EngineAsync("pause", prometheus);
        try
        {
            await run.Hub.HealthAsync(ClusterNames.Prometheus, HealthStatus.Unhealthy, Seconds);
            await run.Hub.SaysAsync("No longer healthy: prometheus", Seconds);
        }
        finally
        {
            await HubRun.EngineAsync("unpause", prometheus);
        }

        await run.Hub.HealthAsync(ClusterNames.Prometheus, HealthStatus.Healthy, Seconds);
        await AllHealthyAsync();
    }

    /// <summary>The other tests find everything as it was.</summary>
    private async Task AllHealthyAsync()
    {
        foreach (var resource in run.Hub.Model.Resources.Where(resource => resource.Annotations.OfType<HealthCheckAnnotation>().Any()))
            await run.Hub.HealthAsync(resource.Name, HealthStatus.Healthy, TimeSpan.FromMinutes(2));
    }
}
