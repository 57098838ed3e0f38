using Analytics.Ingest.Calls;

namespace Analytics.Ingest.Pricing;

/// <summary>A call with its cost, ready to be stored.</summary>
internal readonly record struct PricedCall(Call Call, CallCost Cost);

/// <summary>Prices calls with the price that was valid when each began.</summary>
internal sealed class CallPricer(IPriceSource prices)
{
    /// <param name="call">The call.</param>
    /// <param name="reported">Its usage as its sender reported it, which may include the cost.</param>
    public PricedCall Price(Call call, ReportedUsage reported) =>
        new(call, CallCost.Of(reported, call.Usage, prices.Current.Find(call.Provider, call.Model, call.RequestModel, call.Time),
            call.Operation == Operations.Embeddings));
}
