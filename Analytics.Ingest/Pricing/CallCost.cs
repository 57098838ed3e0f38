using Analytics.Ingest.Calls;

namespace Analytics.Ingest.Pricing;

/// <summary>What a call cost, in USD, and who says so. A part whose price or count is unknown is NULL, and so then is the total.</summary>
internal sealed record CallCost(
    decimal? Input, decimal? CacheRead, decimal? CacheWrite, decimal? Output, decimal? Total, int? PriceId, string Source)
{
    public const string Catalogue = "catalogue";
    public const string Provider = "provider";
    public const string Unpriced = "unpriced";

    private const string Usd = "USD";
    private const decimal Million = 1_000_000m;

    /// <summary>
    /// The cost that the span itself reports, else the catalogue's. A reported 0 beside tokens is not believed: several SDKs report 0 for
    /// models whose price they do not know. A reported cost in another currency than USD is flagged and not used.
    /// </summary>
    /// <param name="reported">The usage as reported, which may include the cost.</param>
    /// <param name="usage">The same in canonical form.</param>
    /// <param name="price">The catalogue's price at the time of the call; null when it has none.</param>
    /// <param name="isEmbedding">Whether the call makes embeddings, which are no output that is priced by tokens.</param>
    public static CallCost Of(ReportedUsage reported, UsageVector usage, ModelPrice? price, bool isEmbedding)
    {
        var usd = string.IsNullOrEmpty(reported.Currency) || reported.Currency.Equals(Usd, StringComparison.OrdinalIgnoreCase);
        if (reported.Cost is { } cost && usd && (cost > 0 || usage.Total is 0))
        {
            return new CallCost(null, null, null, null, cost, null, Provider);
        }

        if (price is null) return new CallCost(null, null, null, null, null, null, Unpriced);

        var input = Part(usage.Uncached, price.Input);
        // Where the catalogue names no price for cached tokens, they cost what input costs.
        var read = Part(usage.CacheRead ?? 0, price.CacheRead ?? price.Input);
        var write = Part(usage.CacheWrite ?? 0, price.CacheWrite ?? price.Input);
        // An embedding has no output to report, whatever the catalogue says of one; another call without any output count is one whose
        // stream broke off or that failed, and is unknown.
        var output = usage.Output is null && (isEmbedding || price.Output == 0) ? 0 : Part(usage.Output, price.Output);
        var total = input + read + write + output;
        // Parts of an unknown total would be in sums that the total is not in.
        return total is null
            ? new CallCost(null, null, null, null, null, price.PriceId, Unpriced)
            : new CallCost(input, read, write, output, total, price.PriceId, Catalogue);
    }

    private static decimal? Part(long? tokens, decimal perMillion) => tokens * perMillion / Million;
}
