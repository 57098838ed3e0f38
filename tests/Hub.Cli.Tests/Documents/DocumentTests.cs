using System.Text.RegularExpressions;
using Hub.Drills.Faults;

namespace Hub.Cli.Tests.Documents;

/// <summary>Links and paths in the documents exist, and each document keeps the form that readers rely on.</summary>
public partial class DocumentTests
{
    private const int LongestLine = 140, LongestReadme = 100, LongestSummary = 10;

    public static TheoryData<string> Files => [.. MarkdownFiles.All];

    public static TheoryData<string> Decisions =>
        [.. MarkdownFiles.All.Where(path => path.StartsWith("docs/decisions/", StringComparison.Ordinal))];

    /// <summary>Decisions and the changelog describe the repository as it was.</summary>
    public static TheoryData<string> Present =>
        [.. MarkdownFiles.All.Where(path => path != "CHANGELOG.md" && !path.StartsWith("docs/decisions/", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Files))]
    public void Links_lead_to_a_file_and_a_heading(string path)
    {
        foreach (Match match in Link().Matches(string.Join('\n', MarkdownFiles.Prose(path).Select(line => line.Text))))
        {
            var (target, heading) = (match.Groups["path"].Value, match.Groups["heading"].Value);
            var file = target.Length == 0 ? path : Path.GetRelativePath(MarkdownFiles.Repository,
                Path.Combine(MarkdownFiles.Repository, Path.GetDirectoryName(path)!, target));
            Assert.True(Path.Exists(Path.Combine(MarkdownFiles.Repository, file)), $"{path}: {match.Value} leads nowhere");
            Assert.True(heading.Length == 0 || MarkdownFiles.Anchors(file).Contains(heading),
                $"{path}: {match.Value}: {file} has no such heading");
        }
    }

    [Theory, MemberData(nameof(Present))]
    public void Paths_of_source_files_exist(string path)
    {
        foreach (Match match in SourcePath().Matches(MarkdownFiles.Read(path)))
            Assert.True(Path.Exists(Path.Combine(MarkdownFiles.Repository, match.Groups["path"].Value)),
                $"{path}: there is no {match.Groups["path"].Value}");
    }

    [Theory, MemberData(nameof(Files))]
    public void Lines_of_prose_end_at_140_columns(string path) =>
        Assert.All(MarkdownFiles.Prose(path).Where(line => !line.Text.StartsWith('|')),
            line => Assert.True(Code().Replace(line.Text, "").Length <= LongestLine,
                $"{path}:{line.Number} has {line.Text.Length} columns"));

    [Theory, MemberData(nameof(Decisions))]
    public void Decisions_start_with_a_summary_of_at_most_ten_lines(string path)
    {
        var lines = MarkdownFiles.Read(path).Split('\n').Where(line => line.Length > 0).ToList();
        Assert.Matches(@"^# \d+\. ", lines[0]);
        Assert.Equal("## Summary", lines[1]);
        Assert.InRange(lines.Skip(2).TakeWhile(line => !line.StartsWith('#')).Count(), 1, LongestSummary);
    }

    [Fact]
    public void The_readme_fits_two_screens() => Assert.InRange(MarkdownFiles.Read("README.md").Split('\n').Length, 40, LongestReadme);

    [Fact]
    public void Every_fault_is_described()
    {
        var text = MarkdownFiles.Read("docs/DRILLS.md");
        Assert.All(FaultCatalog.All, fault => Assert.Contains($"`{fault.Name}`", text, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\]\((?!https?:)(?<path>[^)#\s]*)(?:#(?<heading>[^)\s]*))?\)")]
    private static partial Regex Link();

    // `Analytics.Topology/Model/Tiers.cs`, tests/Hub.Testing/; not `docs/runbooks/NAME.md` or `rules/*.yaml`.
    [GeneratedRegex(@"(?<=[`\s(])(?<path>(?:Analytics\.[A-Z]\w+|AppHost|Hub\.[A-Z]\w+|ServiceDefaults|"
        + @"tests|docs|images|locks|aspire-manifest)/"
        + @"(?!\S*NAME)[\w./-]*\w)/?(?=[`\s),;:]|\.\s)")]
    private static partial Regex SourcePath();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex Code();
}
