using System.Text.Json;
using System.Text.RegularExpressions;
using Analytics.Topology;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>Logs as they leave the containers: one JSON object a line where the program can, and nothing in text that it could have said in JSON.</summary>
[Trait(Tiers.Trait, Tiers.Integration), Collection(nameof(HubUnderLoad))]
public sealed partial class LogTests(HubUnderLoad fixture)
{
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ClusterNames.Ingest, "Message")]
    [InlineData(ClusterNames.Migrations, "Message")]
    [InlineData(ClusterNames.EtcdAuth, "Message")]
    [InlineData("etcd-1", "msg")]
    [InlineData(ClusterNames.Prometheus, "level")]
    [InlineData("postgres-exporter-1", "msg")]
    [InlineData(ClusterNames.PgBouncerExporter, "msg")]
    public async Task Every_line_of_what_can_is_json(string container, string message)
    {
        var (json, text) = await LinesAsync(container);
        Assert.Empty(text);
        Assert.NotEmpty(json);
        Assert.All(json, line => Assert.True(line.TryGetProperty(message, out _), line.GetRawText()));
    }

    /// <summary>An error is one line with the statement, whoever made it and with what session; before its collector runs PostgreSQL has text only.</summary>
    [Fact]
    public async Task An_error_of_PostgreSQL_is_json_with_its_statement()
    {
        var marker = $"no_such_column_{Guid.NewGuid():N}";
        var leader = (await fixture.Cluster.MembersAsync(Cancel)).Single(member => member.Role == "Leader").Name;
        await using var connection = new Npgsql.NpgsqlConnection(fixture.Cluster.ConnectionString(ClusterNames.HaProxy, Ports.ReadWrite, Roles.ReadOnly, Secrets.ReadOnly));
        await connection.OpenAsync(Cancel);
        await using var command = new Npgsql.NpgsqlCommand($"SELECT {marker}", connection);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => command.ExecuteScalarAsync(Cancel));
        var (json, text) = await LinesAsync(leader, lines => lines.Any(line => line.GetRawText().Contains(marker, StringComparison.Ordinal)));
        var error = Assert.Single(json, line => line.TryGetProperty("error_severity", out var severity) && severity.GetString() == "ERROR" && line.GetRawText().Contains(marker, StringComparison.Ordinal));
        Assert.Equal(("42703", $"SELECT {marker}", Roles.ReadOnly), (error.GetProperty("state_code").GetString(), error.GetProperty("statement").GetString(), error.GetProperty("user").GetString()));
        Assert.DoesNotContain(text, line => PostgresText().IsMatch(line) && !BeforeCollector().IsMatch(line));
    }

    /// <summary>An image without python-json-logger makes Patroni write text, which it says itself; Hub's has it.</summary>
    [Fact]
    public async Task Patroni_writes_json_where_its_image_can()
    {
        const string Member = "timescaledb-1";
        var able = (await fixture.Cluster[Member].ExecAsync(["python3", "-c", "import pythonjsonlogger"], Cancel)).ExitCode == 0;
        Assert.True(able || fixture.Cluster.Topology.Images.Database != Presets.Development.Images.Database, "Hub's own image lacks python-json-logger");
        var (json, text) = await LinesAsync(Member);
        Assert.Equal(able, json.Any(line => line.TryGetProperty("app", out var app) && app.GetString() == "patroni" && line.TryGetProperty("level", out _) && line.TryGetProperty("message", out _)));
        if (able)
            Assert.DoesNotContain(text, line => PatroniText().IsMatch(line));
    }

    [Fact]
    public async Task A_session_of_the_gateway_is_json_and_only_its_own_state_is_text()
    {
        await using (var connection = new Npgsql.NpgsqlConnection(fixture.Cluster.ConnectionString(ClusterNames.HaProxy, Ports.ReadWrite, Roles.ReadOnly, Secrets.ReadOnly)))
            await connection.OpenAsync(Cancel);
        var (json, text) = await LinesAsync(ClusterNames.HaProxy, lines => lines.Any(line => line.GetProperty("server").GetString()!.StartsWith("timescaledb-", StringComparison.Ordinal)));
        Assert.All(json, line => Assert.True(line.TryGetProperty("listener", out _) && line.TryGetProperty("total_ms", out _) && line.TryGetProperty("termination", out _), line.GetRawText()));
        Assert.All(text, line => Assert.Matches(HaProxyState(), line));
    }

    /// <summary>The lines of a container so far, or as soon as they are what is waited for.</summary>
    private async Task<(List<JsonElement> Json, List<string> Text)> LinesAsync(string container, Func<List<JsonElement>, bool>? until = null)
    {
        for (var started = TimeProvider.System.GetTimestamp(); ; await Task.Delay(TimeSpan.FromMilliseconds(500), Cancel))
        {
            var (output, error) = await fixture.Cluster[container].GetLogsAsync(timestampsEnabled: false, ct: Cancel);
            var (json, text) = (new List<JsonElement>(), new List<string>());

            // The last line may be half written.
            foreach (var line in new[] { output, error }.SelectMany(stream => stream.Split('\n')[..^1]).Where(line => line.Trim().Length > 0))
            {
                if (Parse(line) is { } element)
                    json.Add(element);
                else
                    text.Add(line);
            }

            if (until is null || until(json))
                return (json, text);
            Assert.True(TimeProvider.System.GetElapsedTime(started) < WaitLimit, $"{container} has not logged it: {error}");
        }
    }

    private static JsonElement? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // 2026-11-23 02:55:52.446 UTC [115] LOG:  redirecting log output to logging collector process
    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC \[\d+\] ")]
    private static partial Regex PostgresText();

    [GeneratedRegex(@"(LOG:  (redirecting|ending) log output|HINT:  Future log output)")]
    private static partial Regex BeforeCollector();

    // 2026-11-23 02:55:52,446 INFO: no action. I am (timescaledb-1), the leader with the lock
    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ (INFO|WARNING|ERROR)")]
    private static partial Regex PatroniText();

    // Server primary/timescaledb-1 is DOWN, reason: Layer4 connection problem; the same again as [WARNING] (8) on its error stream.
    [GeneratedRegex(@"^(\[(NOTICE|WARNING|ALERT)\]|Server (primary|replica)/|[Pp]roxy (primary|replica) )")]
    private static partial Regex HaProxyState();
}
