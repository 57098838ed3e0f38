using System.Text.RegularExpressions;
using Analytics.Backup.Repository;

namespace Analytics.Backup.Verification;

/// <summary>
/// What <c>pgbackrest verify --output=text --verbose</c> found. It exits with 0 whatever it finds, so its texts have to be read:
/// <code>
/// stanza: hub                                            standard output
/// status: error
///   archiveId: 17-1, total WAL checked: 6, total valid WAL: 6
///     missing: 0, checksum invalid: 0, size invalid: 0, other: 0
///   backup: 20261122-200952F, status: invalid, total files checked: 966, total valid files: 965
///     missing: 0, checksum invalid: 1, size invalid: 0, other: 0
/// INFO: invalid checksum '20261122-200952F/bundle/2'     log
/// DETAIL: archiveId: 17-1, wal start: 000000010000000000000001, wal stop: 000000010000000000000004
/// </code>
/// Three things it does not say (2.55 to 2.59, src/command/verify/verify.c): that WAL is missing between two ranges ("need to do the final
/// reconciliation"); that a differential is broken when a bundled file of its full is; and, at the end, that anything was wrong at all.
/// </summary>
/// <param name="IsOk">Whether pgBackRest itself found nothing.</param>
/// <param name="Sets">Each set that it looked at, and its state: <c>valid</c>, <c>invalid</c>, <c>manifest missing</c>,
/// <c>in-progress</c>.</param>
/// <param name="Faults">Every file that is missing or altered, with what is wrong with it, each once.</param>
/// <param name="Ranges">The WAL that is there.</param>
/// <param name="WalChecked">How many segments it read.</param>
/// <param name="Complaints">Further lines of the result that name a fault, such as a missing info file.</param>
public sealed partial record VerifyReport(
    bool IsOk, IReadOnlyDictionary<string, string> Sets, IReadOnlyList<FileFault> Faults, IReadOnlyList<WalRange> Ranges, int WalChecked,
    IReadOnlyList<string> Complaints)
{
    /// <summary>Reads both streams.</summary>
    /// <exception cref="BackupException">There is no result in them.</exception>
    public static VerifyReport Parse(string output, IEnumerable<LogEntry> log)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(log);
        if (Status().Match(output) is not { Success: true } status)
            throw new BackupException("pgbackrest verify gave no result.", "Use pgBackRest 2.55 to 2.59; its log is above.");
        var entries = log.ToList();
        var faults = entries.Select(entry => Fault().Match(entry.Text)).Where(match => match.Success)
            .Select(match => new FileFault(match.Groups["file"].Value, match.Groups["what"].Value)).Distinct().ToList();
        var ranges = entries.Select(entry => Range().Match(entry.Text)).Where(match => match.Success)
            .Select(match => new WalRange(match.Groups["id"].Value, WalSegment.Parse(match.Groups["first"].Value),
                WalSegment.Parse(match.Groups["last"].Value))).ToList();
        return new VerifyReport(
            status.Groups[1].Value == "ok",
            Backup().Matches(output).ToDictionary(match => match.Groups["label"].Value, match => match.Groups["status"].Value),
            faults, ranges,
            Wal().Matches(output).Sum(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)),
            [.. output.Split('\n').Skip(2).Select(line => line.Trim()).Where(line => line.Length > 0 && !Known().IsMatch(line)),
                .. entries.Where(entry => Complaint().IsMatch(entry.Text)).Select(entry => entry.Text).Distinct()]);
    }

    [GeneratedRegex(@"^status: (ok|error)\s*$", RegexOptions.Multiline)]
    private static partial Regex Status();

    [GeneratedRegex(@"^\s*backup: (?<label>\S+), status: (?<status>[^,]+),", RegexOptions.Multiline)]
    private static partial Regex Backup();

    [GeneratedRegex(@"total WAL checked: (\d+)")]
    private static partial Regex Wal();

    [GeneratedRegex(@"^(?<what>file missing|invalid checksum|invalid size|invalid result) '?(?<file>[^':]+)'?")]
    private static partial Regex Fault();

    [GeneratedRegex(@"^archiveId: (?<id>\S+), wal start: (?<first>[0-9A-F]{24}), wal stop: (?<last>[0-9A-F]{24})")]
    private static partial Regex Range();

    [GeneratedRegex(@"^(archiveId|backup): |^missing: |^no archives or backups exist")]
    private static partial Regex Known();

    [GeneratedRegex(@"^duplicate WAL|^archiveIds '|does not match (archive|backup)\.info|manifest missing for|"
        + @"manifest\.copy does not match|does not contain any target files")]
    private static partial Regex Complaint();
}

/// <summary>A file of the repository that is not as it was written.</summary>
/// <param name="File">Its path below the stanza's archive or backup directory.</param>
/// <param name="What">What is wrong, in pgBackRest's words.</param>
public sealed record FileFault(string File, string What);
