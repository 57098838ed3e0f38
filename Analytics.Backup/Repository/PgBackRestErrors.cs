using System.Text.RegularExpressions;

namespace Analytics.Backup.Repository;

/// <summary>
/// What pgBackRest's errors mean to an operator: what is wrong, where, what to do. Codes are those of its src/build/error/error.yaml; a code
/// alone is often not enough (an HTTP 403 is a protocol error like any other), so texts are looked at too. The first rule that fits answers;
/// an error that none fits is shown as pgBackRest wrote it.
/// </summary>
public static partial class PgBackRestErrors
{
    /// <summary>Explains a command that ended with an error.</summary>
    public static BackupException Explain(string command, PgBackRestResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Explain($"pgbackrest {command}", CodeOf(result), First(result)?.Text ?? "it wrote no error; its log is above");
    }

    /// <summary>The code of what ended a command.</summary>
    public static int CodeOf(PgBackRestResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return First(result)?.Code ?? result.ExitCode;
    }

    // 104 only counts the errors before it.
    private static LogEntry? First(PgBackRestResult result)
    {
        var errors = result.Log.Where(entry => entry.Level == "ERROR").ToList();
        return errors.FirstOrDefault(entry => entry.Code != 104) ?? errors.FirstOrDefault();
    }

    /// <summary>Explains a stanza that cannot be used.</summary>
    public static BackupException Explain(StanzaStatus status, string stanza, string message) => status switch
    {
        StanzaStatus.MissingPath => new($"The repository does not know stanza '{stanza}': {message}.",
            "Check that the repository is the right one (path, bucket, prefix) and mounted. For a new cluster: pgbackrest stanza-create. For a repository that had the stanza: docs/runbooks, repository lost."),
        StanzaStatus.MissingData => new($"Stanza '{stanza}' has no backup.info or archive.info: {message}.", "The repository has lost files: docs/runbooks, repository lost."),
        StanzaStatus.DatabaseMismatch => new($"Stanza '{stanza}' belongs to another database: {message}.", "After a major upgrade run pgbackrest stanza-upgrade; otherwise this is the wrong stanza."),
        StanzaStatus.Other => Explain("pgbackrest info", CodeOf(message), PgBackRestLog.Printable(message)),
        _ => new($"Stanza '{stanza}' cannot be used: {message}.", "See pgbackrest info."),
    };

    /// <summary>Explains one error.</summary>
    /// <param name="what">What failed, at the beginning of the message.</param>
    /// <param name="code">Its code, 0 when unknown.</param>
    /// <param name="text">Its text.</param>
    public static BackupException Explain(string what, int code, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var rule = Rules.First(rule => (rule.Codes.Length == 0 || rule.Codes.Contains(code)) && (rule.Text is null || rule.Text.IsMatch(text)));
        var quoted = Shortened(text);
        return new BackupException($"{what}: {rule.What}{Where(rule, text)} [{code:000}: {quoted}]", rule.Todo);
    }

    private static string Where(Rule rule, string text) =>
        rule.Where?.Match(text) is { Success: true } match ? $": {match.Groups["where"].Value}." : ".";

