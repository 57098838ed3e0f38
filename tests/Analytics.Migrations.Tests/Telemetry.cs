namespace Analytics.Migrations.Tests;

/// <summary>One request as the tests make it up; what is null is unknown.</summary>
internal sealed record Request(DateTime Time)
{
    public Guid Id { get; init; } = Guid.NewGuid();
    public int Project { get; init; } = 1;
    public string Provider { get; init; } = "openai";
    public string Model { get; init; } = "gpt-4o";
    public string Operation { get; init; } = "chat";
    public bool IsError { get; init; }
    public double? Seconds { get; init; } = 1.5;
    public double? FirstToken { get; init; }
    public long? Input { get; init; } = 100;
    public long? Output { get; init; } = 10;
    public decimal? Cost { get; init; } = 0.5m;
}

/// <summary>Writes calls as the release before the table of calls does: one row in each of its three tables, which are views now, as
/// llm_app.</summary>
internal static class Telemetry
{
    /// <summary>The start of the current UTC hour, by the database's clock.</summary>
    public static async Task<DateTime> HourAsync(this TestDatabase database) =>
        await database.App.ScalarAsync<DateTime>("SELECT date_trunc('hour', now(), 'UTC')");

    public static async Task AddAsync(this TestDatabase database, params Request[] requests)
    {
        foreach (var r in requests)
        {
            await database.App.ExecuteAsync(
                """
                INSERT INTO analytics.llm_requests (time, request_id, project_id, provider, model, operation, is_error, duration_seconds,
                  time_to_first_token_seconds, input_tokens, output_tokens, cost_usd)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                """,
                r.Time, r.Id, r.Project, r.Provider, r.Model, r.Operation, r.IsError, Db(r.Seconds), Db(r.FirstToken), Db(r.Input),
                Db(r.Output), Db(r.Cost));
            await database.App.ExecuteAsync(
                """
                INSERT INTO analytics.token_usage (time, request_id, project_id, provider, model, input_tokens, output_tokens, cache_convention)
                VALUES ($1, $2, $3, $4, $5, $6, $7, 'none')
                """,
                r.Time, r.Id, r.Project, r.Provider, r.Model, Db(r.Input), Db(r.Output));
            await database.App.ExecuteAsync(
                """
                INSERT INTO analytics.cost_tracking (time, request_id, project_id, provider, model, input_cost, output_cost, total_cost, price_source)
                VALUES ($1, $2, $3, $4, $5, $6::numeric * 0.4, $6::numeric * 0.6, $6, CASE WHEN $6::numeric IS NULL THEN 'unpriced' ELSE 'provider' END)
                """,
                r.Time, r.Id, r.Project, r.Provider, r.Model, Db(r.Cost));
        }
    }

    private static object Db<T>(T? value) where T : struct => value is { } known ? known : DBNull.Value;
}
