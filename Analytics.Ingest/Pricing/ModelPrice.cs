namespace Analytics.Ingest.Pricing;

/// <summary>One row of analytics.model_prices. Prices are USD per million tokens, exact; null is unknown. <paramref name="ValidTo"/> is
/// exclusive.</summary>
internal sealed record ModelPrice(
    int PriceId, string Provider, string Model, bool IsPrefix, DateTime ValidFrom, DateTime? ValidTo,
    decimal Input, decimal Output, decimal? CacheRead, decimal? CacheWrite)
{
    public bool IsValidAt(DateTime time) => ValidFrom <= time && (ValidTo is null || time < ValidTo);
}

/// <summary>Where the prices in force come from.</summary>
internal interface IPriceSource
{
    PriceBook Current { get; }
}
