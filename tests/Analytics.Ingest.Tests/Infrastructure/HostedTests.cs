using System.Globalization;
using Analytics.Ingest.Pricing;
using Microsoft.Extensions.DependencyInjection;

namespace Analytics.Ingest.Tests.Infrastructure;

/// <summary>A database of its own and the service over it, for each test.</summary>
public abstract class HostedTests(DatabaseFixture databases) : IAsyncLifetime
{
    private readonly List<HttpClient> clients = [];

    private protected TestDatabase Database { get; private set; } = null!;

    private protected IngestHost Host { get; private set; } = null!;

    private protected string Key { get; private set; } = "";

    /// <summary>OTLP over HTTP, with the key.</summary>
    private protected HttpClient Otlp { get; private set; } = null!;

    /// <summary>REST, with the key.</summary>
    private protected HttpClient Rest { get; private set; } = null!;

    /// <summary>The present minute: within what ingest takes, and the same for a whole test.</summary>
    private protected DateTimeOffset Now { get; } =
        DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 60 * 60);

    private protected virtual (string Name, string Value)[] Options => [];

    public virtual async ValueTask InitializeAsync()
    {
        Database = await databases.CreateMigratedAsync();
        Key = await IngestHost.CreateKeyAsync(Database);
        Host = IngestHost.Start(Database.ConnectionString("llm_app"), Options);
        (Otlp, Rest) = (Client(Host.OtlpHttp, Key), Client(Host.Rest, Key));
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var client in clients) client.Dispose();
        await Host.DisposeAsync();
        await Database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected HttpClient Client(Uri address, string? key)
    {
        var client = IngestHost.Client(address, key);
        clients.Add(client);
        return client;
    }

    private protected Task<long> CountAsync(string table) => Database.Owner.ScalarAsync<long>($"SELECT count(*) FROM {table}");

    /// <summary>Every request has exactly one row in each of its three tables.</summary>
    private protected async Task AssertRowsAsync(long expected)
    {
        foreach (var table in new[] { "analytics.llm_requests", "analytics.token_usage", "analytics.cost_tracking" })
        {
            Assert.Equal(expected, await CountAsync(table));
        }
    }

    /// <summary>The value of a counter in /metrics, summed over its labels.</summary>
    private protected async Task<double> MetricAsync(string name, string label = "")
    {
        using var anonymous = IngestHost.Client(Host.Rest, null);
        var text = await anonymous.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        return text.Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Adds a price from the begin of time; the service knows it afterwards.</summary>
    private protected async Task AddPriceAsync(string provider, string model, decimal input, decimal output)
    {
        await Database.Owner.ExecuteAsync(
            "INSERT INTO analytics.model_prices (provider, model, match, input_per_mtok, output_per_mtok, source) VALUES ($1, $2, "
                + "'prefix', $3, $4, 'test')",
            provider, model, input, output);
        Assert.True(await Host.Services.GetRequiredService<PriceRefresher>().RefreshAsync(TestContext.Current.CancellationToken));
    }
}
