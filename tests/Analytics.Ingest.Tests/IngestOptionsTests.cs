using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Analytics.Ingest.Tests;

public sealed partial class IngestOptionsTests
{
    /// <summary>The migrations say how long a call is kept (analytics.table_lifecycles); an older one would be dropped again.</summary>
    [Fact]
    public void A_call_may_be_as_old_as_the_retention_of_its_table()
    {
        var kept = Requests().Match(File.ReadAllText(Path.Combine(Repository(), "Analytics.Migrations/Scripts/13-calls.sql")));
        Assert.Equal(TimeSpan.FromDays(int.Parse(kept.Groups[1].ValueSpan, CultureInfo.InvariantCulture)), new IngestOptions().MaxAge);
    }

    private static string Repository([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../.."));

    // ('analytics.calls', '1 day', '365 days', '7 days', …
    [GeneratedRegex(@"\('analytics\.calls',\s*'\d+ days?',\s*'(\d+) days'")]
    private static partial Regex Requests();
}
