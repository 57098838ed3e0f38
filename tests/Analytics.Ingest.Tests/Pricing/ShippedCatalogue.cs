using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Ingest.Pricing;

namespace Analytics.Ingest.Tests.Pricing;

/// <summary>The prices that a new hub has, read from the migration that inserts them.</summary>
internal static partial class ShippedCatalogue
{
    public static PriceBook Read()
    {
        using var script = typeof(ShippedCatalogue).Assembly.GetManifestResourceStream("07-model-prices.sql")!;
        var sql = new StreamReader(script).ReadToEnd();
        var prices = new List<ModelPrice>();
        foreach (Match row in Row().Matches(sql))
        {
            foreach (var name in row.Groups["names"].Value.Split(' '))
            {
                prices.Add(new ModelPrice(prices.Count + 1, row.Groups["provider"].Value, name.TrimEnd('*'), name.EndsWith('*'),
                    Time(row.Groups["from"].Value) ?? DateTime.MinValue, Time(row.Groups["to"].Value),
                    Money(row.Groups["input"].Value)!.Value, Money(row.Groups["output"].Value)!.Value, Money(row.Groups["read"].Value),
                    Money(row.Groups["write"].Value)));
            }
        }

        return new PriceBook(prices);
    }

    // ('openai', 'gpt-5-nano gpt-5-nano-*', NULL, '2026-07-30T00:00:00Z', 0.05, 0.4, 0.005, NULL)
    [GeneratedRegex(@"^\s*\('(?<provider>[^']+)', '(?<names>[^']+)', (?<from>NULL|'[^']+'), (?<to>NULL|'[^']+'), (?<input>[\d.]+), "
        + @"(?<output>[\d.]+), (?<read>NULL|[\d.]+), (?<write>NULL|[\d.]+)\)", RegexOptions.Multiline)]
    private static partial Regex Row();

    private static DateTime? Time(string sql) => sql == "NULL" ? null
        : DateTime.Parse(sql.Trim('\''), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);

    private static decimal? Money(string sql) => sql == "NULL" ? null : decimal.Parse(sql, CultureInfo.InvariantCulture);
}