    // HINT lines are for people who type pgbackrest by hand; the rules say it in Hub's terms.
    private static string Shortened(string text)
    {
        var lines = text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith("HINT:", StringComparison.Ordinal));
        var joined = string.Join("; ", lines.Distinct());
        return joined.Length <= 600 ? joined : $"{joined[..600]}…";
    }

    /// <summary><c>[HostConnectError] unable to …</c>: info names the error, not its code.</summary>
    private static int CodeOf(string message) => ErrorName().Match(message) is { Success: true } match && Names.TryGetValue(match.Groups[1].Value, out var code) ? code : 0;

    private static readonly Dictionary<string, int> Names = new()
    {
        ["ChecksumError"] = 26,
        ["FileInvalidError"] = 28,
        ["FormatError"] = 29,
        ["ProtocolError"] = 39,
        ["FileOpenError"] = 41,
        ["FileReadError"] = 42,
        ["HostConnectError"] = 49,
        ["PathOpenError"] = 53,
        ["FileMissingError"] = 55,
        ["CryptoError"] = 95,
        ["ServiceError"] = 101,
        ["AccessError"] = 105,
    };

    private sealed record Rule(int[] Codes, Regex? Text, string What, string Todo, Regex? Where = null);

    private static readonly Rule[] Rules =
    [
        // Before the refusals: a quota of Ceph's is a 403 as well.
        new([], Full(), "the repository is out of space", "Free space or enlarge it; `hub-backup retain --dry-run` shows what can be removed. Until then WAL accumulates on the primary: watch its volume.", Quoted()),
        new([], Expired(), "the repository's credentials have expired", "Renew the repository's access key (Secret backup-s3) and start the job again."),
        new([], Skewed(), "the repository refuses the request because this host's clock is wrong", "Set the clock (NTP) of the host."),
        new([], Denied(), "the repository refuses the credentials", "Compare access key, secret key and the bucket's policy: list, get, put and delete are needed under the prefix."),
        new([], NoBucket(), "the bucket does not exist", "Create it, or correct the repository's bucket and endpoint."),
        new([], Silent(), "a host does not answer", "Check the host, and whether a firewall drops packets to it (repository: HTTPS; members: 8432).", Silent()),
        new([50], null, "another pgBackRest command holds the lock on this host", "Wait until it ends; if none runs, check the lock directory.", Quoted()),
        new([28, 29, 95], InfoFile(), "the repository cannot be decrypted: wrong cipher key, or an altered info file",
            "Compare repo1-cipher-pass and repo1-cipher-type with those under which the repository was made. If they are right: docs/runbooks, repository lost.", InfoFile()),
        new([95], null, "a file of the repository cannot be decrypted: wrong cipher key, or an altered file", "Compare repo1-cipher-pass with the one under which the repository was made, then run `hub-backup verify`.", Quoted()),
        new([49], null, "a host cannot be reached", "Check that it runs, that its name resolves, and that the network policy lets the backup job reach it (repository: HTTPS; members: 8432).", Quoted()),
        new([101], null, "the repository's service answers with an error", "Check the object store, then start the job again.", null),
        new([82], null, "WAL did not arrive in the repository", "Archiving is behind or fails: check pg_stat_archiver and the primary's log, then start the job again.", Segment()),
        new([55], InfoFile(), "the stanza is missing in the repository", "Check that the repository is the right one and mounted. For a new cluster: pgbackrest stanza-create. Otherwise: docs/runbooks, repository lost.", InfoFile()),
        new([55, 73], Segment(), "WAL is missing", "No recovery is possible past it. Take a full backup now (`hub-backup full`), then find out what removed it.", Segment()),
        new([55, 73], null, "a file is missing", "Run `hub-backup verify`: it names every set that is affected; then take a full backup.", Quoted()),
        new([26], null, "a file is corrupt", "Run `hub-backup verify`: it names every set that is affected; then take a full backup.", Quoted()),
        new([30, 41, 42, 47, 52, 53, 54, 60, 61, 64, 74, 83, 88, 98], Permission(), "access to a file is denied", "The job runs as uid 1000: make that the owner of the directory.", Quoted()),
        new([30, 41, 42, 47, 52, 53, 54, 60, 61, 64, 74, 98], null, "a file cannot be read or written", "Check the volume that it is on.", Quoted()),
        new([75], null, "the set cannot be used", "`hub-backup list` shows the sets.", Quoted()),
        new([56], null, "the database cannot be reached, or has no primary", "See `./hub status`; a backup needs one healthy primary.", Quoted()),
        new([57, 58, 80, 81], null, "the database answered something unexpected", "Check that pg1-path, -port and -host in pgbackrest.conf belong to this cluster.", null),
        new([44, 51], null, "the repository's stanza belongs to another database", "After a major upgrade run pgbackrest stanza-upgrade; otherwise it is the wrong stanza.", null),
        new([45], null, "two primaries archive into one stanza", "Stop the one that is not this cluster's; give each cluster its own stanza."),
        new([62], null, "the stanza is stopped", "Somebody ran pgbackrest stop: run pgbackrest start when the reason no longer applies."),
        new([63], null, "it was stopped by a signal", "Start the job again."),
        new([68, 87], null, "the server does not archive to this stanza", "Set archive_mode and archive_command as Hub renders them and restart the server."),
        new([106], null, "the clock is behind the newest backup", "Set the clock (NTP); a set from the future stays until that time.", Quoted()),
        new([37], NoneNamed(), "no bucket is named for backups", "Name one: deploy.sh --s3-bucket NAME with --s3-region, --s3-key and --s3-secret (deploy.sh --help). It keeps them in Secret backup-s3."),
        new([27, 31, 32, 37, 69, 70, 72, 76, 78, 89, 96], null, "a setting is wrong", "Correct pgbackrest.conf (it is rendered from the topology) or the PGBACKREST_ variables.", Quoted()),
        new([38, 40], null, "the target of the restore is in use", "Restore into an empty directory that no server uses.", Quoted()),
        new([39], null, "the other side answered something unexpected", "Check that host, port and certificate are those of the repository or of a member with the same pgBackRest version.", null),
        new([], null, "it failed", "The text in brackets is pgBackRest's message; its log is above.", null),
    ];

    [GeneratedRegex(@"\[(\w+Error)\]")]
    private static partial Regex ErrorName();

    [GeneratedRegex("ExpiredToken|TokenRefreshRequired|token (?:has|is) expired|credentials? (?:has|have|is|are) expired", RegexOptions.IgnoreCase)]
    private static partial Regex Expired();

    [GeneratedRegex("RequestTimeTooSkewed|RequestExpired")]
    private static partial Regex Skewed();

    [GeneratedRegex(@"InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|InvalidToken|AccountProblem|failed with 40[13]\b")]
    private static partial Regex Denied();

    [GeneratedRegex("NoSuchBucket")]
    private static partial Regex NoBucket();

    [GeneratedRegex(@"requires option: repo\d+-s3-(?:bucket|endpoint|region|key)")]
    private static partial Regex NoneNamed();

    [GeneratedRegex(@"No space left on device|Disk quota exceeded|StorageFull|QuotaExceeded|\[507\]|failed with 507\b")]
    private static partial Regex Full();

    [GeneratedRegex("timeout after [0-9]+ms waiting for (?:read from|write to) '(?<where>[^']+)'")]
    private static partial Regex Silent();

    [GeneratedRegex("Permission denied|Read-only file system")]
    private static partial Regex Permission();

    [GeneratedRegex(@"load info file '(?<where>[^']+)'")]
    private static partial Regex InfoFile();

    [GeneratedRegex(@"(?:WAL segment |archive/[^' ]*/)(?<where>[0-9A-F]{24})")]
    private static partial Regex Segment();

    [GeneratedRegex("'(?<where>[^']+)'")]
    private static partial Regex Quoted();
}
