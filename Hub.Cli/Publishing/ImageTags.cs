using System.Text.RegularExpressions;

namespace Hub.Cli.Publishing;

/// <summary>
/// Which of a repository's tags are newer than one. Only tags of the same form count: <c>3.2.25-alpine</c> is not newer than <c>3.2.23</c>.
/// </summary>
internal static partial class ImageTags
{
    /// <summary>
    /// The newest of the same first number, which is a program's major version or PostgreSQL's; null where there is none newer.
    /// </summary>
    public static string? NewestOfMajor(string tag, IEnumerable<string> tags) => Newest(tag, tags, numbers: 1);

    /// <summary>The newest that differs in the last number only.</summary>
    public static string? NewestOfLine(string tag, IEnumerable<string> tags) => Newest(tag, tags, Numbers(tag).Count - 1);

    /// <param name="numbers">How many of the first numbers must be the same.</param>
    private static string? Newest(string tag, IEnumerable<string> tags, int numbers)
    {
        var now = Numbers(tag);
        return tags.Where(other => Form(other) == Form(tag) && Numbers(other).Take(numbers).SequenceEqual(now.Take(numbers)) && Compare(Numbers(other), now) > 0)
            .MaxBy(Numbers, Comparer<IReadOnlyList<long>>.Create(Compare));
    }

    private static int Compare(IReadOnlyList<long> left, IReadOnlyList<long> right) =>
        left.Zip(right, (a, b) => a.CompareTo(b)).FirstOrDefault(order => order != 0);

    private static string Form(string tag) => Number().Replace(tag, "#");

    private static IReadOnlyList<long> Numbers(string tag) =>
        // A commit or a moment in a tag may be longer than any version.
        [.. Number().Matches(tag).Select(match => long.TryParse(match.Value, out var number) ? number : long.MaxValue)];

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}
