using System.Text.RegularExpressions;

namespace Hub.Cli.Engine;

/// <summary>What a database image can open.</summary>
/// <param name="Name">The image.</param>
/// <param name="PostgreSql">The major release.</param>
/// <param name="TimescaleDb">Each version of TimescaleDB that it has the library of, oldest first.</param>
/// <param name="Community">Those of them that it has the Community edition's library of.</param>
/// <param name="Patroni">Its version; null: it does not tell.</param>
internal sealed partial record DatabaseImage(string Name, int PostgreSql, IReadOnlyList<Version> TimescaleDb, IReadOnlyList<Version> Community, Version? Patroni)
{
    /// <summary>As start-patroni.py has it: quorum commit came with it.</summary>
    public static readonly Version LeastPatroni = new(4, 0, 0);

    private const string Script = """
        postgres --version || exit 1
        lib=$(pg_config --pkglibdir 2> /dev/null) || lib=$(dirname "$(readlink -f "$(command -v postgres)")")/../lib
        ls "$lib" | grep '^timescaledb-'
        patroni --version
        """;

    public override string ToString() =>
        $"PostgreSQL {PostgreSql}, TimescaleDB {(TimescaleDb.Count == 0 ? "none" : string.Join(", ", TimescaleDb))}{(TimescaleDb.Count == 0 ? "" : Community.Count > 0 ? ", Community edition" : ", Apache edition")}";

    /// <exception cref="CliException">It is not a database image.</exception>
    public static async Task<DatabaseImage> InspectAsync(ContainerEngine engine, string image, CancellationToken cancellation)
    {
        var result = await engine.RunAsync(cancellation, "run", "--rm", "--network", "none", "--entrypoint", "/bin/sh", image, "-c", Script);
        return Parse(image, result.Output) ?? throw new CliException($"{image} is no image of a PostgreSQL with TimescaleDB: {result.Error.Trim()}",
            "Name one that has both, with Patroni and pgBackRest: docs/VERSIONS.md.");
    }

    /// <summary>
    /// Output as <c>postgres (PostgreSQL) 17.12 (Debian 17.12-0+deb13u1)</c>, then <c>timescaledb-2.19.3.so</c>,
    /// <c>timescaledb-tsl-2.19.3.so</c>, …, then <c>patroni 4.0.7</c>.
    /// </summary>
    internal static DatabaseImage? Parse(string image, string output)
    {
        if (Major().Match(output) is not { Success: true } major)
            return null;
        List<Version> Of(string edition) =>
            [.. Library().Matches(output).Where(match => match.Groups["edition"].Value == edition).Select(match => Version.Parse(match.Groups["version"].Value)).Distinct().Order()];
        return new DatabaseImage(image, int.Parse(major.Groups[1].Value, null), Of(""), Of("tsl-"), PatroniVersion().Match(output) is { Success: true } patroni ? Version.Parse(patroni.Groups[1].Value) : null);
    }

    [GeneratedRegex(@"^patroni (\d+\.\d+\.\d+)", RegexOptions.Multiline)]
    private static partial Regex PatroniVersion();

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex Major();

    [GeneratedRegex(@"^timescaledb-(?<edition>tsl-)?(?<version>\d+\.\d+\.\d+)\.so\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Library();
}
