using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Analytics.Topology.Tests.Model;

/// <summary>The life of a row is written twice, here and in the migrations: the two are the same.</summary>
public partial class HypertablePolicyTests
{
    [Fact]
    public void The_migrations_hold_the_same_figures()
    {
        var script = File.ReadAllText(Path.Combine(Repository(), "Analytics.Migrations/Scripts/02-create-hypertables.sql"));
        var rows = script[script.IndexOf("INSERT INTO analytics.table_lifecycles", StringComparison.Ordinal)..];
        var written = Row().Matches(rows[..rows.IndexOf(';', StringComparison.Ordinal)])
            .Select(row => new HypertablePolicy(row.Groups[1].Value, Days(row.Groups[2]), Days(row.Groups[3]), Days(row.Groups[4])));
        Assert.Equal(HypertablePolicy.Defaults.OrderBy(policy => policy.Table), written.OrderBy(policy => policy.Table));
    }

    private static string Repository([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));

    private static TimeSpan Days(Group text) => TimeSpan.FromDays(int.Parse(text.ValueSpan, CultureInfo.InvariantCulture));

    // ('analytics.llm_requests', '1 day', '365 days', '7 days', …
    [GeneratedRegex(@"\('([a-z_.]+)',\s*'(\d+) days?',\s*'(\d+) days?',\s*'(\d+) days?'")]
    private static partial Regex Row();
}
