using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Analytics.Topology;
using AppHost.Cluster;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace AppHost.Tests.Runs;

/// <summary>The AppHost, started for real: orchestrator, containers, programs. It is asked from outside, through the ports that users know.</summary>
internal sealed class HubRun : IAsyncDisposable
{
    /// <summary>Guards a hang: a start may build every image first.</summary>
    public static readonly TimeSpan WaitLimit = TimeSpan.FromMinutes(10);

    private readonly DistributedApplication app;
    private readonly FakeLogCollector console;

    private readonly CancellationTokenSource abandon = new();
    private readonly Task start;

    private HubRun(RunData data, DistributedApplication app)
    {
        (Data, this.app, console) = (data, app, app.Services.GetFakeLogCollector());

        // It ends when every resource was created, which one that failed keeps from the others.
        start = app.StartAsync(abandon.Token);
    }

    public RunData Data { get; }
    public IServiceProvider Services => app.Services;
    public ResourceNotificationService Resources => app.ResourceNotifications;
    public DistributedApplicationModel Model => app.Services.GetRequiredService<DistributedApplicationModel>();

    /// <summary>What Hub's AppHost itself tells its user on the console.</summary>
    public IReadOnlyList<string> Console =>
        [.. console.GetSnapshot().Where(line => line.Category?.StartsWith("AppHost.Startup", StringComparison.Ordinal) == true).Select(line => $"{line.Level}: {line.Message}")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts it and returns at once.</summary>
    /// <param name="data">Of this run and of others of the same hub.</param>
    /// <param name="dashboard">Whether it has a dashboard.</param>
    /// <param name="settings">More of them.</param>
    public static async Task<HubRun> StartAsync(RunData data, bool dashboard = false, params (string Name, string Value)[] settings)
    {
        string[] arguments = [.. data.Settings.Concat(settings).Select(setting => $"--{setting.Name}={setting.Value}")];
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(arguments, (options, host) =>
        {
            options.DisableDashboard = !dashboard;
            host.Configuration ??= new();
            host.Configuration["DcpPublisher:RandomizePorts"] = bool.FalseString;
            host.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = data.DashboardTelemetry.ToString();
        }, Cancel);
        builder.Services.AddFakeLogging(options => options.OutputSink = line => TestContext.Current.TestOutputHelper?.WriteLine(line));
        return new HubRun(data, await builder.BuildAsync(Cancel));
    }

    /// <summary>Waits until the console says that everything runs and is healthy.</summary>
    public async Task UpAsync()
    {
        await Eventually.TrueAsync(() => Task.FromResult(Says("The hub is up") || Console.Any(line => line.StartsWith("Error: ", StringComparison.Ordinal))),
            WaitLimit, () => $"{start.Exception}The hub is not up:\n{string.Join('\n', Console)}", Cancel);
        Assert.DoesNotContain(Console, line => line.StartsWith("Error: ", StringComparison.Ordinal));
    }

    /// <summary>Waits until the console says it.</summary>
    public Task SaysAsync(string text, TimeSpan? wait = null) => Eventually.TrueAsync(
        () => Task.FromResult(Says(text)), wait ?? WaitLimit,
        () => $"\"{text}\" is not on the console:\n{string.Join('\n', Console)}", Cancel);

    /// <summary>The dashboard's address with its login, as the console tells it.</summary>
    public Uri Dashboard()
    {
        const string Login = "Login to the dashboard at ";
        var line = console.GetSnapshot().Select(record => record.Message).First(message => message.StartsWith(Login, StringComparison.Ordinal));
        return new Uri(line[Login.Length..].Trim());
    }

    private bool Says(string text) => Console.Any(line => line.Contains(text, StringComparison.Ordinal));

    public CustomResourceSnapshot Snapshot(string name) =>
        Resources.TryGetCurrentState(name, out var current) ? current.Snapshot : throw new InvalidOperationException($"Nothing is known of {name}.");

    /// <summary>Runs a command of the dashboard.</summary>
    public Task<ExecuteCommandResult> CommandAsync(string resource, string command) =>
        Services.GetRequiredService<ResourceCommandService>().ExecuteCommandAsync(resource, command, Cancel);

    /// <summary>Waits for a health state of a resource.</summary>
    public async Task HealthAsync(string resource, HealthStatus status, TimeSpan wait)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        stop.CancelAfter(wait);
        try
        {
            await Resources.WaitForResourceAsync(resource, update => update.Snapshot.HealthStatus == status, stop.Token);
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            var snapshot = Snapshot(resource);
            Assert.Fail($"{resource} is not {status} within {wait.TotalSeconds:0} s but {snapshot.State?.Text} {snapshot.HealthStatus}: "
                + string.Join("; ", snapshot.HealthReports.Select(report => $"{report.Name} {report.Status} {report.Description}")));
        }
    }

