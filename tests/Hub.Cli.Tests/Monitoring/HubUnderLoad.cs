using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Analytics.Topology;
using Hub.Cli.Send.Replay;
using Hub.Cli.Send.Sampling;
using Hub.Cli.Send.Traces;
using Hub.Cli.Tests.Cluster;
using Npgsql;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>
/// The development topology as every hub runs it, under load of every kind (good calls, repeated ones, rejected, refused, contradictory,
/// and what is no call at all), backed up and restored once. Shared by what only looks.
/// </summary>
public sealed class HubUnderLoad : IAsyncLifetime
{
    private const int Rows = 3000;
    private readonly ClusterFixture inner = new();
    private readonly CancellationTokenSource over = new();
    private Task load = Task.CompletedTask;
    private PrometheusClient? prometheus;

    internal PrometheusClient Prometheus => prometheus ?? throw new InvalidOperationException("The cluster has not started.");

    internal HubCluster Cluster => inner.Cluster;

    /// <summary>Whether the database is the Community edition, which HUB_DATABASE_IMAGE may name.</summary>
    internal bool Community { get; private set; }

    public async ValueTask InitializeAsync()
    {
        await inner.InitializeAsync();
        prometheus = new PrometheusClient(new Uri($"http://127.0.0.1:{Cluster.Port(ClusterNames.Prometheus, Ports.Prometheus)}"));
        load = LoadAsync(over.Token);

        // Rates need two samples with traffic between them, and the database's statistics a moment to be written.
        var traffic = Task.Delay(TimeSpan.FromSeconds(35), TestContext.Current.CancellationToken);
        foreach (var job in new[] { "full", "drill" })
            (await BackupRuns.RunAsync(Cluster, job, TestContext.Current.CancellationToken)).Accepted();
        await CompressAsync();
        await traffic;
        if (load.IsFaulted)
            await load;
        await using var app = await inner.OpenAsync(Roles.App, Secrets.App);
        await using var hourly = new NpgsqlCommand("SELECT analytics.record_model_performance(now() - INTERVAL '2 days', now())", app);
        await hourly.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A row of two weeks ago, in a chunk that is compressed by the policy's own job where there is one.</summary>
    private async Task CompressAsync()
    {
        await using var owner = await inner.OpenAsync(Roles.Owner, Secrets.Owner);
        Community = await ClusterFixture.ScalarAsync<string>(owner, "SELECT current_setting('timescaledb.license')") == "timescale";
        await ClusterFixture.ScalarAsync<string>(owner, "INSERT INTO events.system_events (time, component, kind, message) VALUES (now() "
            + "- interval '14 days', 'test', 'test', 'old') RETURNING message");
        if (!Community)
            return;
        var job = await ClusterFixture.ScalarAsync<int>(owner,
            "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name IN ('policy_compression', 'policy_columnstore') AND "
                + "hypertable_name = 'system_events'");
        await using var run = new NpgsqlCommand($"CALL public.run_job({job})", owner);
        await run.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        await load.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        over.Dispose();
        prometheus?.Dispose();
        await inner.DisposeAsync();
    }

    private async Task LoadAsync(CancellationToken stop)
    {
        using var replay = ExportClient.CreateHttp(inner.Replay);
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", inner.Replay.ApiKey);
        for (var seed = 1; !stop.IsCancellationRequested; seed++)
        {
            var traffic = new SampleTraffic(SyntheticTrace.Make(Rows, seed, TimeProvider.System.GetUtcNow().UtcDateTime), TimeSpan.Zero,
                seed);
            var replayer = new TraceReplayer(replay, inner.Replay, TimeProvider.System);
            await replayer.RunAsync(traffic, stop: stop);
            await replayer.RunAsync(traffic, stop: stop); // again: duplicates
            if (stop.IsCancellationRequested)
                return;
            await OddAsync(http, stop);
        }
    }

    private async Task OddAsync(HttpClient http, CancellationToken stop)
    {
        var now = TimeProvider.System.GetUtcNow();
        var batch = new
        {
            requests = new object[]
            {
                new { time = now, provider = "openai", model = "gpt-4o", duration_seconds = 1.5, time_to_first_token_seconds = 0.2,
                    streamed = true, usage = new { input_tokens = 10, output_tokens = 5, total_tokens = 99 } },
                new { time = now.AddDays(400), provider = "openai", model = "gpt-4o" },
            },
        };
        (await http.PostAsJsonAsync(At(Ports.Rest, "/api/v1/requests"), batch, stop)).EnsureSuccessStatusCode();
        await PostAsync(http, "/v1/traces",
            """
            {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",
             "name":"no model call","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}
            """, stop);
        await PostAsync(http, "/v1/metrics",
            """
            {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m",
             "gauge":{"dataPoints":[{"timeUnixNano":"1","asInt":"1"}]}}]}]}]}
            """, stop);
        await PostAsync(http, "/v1/logs", """{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1"}]}]}]}""", stop);
        using var refused = await http.PostAsync(At(Ports.OtlpHttp, "/v1/traces"),
            new StringContent("{", Encoding.UTF8, "application/json"), stop);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
    }

    private async Task PostAsync(HttpClient http, string path, string json, CancellationToken stop)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(At(Ports.OtlpHttp, path), content, stop);
        response.EnsureSuccessStatusCode();
    }

    private Uri At(int port, string path) => new($"http://127.0.0.1:{Cluster.Port(ClusterNames.Ingest, port)}{path}");
}

/// <summary>One cluster for all of these.</summary>
[CollectionDefinition(nameof(HubUnderLoad))]
public sealed class HubUnderLoadTests : ICollectionFixture<HubUnderLoad>;
