using System.Globalization;
using System.Runtime.CompilerServices;

namespace Analytics.Topology.Tests.Model;

/// <summary>
/// docs/VERSIONS.md is about the images that are published, and says of each where it comes from and when that was looked up.
/// </summary>
public class VersionTableTests
{
    private static readonly string[] Columns = ["part", "image", "newest release known", "source", "looked up", "seen"];

    [Fact]
    public void Has_every_published_image_once_with_its_source_and_day()
    {
        var lines = File.ReadAllLines(Path.Combine(Root(), "docs/VERSIONS.md"));
        var rows = lines.SkipWhile(line => line != $"| {string.Join(" | ", Columns)} |").Skip(2).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)).ToList();
        Assert.Equal(Images.Public.All.Where(image => !Images.IsOwn(image)).Order(StringComparer.Ordinal),
            rows.Select(row => row[1].Trim('`')).Order(StringComparer.Ordinal));
        Assert.All(rows, row =>
        {
            Assert.Equal(Columns.Length, row.Length);
            Assert.All(row, cell => Assert.NotEmpty(cell));
            Assert.Contains("](https://", row[3], StringComparison.Ordinal);
            Assert.InRange(DateOnly.ParseExact(row[4], "yyyy-MM-dd", CultureInfo.InvariantCulture), new DateOnly(2026, 1, 1),
                DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().Date));
        });
    }

    /// <summary>The numbers that the text names are those of the code.</summary>
    [Fact]
    public void Names_the_least_versions_that_the_code_insists_on()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "docs/VERSIONS.md"));
        var start = File.ReadAllText(Path.Combine(Root(), "Analytics.Topology/Templates/start-patroni.py"));
        Assert.Contains("LEAST = (4, 0, 0)", start, StringComparison.Ordinal);
        Assert.Contains("| Patroni | 4.0.0 |", text, StringComparison.Ordinal);
        var facts = File.ReadAllText(Path.Combine(Root(), "Analytics.Migrations/ServerFacts.cs"));
        Assert.Contains("OldestPostgres = new(15, 0)", facts, StringComparison.Ordinal);
        Assert.Contains("| PostgreSQL | 15 |", text, StringComparison.Ordinal);
        Assert.Contains("OldestTimescale = new(2, 13)", facts, StringComparison.Ordinal);
        Assert.Contains("| TimescaleDB | 2.13 |", text, StringComparison.Ordinal);
    }

    private static string Root([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "../../..");
}
