using System.Net;
using Analytics.Ingest.Tests.Infrastructure;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class KeyAndHealthTests(DatabaseFixture databases) : HostedTests(databases)
{
    private const string Usage = "/api/v1/usage";

    private protected override (string Name, string Value)[] Options =>
        [("Ingest:KeyCache", "00:00:01"), ("Ingest:UnknownKeyCache", "00:00:01")];

    [Fact]
    public async Task A_key_ends_with_its_expiry_and_its_revocation()
    {
        var expiring = await IngestHost.CreateKeyAsync(Database, expires: TimeProvider.System.GetUtcNow().AddHours(1));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(expiring));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(Key));
        await Database.Owner.ExecuteAsync("UPDATE analytics.api_keys SET expires_at = now() WHERE key_prefix = $1", expiring[..12]);
        await Database.Owner.ExecuteAsync("UPDATE analytics.api_keys SET revoked_at = now() WHERE key_prefix = $1", Key[..12]);
        foreach (var key in new[] { expiring, Key })
        {
            await Eventually.TrueAsync(async () => await GetAsync(key) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(20),
                () => "the key is still accepted", TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_key_made_a_moment_ago_is_soon_known()
    {
        var key = "hub_" + new string('k', 40);
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(key));
        await Database.Owner.ExecuteAsync("SELECT analytics.create_api_key('tests', 'late', sha256($1), 'hub_kkkkkkkk')",
            System.Text.Encoding.UTF8.GetBytes(key));
        await Task.Delay(TimeSpan.FromSeconds(1.2), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, await GetAsync(key));
    }

    [Fact]
    public async Task Without_database_known_keys_are_accepted_and_unknown_ones_get_503()
    {
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of())).StatusCode);
        Assert.Equal(HttpStatusCode.OK,
            (await Client(Host.Rest, null).GetAsync("/health/accepting", TestContext.Current.CancellationToken)).StatusCode);
        await Database.Superuser.ExecuteAsync($"ALTER DATABASE {Database.Name} CONNECTION LIMIT 0");
        try
        {
            // Until none is left: one that was about to log in has passed the limit.
            while (await Database.Superuser.ScalarAsync<long>(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'llm_app' AND datname = $1",
                Database.Name) > 0)
                await Task.Delay(100, TestContext.Current.CancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(1.2), TestContext.Current.CancellationToken);
            using var unknown = await Client(Host.OtlpHttp, "hub_never_seen_before").SendAsync(Exports.Of());
            Assert.Equal(HttpStatusCode.ServiceUnavailable, unknown.StatusCode);
            Assert.NotNull(unknown.Headers.RetryAfter?.Delta);
            Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of())).StatusCode);
            using var notReady = await Client(Host.Rest, null).GetAsync("/health/ready", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, notReady.StatusCode);
            Assert.Equal(HttpStatusCode.OK,
                (await Client(Host.Rest, null).GetAsync("/health/accepting", TestContext.Current.CancellationToken)).StatusCode);
            Assert.Equal(HttpStatusCode.OK,
                (await Client(Host.Rest, null).GetAsync("/health/live", TestContext.Current.CancellationToken)).StatusCode);
        }
        finally
        {
            await Database.Superuser.ExecuteAsync($"ALTER DATABASE {Database.Name} CONNECTION LIMIT -1");
        }
    }

    [Fact]
    public async Task Ready_names_the_reason_when_not_ready()
    {
        using var anonymous = Client(Host.Rest, null);
        await Eventually.TrueAsync(async () =>
            (await anonymous.GetAsync("/health/ready", TestContext.Current.CancellationToken)).StatusCode == HttpStatusCode.OK,
            TimeSpan.FromSeconds(30), () => "/health/ready does not answer 200", TestContext.Current.CancellationToken);
        await Database.Superuser.ExecuteAsync("UPDATE analytics.schema_metadata SET value = '01' WHERE key = 'schema_version'");
        using var old = await anonymous.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, old.StatusCode);
        Assert.Contains("this build needs", await old.TextAsync(), StringComparison.Ordinal);

        // This host has never been asked whether it accepts, and it has never been ready since.
        using var accepting = await anonymous.GetAsync("/health/accepting", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, accepting.StatusCode);
    }

    [Fact]
    public async Task Metrics_are_there_for_Prometheus()
    {
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now), Exports.Bare(2, Now)))).StatusCode);
        var text = await Client(Host.Rest, null).GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.All(
            new[] { "hub_ingest_rows_stored_total", "hub_ingest_spans_ignored_total", "hub_ingest_commit_duration_seconds_bucket",
                "hub_ingest_queue_rows", "dotnet_gc", "http_server_request_duration" },
            name => Assert.Contains(name, text, StringComparison.Ordinal));
    }

    private async Task<HttpStatusCode> GetAsync(string key)
    {
        using var response = await Client(Host.Rest, key).GetAsync(Usage, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
