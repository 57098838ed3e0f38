using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Analytics.Ingest.Tests.Pricing;

/// <summary>Base prices of one model in USD per million tokens; null is unknown.</summary>
internal sealed record OraclePrice(decimal? Input, decimal Output, decimal? CacheRead, decimal? CacheWrite);

/// <summary>
/// The prices of pydantic/genai-prices (prices/new_data/v2/data.json, MIT), read by code of its own, so that the catalogue and its look-up
/// can be compared with them. The file is not part of the project: <see cref="SharedData"/>.
/// </summary>
internal sealed class PriceOracle
{
    private const string Prices = "genai-prices-v2.json";

    private readonly Dictionary<string, JsonElement> providers = [];

    private PriceOracle(JsonDocument file)
    {
        foreach (var provider in file.RootElement.EnumerateArray()) providers[provider.GetProperty("id").GetString()!] = provider;
    }

    /// <summary>Reads the file; skips the test where it is absent.</summary>
    public static PriceOracle Read()
    {
        return new PriceOracle(JsonDocument.Parse(File.ReadAllBytes(SharedData.Path(Prices))));
    }

    /// <summary>Every name that the file has for the provider's models: ids, equal names, and the prefixes themselves.</summary>
    public IReadOnlyList<string> NamesOf(string provider)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var model in Models(provider))
        {
            names.Add(model.GetProperty("id").GetString()!);
            AddNames(model.GetProperty("match"), names);
        }

        return [.. names.Where(name => PriceOf(provider, name, DateTime.UnixEpoch) is not null)];
    }

    /// <summary>The price of a model at a time (UTC); null when the file does not know the name.</summary>
    public OraclePrice? PriceOf(string provider, string name, DateTime time)
    {
        var lower = name.ToLowerInvariant();
        foreach (var model in Models(provider))
        {
            if (Matches(model.GetProperty("match"), lower)) return PriceAt(model.GetProperty("prices"), time);
        }

        return null;
    }

    private JsonElement.ArrayEnumerator Models(string provider) => providers[provider].GetProperty("models").EnumerateArray();

    private static void AddNames(JsonElement match, SortedSet<string> names)
    {
        foreach (var rule in match.EnumerateObject())
        {
            if (rule.Name is "equals" or "starts_with") names.Add(rule.Value.GetString()!);
            else if (rule.Name is "or" or "and") foreach (var part in rule.Value.EnumerateArray()) AddNames(part, names);
        }
    }

    private static bool Matches(JsonElement match, string name)
    {
        var rule = match.EnumerateObject().Single();
        string Text() => rule.Value.GetString()!.ToLowerInvariant();
        return rule.Name switch
        {
            "equals" => name == Text(),
            "starts_with" => name.StartsWith(Text(), StringComparison.Ordinal),
            "ends_with" => name.EndsWith(Text(), StringComparison.Ordinal),
            "contains" => name.Contains(Text(), StringComparison.Ordinal),
            "regex" => Regex.IsMatch(name, rule.Value.GetString()!, RegexOptions.IgnoreCase),
            "or" => rule.Value.EnumerateArray().Any(part => Matches(part, name)),
            "and" => rule.Value.EnumerateArray().All(part => Matches(part, name)),
            _ => throw new InvalidDataException($"A rule that this reader does not know: {rule.Name}"),
        };
    }

    /// <summary>Of a list the last whose condition holds, as genai-prices decides.</summary>
    private static OraclePrice PriceAt(JsonElement prices, DateTime time)
    {
        if (prices.ValueKind == JsonValueKind.Object) return Of(prices);
        var valid = prices.EnumerateArray().Where(entry => Holds(entry, time)).Last();
        return Of(valid.GetProperty("prices"));
    }

    private static bool Holds(JsonElement entry, DateTime time)
    {
        if (!entry.TryGetProperty("constraint", out var constraint) || constraint.ValueKind == JsonValueKind.Null) return true;
        if (constraint.TryGetProperty("start_date", out var start))
            return time >= DateTime.Parse(start.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal
                | DateTimeStyles.AssumeUniversal);

        var (from, to) = (Hour(constraint, "start_time"), Hour(constraint, "end_time"));
        return from <= to ? time.TimeOfDay >= from && time.TimeOfDay < to : time.TimeOfDay >= from || time.TimeOfDay < to;
    }

    // "00:30:00Z"
    private static TimeSpan Hour(JsonElement constraint, string name) =>
        TimeSpan.Parse(constraint.GetProperty(name).GetString()!.TrimEnd('Z'), CultureInfo.InvariantCulture);

    private static OraclePrice Of(JsonElement prices) => new(
        Number(prices, "input_mtok"), Number(prices, "output_mtok") ?? 0, Number(prices, "cache_read_mtok"),
        Number(prices, "cache_write_mtok"));

    private static decimal? Number(JsonElement prices, string unit) => !prices.TryGetProperty(unit, out var value) ? null
        : value.ValueKind == JsonValueKind.Object ? value.GetProperty("base").GetDecimal() : value.GetDecimal();
}
