using Analytics.Ingest.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Pricing;

/// <summary>
/// Keeps the prices in memory, read at start and then every <see cref="IngestOptions.PriceRefresh"/>. While they cannot be read, the last ones
/// hold; before the first reading of a complete schema requests wait, so that no early call is stored unpriced because the migrations have made
/// the table and not filled it yet.
/// </summary>
internal sealed class PriceRefresher(NpgsqlDataSource dataSource, IOptions<IngestOptions> options, TimeProvider time, ILogger<PriceRefresher> log)
    : BackgroundService, IPriceSource
{
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(2);

    // One reading at a time: one that began earlier must not come in last.
    private readonly SemaphoreSlim reading = new(1);
    private readonly TaskCompletionSource firstReading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile PriceBook current = PriceBook.Empty;

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
        // The version first: prices that are read after it are those that it promises.
        const string Sql = """
            SELECT value FROM analytics.schema_metadata WHERE key = 'schema_version';
            SELECT price_id, provider, model, match = 'prefix', valid_from, valid_to,
                   input_per_mtok, output_per_mtok, cache_read_per_mtok, cache_write_per_mtok
            FROM analytics.model_prices
            """;
        await using var command = dataSource.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var version = await reader.ReadAsync(cancellationToken) ? reader.GetString(0) : "";
        if (!SchemaVersion.IsEnough(version, out _)) return false;
        await reader.NextResultAsync(cancellationToken);
        var prices = new List<ModelPrice>();
        while (await reader.ReadAsync(cancellationToken))
        {
            prices.Add(new ModelPrice(
                reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetBoolean(3), reader.GetDateTime(4),
                reader.IsDBNull(5) ? null : reader.GetDateTime(5),
                reader.GetDecimal(6), reader.GetDecimal(7), Nullable(reader, 8), Nullable(reader, 9)));
        }

        if (prices.Count != current.Count) log.LogInformation("Read {Count} model prices", prices.Count);
        current = new PriceBook(prices);
        firstReading.TrySetResult();
        return true;
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
            catch (Exception failure) when (Failures.IsDatabase(failure) && !(failure is OperationCanceledException && stoppingToken.IsCancellationRequested))
            {
                log.LogWarning("Model prices could not be read, the previous ones stay in use: {Reason}", failure.Message);
                wait = RetryAfterFailure;
            }

            await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static decimal? Nullable(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDecimal(column);
}
