using System.Globalization;
using Analytics.Ingest.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Pricing;

/// <summary>
/// Keeps the prices in memory, read at start and then every <see cref="IngestOptions.PriceRefresh"/>. While they cannot be read, the last
/// ones hold; before the first reading of a complete schema requests wait, so that no early call is stored unpriced because the migrations
/// have made the table and not filled it yet. Prices among which one is no number (the table refuses such) are not used: the last good ones
/// stay. Where there are none yet, the others are used, and the model of the bad one has no price.
/// </summary>
internal sealed class PriceRefresher(NpgsqlDataSource dataSource, IOptions<IngestOptions> options, TimeProvider time,
    ILogger<PriceRefresher> log)
    : BackgroundService, IPriceSource
{
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(2);

    /// <summary>The table's own limit, in USD per million tokens: times the most tokens of a call, decimal still holds it.</summary>
    private const decimal TooMuch = 1_000_000_000m;

    // One reading at a time: one that began earlier must not come in last.
    private readonly SemaphoreSlim reading = new(1);
    private readonly TaskCompletionSource firstReading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile PriceBook current = PriceBook.Empty;
    private string badBefore = "";

    public PriceBook Current => current;

    /// <summary>Completes when prices have been read once from a schema that is complete.</summary>
    public Task Loaded => firstReading.Task;

    /// <summary>Reads the prices now.</summary>
    /// <returns>False while the migrations have not come to the script that fills the table: nothing has changed then.</returns>
    public async Task<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        await reading.WaitAsync(cancellationToken);
        try
        {
            return await ReadAsync(cancellationToken);
        }
        finally
        {
            reading.Release();
        }
    }

    public override void Dispose()
    {
        reading.Dispose();
        base.Dispose();
    }

    private async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        // The version first: prices that are read after it are those that it promises. Numbers come as text: NaN, Infinity and what decimal
        // cannot hold would end the reading of all others. So would times beyond .NET's.
        const string Sql = """
            SELECT value FROM analytics.schema_metadata WHERE key = 'schema_version';
            SELECT price_id, provider, model, match = 'prefix',
                   CASE WHEN valid_from < '0002-01-01' THEN '-infinity' WHEN valid_from >= '9999-01-01' THEN 'infinity' ELSE valid_from END,
                   CASE WHEN valid_to < '0002-01-01' THEN '-infinity' WHEN valid_to >= '9999-01-01' THEN 'infinity' ELSE valid_to END,
                   input_per_mtok::text, output_per_mtok::text, cache_read_per_mtok::text, cache_write_per_mtok::text
            FROM analytics.model_prices ORDER BY price_id
            """;
        await using var command = dataSource.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var version = await reader.ReadAsync(cancellationToken) ? reader.GetString(0) : "";
        if (!SchemaVersion.IsEnough(version, out _)) return false;
        await reader.NextResultAsync(cancellationToken);
        var prices = new List<ModelPrice>();
        while (await reader.ReadAsync(cancellationToken)) prices.Add(Read(reader));

        var isGood = Report([.. prices.Where(price => !price.IsNumber)]);
        if (!isGood && firstReading.Task.IsCompleted) return true;
        if (prices.Count != current.Count) log.LogInformation("Read {Count} model prices", prices.Count);
        current = new PriceBook(prices);
        firstReading.TrySetResult();
        return true;
    }

    /// <summary>Says once which prices are no numbers. False when there are such.</summary>
    private bool Report(IReadOnlyList<ModelPrice> bad)
    {
        var names = string.Join(", ", bad.Select(price => $"{price.PriceId} ({price.Provider} {price.Model})"));
        if (names != badBefore)
        {
            if (bad.Count == 0) log.LogInformation("All model prices are numbers again");
            else log.LogError("Model prices that are no numbers Hub can reckon with: {Bad}. {Used}", names, firstReading.Task.IsCompleted
                ? "The prices read before stay in use" : "The others are used, these models have no price");
            badBefore = names;
        }

        return bad.Count == 0;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = options.Value.PriceRefresh;
            try
            {
                if (!await RefreshAsync(stoppingToken)) wait = RetryAfterFailure;
            }
            catch (Exception failure) when (Failures.IsDatabase(failure)
                && !(failure is OperationCanceledException && stoppingToken.IsCancellationRequested))
            {
                log.LogWarning("Model prices could not be read, the previous ones stay in use: {Reason}", failure.Message);
                wait = RetryAfterFailure;
            }

            await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static ModelPrice Read(NpgsqlDataReader reader)
    {
        var isNumber = TryRead(reader, 6, out var input) & TryRead(reader, 7, out var output) & TryRead(reader, 8, out var cacheRead)
            & TryRead(reader, 9, out var cacheWrite);
        return new ModelPrice(
            reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetBoolean(3), reader.GetDateTime(4),
            reader.IsDBNull(5) ? null : reader.GetDateTime(5), input ?? 0, output ?? 0, cacheRead, cacheWrite, isNumber);
    }

    /// <summary>False when it is no number between 0 and <see cref="TooMuch"/>; unknown (NULL) is fine.</summary>
    private static bool TryRead(NpgsqlDataReader reader, int column, out decimal? price)
    {
        price = null;
        if (reader.IsDBNull(column)) return true;
        if (!decimal.TryParse(reader.GetString(column), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || number is < 0 or >= TooMuch) return false;
        price = number;
        return true;
    }
}
