namespace Analytics.Ingest.Pricing;

/// <summary>One row of analytics.model_prices. Prices are USD per million tokens, exact; null is unknown. <paramref name="ValidTo"/> is
/// exclusive. A row that <paramref name="IsNumber"/> is false of has a price that nobody can reckon with: its model has none.</summary>
internal sealed record ModelPrice(
    int PriceId, string Provider, string Model, bool IsPrefix, DateTime ValidFrom, DateTime? ValidTo,
    decimal Input, decimal Output, decimal? CacheRead, decimal? CacheWrite, bool IsNumber = true)
{
    public bool IsValidAt(DateTime time) => ValidFrom <= time && (ValidTo is null || time < ValidTo);
}

/// <summary>Where the prices in force come from.</summary>
internal interface IPriceSource
{
    PriceBook Current { get; }
}
