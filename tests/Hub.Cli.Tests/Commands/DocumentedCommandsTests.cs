using System.Text.RegularExpressions;
using Hub.Cli.Commands;
using Hub.Cli.Tests.Documents;
using Spectre.Console;

namespace Hub.Cli.Tests.Commands;

/// <summary>Every <c>./hub …</c> that a document tells somebody to type is one that the command line takes.</summary>
public partial class DocumentedCommandsTests
{
    /// <summary>What <c>hub backup</c> hands on to the runner, which knows its own options.</summary>
    private static readonly string[] RunnersOptions = ["--dry-run", "--set", "--to"];

    /// <summary>Commands of the shell script itself.</summary>
    private static readonly string[] OfTheScript = ["./hub engine"];

    public static TheoryData<string> Commands => [.. MarkdownFiles.All.Where(path => path is not "CHANGELOG.md").SelectMany(path => Command().Matches(MarkdownFiles.Read(path)).Select(match => Comment().Replace(match.Groups["line"].Value, "").Trim()))
        // A form rather than a command: `[--to member]`, `full\|diff`, `<moment>`.
        .Where(line => !line.Contains('[', StringComparison.Ordinal) && !line.Contains(@"\|", StringComparison.Ordinal) && !line.Contains('<', StringComparison.Ordinal))
        .Distinct().Except(OfTheScript).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Commands))]
    public void Are_known(string line)
    {
        // What the shell would do with quotes and pipes is as much of it as the documents use.
        var words = Word().Matches(Pipe().Replace(line, "")).Select(match => match.Groups["quoted"].Success ? match.Groups["quoted"].Value : match.Value).Skip(1).ToArray();
        var parsed = HubCommand.Create(new Ui(AnsiConsole.Console)).Parse(words);
        Assert.True(parsed.Errors.Count == 0 && parsed.UnmatchedTokens.All(token => RunnersOptions.Contains(token) || !token.StartsWith('-')), $"{line}: {string.Join("; ", parsed.Errors.Select(error => error.Message))} {string.Join(' ', parsed.UnmatchedTokens)}");
        Assert.NotEmpty(words);
    }

    [Fact]
    public void Enough_commands_are_found() => Assert.True(Commands.Count > 60, $"{Commands.Count} commands were found");

    [GeneratedRegex(@"`(?<line>\./hub [^`]+)`|(?<=^\s*(?:[A-Z0-9_]+=\S+ )*|\| )(?<line>\./hub [^`\n]+)(?<!`)$", RegexOptions.Multiline)]
    private static partial Regex Command();

    /// <summary>"./hub status          # members, lag"; what follows the semicolon in "./hub send; ./hub status" is another command.</summary>
    [GeneratedRegex(@"\s+#.*$|;.*$|\\$")]
    private static partial Regex Comment();

    [GeneratedRegex(@" \| .*$")]
    private static partial Regex Pipe();

    [GeneratedRegex("""'(?<quoted>[^']*)'|"(?<quoted>[^"]*)"|[^\s'"]+""")]
    private static partial Regex Word();
}