    /// <summary>Sends one LLM call as an application with an OTLP exporter does.</summary>
    public async Task SendTraceAsync(string model, int inputTokens)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var trace = $$$"""
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"run-test"}}]},"scopeSpans":[{"spans":[{
              "traceId":"{{{Guid.NewGuid():N}}}","spanId":"{{{Guid.NewGuid().ToString("N")[..16]}}}","name":"chat {{{model}}}","kind":3,
              "startTimeUnixNano":"{{{now - 800}}}000000","endTimeUnixNano":"{{{now}}}000000","attributes":[
                {"key":"gen_ai.operation.name","value":{"stringValue":"chat"} },
                {"key":"gen_ai.provider.name","value":{"stringValue":"openai"} },
                {"key":"gen_ai.request.model","value":{"stringValue":"{{{model}}}" } },
                {"key":"gen_ai.usage.input_tokens","value":{"intValue":"{{{inputTokens}}}" } },
                {"key":"gen_ai.usage.output_tokens","value":{"intValue":"7"} }]}]}]}]}
            """;
        using var http = await ClientAsync(Ports.OtlpHttp);
        using var content = new StringContent(trace, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri("v1/traces", UriKind.Relative), content, Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancel)}");
    }

    /// <summary>Requests and input tokens by model, of the last hours.</summary>
    public async Task<Dictionary<string, (long Requests, long InputTokens)>> UsageAsync()
    {
        using var http = await ClientAsync(Ports.Rest);
        using var usage = JsonDocument.Parse(await http.GetStringAsync(new Uri("api/v1/usage", UriKind.Relative), Cancel));
        return usage.RootElement.GetProperty("groups").EnumerateArray().ToDictionary(group => group.GetProperty("key").GetString() ?? "",
            group => (group.GetProperty("requests").GetInt64(), group.GetProperty("input_tokens").GetInt64()));
    }

    /// <summary>A client of one of the hub's fixed ports, with the development key.</summary>
    public async Task<HttpClient> ClientAsync(int port)
    {
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port + Data.PortOffset}/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await Data.ApiKeyAsync());
        return http;
    }

    /// <summary>The ids of the containers that run for this hub, by resource.</summary>
    public Dictionary<string, string> Containers() => Model.Resources.OfType<ContainerResource>()
        .Select(resource => (resource.Name, Id: AppHost.Operations.Runs.RunningContainer(resource.Name, Services)))
        .Where(container => container.Id is not null).ToDictionary(container => container.Name, container => container.Id!);

    /// <summary>Runs the engine's command line, which must succeed.</summary>
    /// <returns>What it wrote.</returns>
    public static async Task<string> EngineAsync(params string[] arguments)
    {
        var (exit, output) = await AppHost.Startup.Engine.RunAsync("docker", arguments, Cancel);
        Assert.True(exit == 0, output);
        return output;
    }

    /// <summary>Stops it as Ctrl-C does, and returns when that is over.</summary>
    public async Task StopAsync()
    {
        await start;
        await app.StopAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await abandon.CancelAsync();
        await start.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        abandon.Dispose();
    }
}
