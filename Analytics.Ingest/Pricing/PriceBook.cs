using Analytics.Ingest.Calls;

namespace Analytics.Ingest.Pricing;

/// <summary>
/// The prices in force, found by provider, model and time of the call. An exact name wins over a prefix, a longer prefix over a shorter
/// one, the model that answered over the one asked for. A prefix ends at a boundary: <c>gpt-4o</c> covers <c>gpt-4o-2024-08-06</c> and
/// neither
/// <c>gpt-4omni</c> nor, being another version, <c>gpt-4o.1</c>.
/// </summary>
internal sealed class PriceBook
{
    public static readonly PriceBook Empty = new([]);

    private readonly Dictionary<(string Provider, string Model), List<ModelPrice>> exact = [];
    private readonly Dictionary<string, List<ModelPrice>> prefixes = [];

    public PriceBook(IReadOnlyCollection<ModelPrice> prices)
    {
        Count = prices.Count;
        foreach (var price in prices)
        {
            var provider = ProviderNames.Canonical(price.Provider);
            var model = price.Model.ToLowerInvariant();
            if (price.IsPrefix) ListOf(prefixes, provider).Add(price with { Model = model });
            else ListOf(exact, (provider, model)).Add(price);
        }

        // Of two prices valid at one time, the one that began later corrects the other.
        foreach (var list in exact.Values) list.Sort((a, b) => b.ValidFrom.CompareTo(a.ValidFrom));
        foreach (var list in prefixes.Values)
        {
            list.Sort((a, b) => b.Model.Length != a.Model.Length
                ? b.Model.Length.CompareTo(a.Model.Length) : b.ValidFrom.CompareTo(a.ValidFrom));
        }
    }

    /// <summary>How many prices there are.</summary>
    public int Count { get; }

    /// <summary>The price of a call that began at <paramref name="time"/> (UTC); null when it is not known.</summary>
    public ModelPrice? Find(string provider, string model, string? requestModel, DateTime time)
    {
        var found = Find(provider, model, time);
        if (found is null && requestModel is not null && requestModel != model) found = Find(provider, requestModel, time);
        return found is { IsNumber: true } ? found : null;
    }

    /// <summary>The first reading whose name the catalogue knows decides: a name without a price at that time is unknown, not its
    /// neighbour's.</summary>
    private ModelPrice? Find(string provider, string model, DateTime time)
    {
        foreach (var reading in ModelNames.Readings(provider, model))
        {
            if (exact.TryGetValue(reading, out var named)) return named.Find(price => price.IsValidAt(time));
            if (!prefixes.TryGetValue(reading.Provider, out var candidates)) continue;
            if (candidates.Find(candidate => Covers(candidate.Model, reading.Model)) is { } longest)
            {
                return candidates.Find(price => price.Model == longest.Model && price.IsValidAt(time));
            }
        }

        return null;
    }

    private static bool Covers(string prefix, string model)
    {
        if (!model.StartsWith(prefix, StringComparison.Ordinal)) return false;
        if (model.Length == prefix.Length || prefix.Length == 0) return prefix.Length > 0;
        return IsBoundary(model[prefix.Length]) || IsBoundary(prefix[^1]);
    }

    private static bool IsBoundary(char c) => !char.IsAsciiLetterOrDigit(c) && c != '.';

    private static List<ModelPrice> ListOf<TKey>(Dictionary<TKey, List<ModelPrice>> lists, TKey key) where TKey : notnull
    {
        if (!lists.TryGetValue(key, out var list)) lists[key] = list = [];
        return list;
    }
}
