using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Operations.Processes;
using Npgsql;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>The development topology with impatient rules and a trickle of traffic; started once for all tests about monitoring.</summary>
public sealed class MonitoredCluster : IAsyncLifetime
{
    private const string ApiKey = "hub_monitoring_tests";
    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(40) };
    private HubCluster? cluster;
    private PrometheusClient? prometheus;
    private Task traffic = Task.CompletedTask;

    internal HubCluster Cluster => cluster ?? throw new InvalidOperationException("The cluster has not started.");

    internal PrometheusClient Prometheus => prometheus ?? throw new InvalidOperationException("The cluster has not started.");

    public async ValueTask InitializeAsync()
    {
        cluster = await HubCluster.StartAsync(Presets.Development, TestContext.Current.CancellationToken, change: FastRules.Change);
        prometheus = new PrometheusClient(new Uri($"http://127.0.0.1:{cluster.Port(ClusterNames.Prometheus, Ports.Prometheus)}"));
        await using var owner = await OpenAsync(Roles.Owner, Secrets.Owner);
        await using var command = new NpgsqlCommand("SELECT analytics.create_api_key('monitoring', 'tests', $1, $2)", owner);
        command.Parameters.Add(new NpgsqlParameter { Value = SHA256.HashData(Encoding.UTF8.GetBytes(ApiKey)) });
        command.Parameters.Add(new NpgsqlParameter { Value = ApiKey[..12] });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.OK, await PostAsync("gpt-4o", 10, TimeProvider.System.GetUtcNow(), TestContext.Current.CancellationToken));
        traffic = SendAsync(stop.Token);
    }

    /// <summary>Sends one batch of calls.</summary>
    /// <returns>The status of the answer.</returns>
    internal async Task<System.Net.HttpStatusCode> PostAsync(string key, string model, int count, DateTimeOffset start, CancellationToken cancel)
    {
        var calls = Enumerable.Range(0, count).Select(i => new { id = Guid.NewGuid().ToString("N"), time = start.AddMilliseconds(i), provider = "openai", model, usage = new { input_tokens = 10, output_tokens = 5 } });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{await PortAsync(ClusterNames.Ingest, Ports.Rest, cancel)}/api/v1/requests") { Content = JsonContent.Create(new { requests = calls }) };
        request.Headers.Add("Authorization", "Bearer " + key);
        using var response = await http.SendAsync(request, cancel);
        return response.StatusCode;
    }

    internal Task<System.Net.HttpStatusCode> PostAsync(string model, int count, DateTimeOffset start, CancellationToken cancel) => PostAsync(ApiKey, model, count, start, cancel);

    /// <summary>A connection to the primary through HAProxy.</summary>
    internal async Task<NpgsqlConnection> OpenAsync(string role, string secret, string container = ClusterNames.HaProxy, int port = Ports.ReadWrite)
    {
        var address = new NpgsqlConnectionStringBuilder(Cluster.ConnectionString(container, port, role, secret)) { Port = await PortAsync(container, port, TestContext.Current.CancellationToken) };
        var connection = new NpgsqlConnection(address.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>The port of this machine that leads to a container's now: the engine chooses another one when the container is started again.</summary>
    private async Task<int> PortAsync(string container, int port, CancellationToken cancel)
    {
        // 0.0.0.0:32854
        var result = await ProcessRunner.RunAsync("docker", ["port", Cluster[container].Id, $"{port}/tcp"], cancel);
        return result.ExitCode == 0 && result.Output.Split('\n')[0].Split(':') is [.., var found] && int.TryParse(found, out var now) ? now : Cluster.Port(container, port);
    }

    /// <summary>SQL as superuser, inside a member's container; what it answers.</summary>
    internal Task<string> SuperuserAsync(string member, string sql) => Cluster.SqlAsync(member, sql, TestContext.Current.CancellationToken);

    internal async Task<string> LeaderAsync() => (await Cluster.MembersAsync(TestContext.Current.CancellationToken)).Single(member => member.Role == "Leader").Name;

    /// <summary>An order to the engine about a container: stop, kill, start.</summary>
    internal async Task EngineAsync(string order, params string[] containers) =>
        (await ProcessRunner.RunAsync("docker", [order, .. containers.Select(name => Cluster[name].Id)], TestContext.Current.CancellationToken)).OrThrow($"docker {order} failed");

    /// <summary>What the primary's analytics.system_health_check() says about one thing.</summary>
    internal async Task<string> HealthAsync(string check)
    {
        await using var connection = await OpenAsync(Roles.Monitor, Secrets.Monitor);
        await using var command = new NpgsqlCommand("SELECT status FROM analytics.system_health_check() WHERE check_name = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = check });
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>What the health checks of the members that answer say otherwise than the alerts; never empty without a primary.</summary>
    internal async Task<IReadOnlyList<string>> DifferencesAsync()
    {
        var (differences, primaries) = (new List<string>(), 0);
        foreach (var member in Cluster.Topology.Database.Hosts)
        {
            if (await CheckAsync(member) is not [_, ..] rows)
                continue;
            var primary = rows.All(row => row[0] == "f");
            primaries += primary ? 1 : 0;
            differences.AddRange(HealthAgreement.Differences(member, primary, rows.ToDictionary(row => row[1], row => row[2]), await Prometheus.FiringAsync(TestContext.Current.CancellationToken)));
        }

        return primaries == 0 ? ["no member answers as primary", .. differences] : differences;
    }

    /// <summary>Rows of <c>f|retention|ok</c>, asked inside the member's container, where no gateway is needed; none from a member that is gone.</summary>
    private async Task<string[][]> CheckAsync(string member)
    {
        var result = await ProcessRunner.RunAsync("docker", ["exec", "--env", "PGPASSWORD=" + Cluster.Deployment.Passwords[Secrets.Superuser], Cluster[member].Id, "psql", "-XAtq", "-h", Paths.SocketDirectory,
            "-U", Roles.Superuser, "-d", ClusterNames.Database, "-c", "SELECT pg_is_in_recovery(), check_name, status FROM analytics.system_health_check()"], TestContext.Current.CancellationToken);
        return result.ExitCode == 0 ? [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split('|'))] : [];
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await traffic;
        http.Dispose();
        stop.Dispose();
        prometheus?.Dispose();
        if (cluster is not null)
            await cluster.DisposeAsync();
    }

    private async Task SendAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await PostAsync("gpt-4o", 10, TimeProvider.System.GetUtcNow(), cancel);
                await Task.Delay(TimeSpan.FromMilliseconds(500), cancel);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), CancellationToken.None); // Ingest is what a test has stopped.
            }
            catch (OperationCanceledException)
            {
                // Stopped, or a request that took too long: both are part of faults.
            }
        }
    }
}

/// <summary>One cluster for all faults.</summary>
[CollectionDefinition(nameof(MonitoredCluster))]
public sealed class MonitoredClusterTests : ICollectionFixture<MonitoredCluster>;
