using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Hub.Cli.Tests.Documents;

/// <summary>The Markdown files that people read, by their path in the repository.</summary>
internal static partial class MarkdownFiles
{
    public static string Repository { get; } = Root();

    public static IEnumerable<string> All => Directory.EnumerateFiles(Path.Combine(Repository, "docs"), "*.md", SearchOption.AllDirectories)
        .Concat(Directory.EnumerateFiles(Repository, "*.md"))
        .Concat(((string[])["AppHost", "locks",
            "tests/Hub.Benchmarks"]).SelectMany(directory => Directory.EnumerateFiles(Path.Combine(Repository, directory), "*.md")))
        .Select(path => Path.GetRelativePath(Repository, path).Replace('\\', '/')).Order(StringComparer.Ordinal);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Repository, path));

    /// <summary>The lines outside code blocks, with their numbers.</summary>
    public static IEnumerable<(int Number, string Text)> Prose(string path)
    {
        var inCode = false;
        foreach (var (index, line) in Read(path).Split('\n').Index())
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                inCode = !inCode;
            else if (!inCode)
                yield return (index + 1, line);
        }
    }

    /// <summary>What a heading is called in a link: "## Component → file" is <c>#component--file</c>.</summary>
    public static IEnumerable<string> Anchors(string path) => Prose(path).Where(line => line.Text.StartsWith('#'))
        .Select(line => Dropped().Replace(line.Text.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    private static string Root([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Dropped();
}
