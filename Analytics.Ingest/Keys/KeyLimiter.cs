using System.Collections.Concurrent;
using System.Globalization;
using Analytics.Ingest.Database;
using Analytics.Ingest.Http;
using Analytics.Ingest.Telemetry;
using Npgsql;
using NpgsqlTypes;

namespace Analytics.Ingest.Keys;

/// <summary>
/// Holds keys to their limits. Requests and bytes per second are counted here, so each replica allows them. Calls per day are counted in
/// the database over all replicas: each adds what it has stored every <see cref="CountInterval"/>, and knows the sum from that and from
/// every look-up of the key.
/// </summary>
internal sealed class KeyLimiter(NpgsqlDataSource dataSource, IngestMetrics metrics, TimeProvider time, ILogger<KeyLimiter> log)
    : BackgroundService
{
    /// <summary>How often the calls of the day are added to the database's sum; what a killed replica forgets at most.</summary>
    public static readonly TimeSpan CountInterval = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait that a sender is told. The day may last longer, but the limit may also be raised.</summary>
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromHours(1);

    private const string Sql = "SELECT key_id, calls FROM analytics.count_key_calls($1, $2, $3)";

    private readonly ConcurrentDictionary<int, Meter> meters = [];

    private DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    private TimeSpan UntilTomorrow => Today.AddDays(1).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) - time.GetUtcNow().UtcDateTime;

    /// <summary>Lets a request in, or not.</summary>
    /// <param name="caller">Whose request it is.</param>
    /// <param name="length">The size of its body in bytes, where it says it.</param>
    /// <exception cref="RequestRefusedException">429: the key has used up one of its limits.</exception>
    public void Admit(Caller caller, long? length)
    {
        var limits = caller.Limits;
        if (limits == KeyLimits.None) return;
        var meter = meters.GetOrAdd(caller.KeyId, _ => new Meter(time));
        lock (meter)
        {
            if (limits.CallsPerDay is { } calls && meter.CallsOf(Today, caller) >= calls)
                throw Refuse("calls", string.Create(CultureInfo.InvariantCulture, $"{calls} calls a day (UTC)"), UntilTomorrow);
            if (limits.RequestsPerSecond is { } requests && meter.Requests.Wait(requests) is { } untilRequest)
                throw Refuse("requests", string.Create(CultureInfo.InvariantCulture, $"{requests} requests a second"), untilRequest);
            if (limits.BytesPerSecond is { } bytes && meter.Bytes.Wait(bytes) is { } untilBytes)
                throw Refuse("bytes", string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes a second"), untilBytes);
            if (limits.RequestsPerSecond is { } rate) meter.Requests.Use(rate, 1);
            if (limits.BytesPerSecond is { } byteRate) meter.Bytes.Use(byteRate, length ?? 0);
        }
    }

    /// <summary>Counts the bytes of a body that did not say its size.</summary>
    public void Received(Caller caller, long bytes)
    {
        if (caller.Limits.BytesPerSecond is not { } rate || !meters.TryGetValue(caller.KeyId, out var meter)) return;
        lock (meter) meter.Bytes.Use(rate, bytes);
    }

    /// <summary>Counts calls that were stored.</summary>
    public void Stored(Caller caller, int calls)
    {
        if (caller.Limits.CallsPerDay is null || calls == 0) return;
        var meter = meters.GetOrAdd(caller.KeyId, _ => new Meter(time));
        lock (meter) meter.Uncounted[Today] = meter.Uncounted.GetValueOrDefault(Today) + calls;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool stopping;
        do
        {
            await Task.Delay(CountInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Once more at the end: the lanes have ended before, so nothing is stored any more.
            stopping = stoppingToken.IsCancellationRequested;
            await TryCountAsync();
        }
        while (!stopping);
    }

    /// <summary>Adds what was stored to the sums in the database, and learns these.</summary>
    private async Task TryCountAsync()
    {
        using var limit = new CancellationTokenSource(CountInterval, time);
        try
        {
            await CountAsync(limit.Token);
        }
        catch (Exception failure) when (Failures.IsDatabase(failure))
        {
            log.LogWarning("The calls of limited keys could not be counted, the next attempt will: {Reason}", failure.Message);
        }
    }

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        var open = new List<(int Key, Meter Meter, DateOnly Day, long Calls)>();
        foreach (var (key, meter) in meters)
        {
            lock (meter) open.AddRange(meter.Uncounted.Select(day => (key, meter, day.Key, day.Value)));
        }

        foreach (var day in open.GroupBy(count => count.Day))
        {
            var byKey = day.ToDictionary(count => count.Key);
            await using var command = dataSource.CreateCommand(Sql);
            command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Integer, byKey.Keys.ToArray());
            command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Bigint, byKey.Values.Select(count => count.Calls).ToArray());
            command.Parameters.AddWithValue(NpgsqlDbType.Date, day.Key);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                var count = byKey[reader.GetInt32(0)];
                lock (count.Meter) count.Meter.Counted(day.Key, count.Calls, reader.GetInt64(1));
            }
        }
    }

    private RequestRefusedException Refuse(string limit, string what, TimeSpan wait)
    {
        metrics.Limited(limit);
        var seconds = Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, MaxRetryAfter.TotalSeconds);
        return new RequestRefusedException(StatusCodes.Status429TooManyRequests,
            $"This API key may send {what}, and has. Send the same request again later.", TimeSpan.FromSeconds(seconds));
    }

    private sealed class Meter(TimeProvider time)
    {
        private (DateOnly Day, long Calls) sum;

        public TokenBucket Requests { get; } = new(time);

        public TokenBucket Bytes { get; } = new(time);

        /// <summary>Calls that the sum does not hold yet, by day.</summary>
        public Dictionary<DateOnly, long> Uncounted { get; } = [];

        /// <summary>What is known of a day. The sum of a day only grows, so the greatest that was seen is the newest.</summary>
        public long CallsOf(DateOnly day, Caller caller) =>
            Math.Max(sum.Day == day ? sum.Calls : 0, caller.Day == day ? caller.CallsOfDay : 0) + Uncounted.GetValueOrDefault(day);

        public void Counted(DateOnly day, long calls, long newSum)
        {
            if ((Uncounted[day] -= calls) == 0) Uncounted.Remove(day);
            if (day >= sum.Day) sum = (day, newSum);
        }
    }
}
