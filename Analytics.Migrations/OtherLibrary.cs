using System.Text.RegularExpressions;
using Npgsql;

namespace Analytics.Migrations;

/// <summary>
/// A database on another image than the one that made it. TimescaleDB loads the library of the very version that wrote the data; where the
/// image lacks it, every statement ends with <c>58P01: could not access file "$libdir/timescaledb-2.19.3": No such file or directory</c>.
/// </summary>
internal static partial class OtherLibrary
{
    /// <summary>What to do about it.</summary>
    public const string Steps = "Nothing was changed. Use the image again that created the data (locally HUB_DATABASE_IMAGE, "
        + "in Kubernetes the image of StatefulSet timescaledb), or follow docs/OPERATIONS.md, Another database image.";

    /// <summary>What the error means, with the steps; null where it is about something else.</summary>
    public static string? Explain(PostgresException problem)
    {
        if (problem.SqlState != PostgresErrorCodes.UndefinedFile || Library().Match(problem.MessageText) is not { Success: true } library)
            return null;
        var (edition, missing) = library.Groups["edition"].Value == "tsl-"
            ? (", Community edition", "that edition and version")
            : ("", "that version");
        return $"This database was created by TimescaleDB {library.Groups["version"].Value}{edition}, and the database image has no library "
            + $"of {missing} ({problem.MessageText}). {Steps}";
    }

    [GeneratedRegex(@"timescaledb-(?<edition>tsl-)?(?<version>[0-9]+\.[0-9]+\.[0-9]+[^""/]*)")]
    private static partial Regex Library();
}
