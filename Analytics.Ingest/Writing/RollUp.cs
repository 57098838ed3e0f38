using Analytics.Ingest.Calls;
using Analytics.Ingest.Pricing;
using Hub.Shared;
using Npgsql;
using NpgsqlTypes;

namespace Analytics.Ingest.Writing;

/// <summary>
/// What the calls of one batch add to <c>aggregates.call_rollups</c> for one quarter of an hour and one key. A sum is null where none of
/// the calls knew the value.
/// </summary>
internal sealed class RollUp
{
    private static readonly string[] Tokens = ["input", "output", "cache_read", "cache_write", "reasoning"];
    private static readonly string[] Costs = ["input_cost", "cache_read_cost", "cache_write_cost", "output_cost", "cost_usd"];

    public static readonly string Columns =
        "time, project_id, provider, model, operation, service_name, environment, calls, errors, "
        + string.Concat(Tokens.Select(kind => $"{kind}_tokens, ")) + "priced_calls, " + string.Concat(Costs.Select(cost => $"{cost}, "))
        + "duration_microseconds, duration_count, first_token_microseconds, first_token_count, "
        + DurationBuckets.Columns(column => column) + ", "
        + DurationBuckets.Columns(column => column.Replace("duration", "first_token", StringComparison.Ordinal));

    private readonly Key key;
    private readonly long?[] tokens = new long?[Tokens.Length];
    private readonly decimal?[] costs = new decimal?[Costs.Length];
    private readonly Histogram durations = new(), firstTokens = new();
    private long calls, errors, priced;

    private RollUp(Key key) => this.key = key;

    /// <summary>The roll-ups of calls.</summary>
    public static IReadOnlyCollection<RollUp> Of(IEnumerable<QueuedCall> calls)
    {
        var rollUps = new Dictionary<Key, RollUp>();
        foreach (var queued in calls)
        {
            var key = Key.Of(queued.Call);
            if (!rollUps.TryGetValue(key, out var rollUp)) rollUps[key] = rollUp = new RollUp(key);
            rollUp.Add(queued.Call, queued.Cost);
        }

        return rollUps.Values;
    }

    /// <summary>Writes one row of <see cref="Columns"/>.</summary>
    public static void Write(NpgsqlBinaryImporter to, RollUp rollUp)
    {
        to.Write(rollUp.key.Quarter, NpgsqlDbType.TimestampTz);
        to.Write(rollUp.key.ProjectId, NpgsqlDbType.Integer);
        TableCopies.Write(to, rollUp.key.Provider);
        TableCopies.Write(to, rollUp.key.Model);
        TableCopies.Write(to, rollUp.key.Operation);
        TableCopies.Write(to, rollUp.key.ServiceName);
        TableCopies.Write(to, rollUp.key.Environment);
        to.Write(rollUp.calls, NpgsqlDbType.Bigint);
        to.Write(rollUp.errors, NpgsqlDbType.Bigint);
        foreach (var sum in rollUp.tokens) TableCopies.Write(to, sum, NpgsqlDbType.Bigint);
        to.Write(rollUp.priced, NpgsqlDbType.Bigint);
        foreach (var sum in rollUp.costs) TableCopies.Write(to, sum, NpgsqlDbType.Numeric);
        rollUp.durations.WriteSum(to);
        rollUp.firstTokens.WriteSum(to);
        rollUp.durations.WriteBuckets(to);
        rollUp.firstTokens.WriteBuckets(to);
    }

    private void Add(Call call, CallCost cost)
    {
        calls++;
        if (call.IsError) errors++;
        if (cost.Total is not null) priced++;
        var usage = call.Usage;
        Add(tokens, [usage.Input, usage.Output, usage.CacheRead, usage.CacheWrite, usage.Reasoning]);
        Add(costs, [cost.Input, cost.CacheRead, cost.CacheWrite, cost.Output, cost.Total]);
        durations.Add(call.DurationSeconds);
        firstTokens.Add(call.TimeToFirstTokenSeconds);
    }

    private static void Add(long?[] sums, ReadOnlySpan<long?> values)
    {
        for (var i = 0; i < sums.Length; i++) sums[i] = values[i] is { } value ? (sums[i] ?? 0) + value : sums[i];
    }

    private static void Add(decimal?[] sums, ReadOnlySpan<decimal?> values)
    {
        for (var i = 0; i < sums.Length; i++) sums[i] = values[i] is { } value ? (sums[i] ?? 0) + value : sums[i];
    }

    private readonly record struct Key(
        DateTime Quarter, int ProjectId, string Provider, string Model, string Operation, string? ServiceName, string? Environment)
    {
        private const long Ticks = 15 * TimeSpan.TicksPerMinute;

        public static Key Of(Call call) => new(new DateTime(call.Time.Ticks - (call.Time.Ticks % Ticks), DateTimeKind.Utc), call.ProjectId,
            call.Provider, call.Model, call.Operation, call.ServiceName, call.Environment);
    }

    /// <summary>Times in the buckets of <see cref="DurationBuckets"/>, and their sum in whole microseconds.</summary>
    private sealed class Histogram
    {
        private readonly long[] buckets = new long[DurationBuckets.Seconds.Count + 1];
        private long microseconds, count;

        public void Add(double? seconds)
        {
            if (seconds is not { } known) return;
            // To even, as PostgreSQL's round(double precision) does: a check of the roll-ups against the calls finds equal sums.
            microseconds += (long)Math.Round(known * 1_000_000, MidpointRounding.ToEven);
            count++;
            buckets[DurationBuckets.Of(known)]++;
        }

        public void WriteSum(NpgsqlBinaryImporter to)
        {
            TableCopies.Write<long>(to, count == 0 ? null : microseconds, NpgsqlDbType.Bigint);
            to.Write(count, NpgsqlDbType.Bigint);
        }

        public void WriteBuckets(NpgsqlBinaryImporter to)
        {
            foreach (var bucket in buckets) TableCopies.Write<long>(to, bucket == 0 ? null : bucket, NpgsqlDbType.Bigint);
        }
    }
}
