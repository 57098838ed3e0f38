using Analytics.Backup.Repository;

namespace Analytics.Backup.Verification;

/// <summary>What a verification says of the sets that there are: pgBackRest's report, and what it leaves to its reader.</summary>
/// <param name="Whole">Sets of which every file, and every WAL segment that makes them consistent, was read and is right.</param>
/// <param name="Damaged">Sets that cannot be relied on, with the reason.</param>
/// <param name="Problems">Everything that is wrong, each naming a file, a segment or a set.</param>
public sealed record Findings(IReadOnlyList<string> Whole, IReadOnlyDictionary<string, string> Damaged, IReadOnlyList<string> Problems)
{
    /// <summary>Judges.</summary>
    /// <param name="report">The report.</param>
    /// <param name="info">The sets, read after the verification: one that was removed meanwhile is not lost.</param>
    /// <param name="continuousFrom">From this set's start on no WAL may be missing; null when only what makes sets consistent is needed.</param>
    public static Findings Judge(VerifyReport report, RepositoryInfo info, BackupSet? continuousFrom)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(info);
        var problems = new List<string>();
        var damaged = new Dictionary<string, string>();
        foreach (var set in info.Sets)
        {
            if (Damage(set, report, damaged) is { } damage) damaged[set.Label] = damage;
        }

        problems.AddRange(report.Faults.Where(fault => Concerns(fault, info)).Select(fault => $"{fault.What}: {fault.File}"));
        problems.AddRange(report.Complaints);
        problems.AddRange(damaged.Select(pair => $"set {pair.Key} is not reliable: {pair.Value}"));
        if (continuousFrom is { WalStart: not null }) problems.AddRange(WalGaps.After(continuousFrom, info, report.Ranges));
        // Whatever made pgBackRest say error and is in none of the above: nothing may be called whole then.
        if (!report.IsOk && problems.Count == 0 && report.Sets.Keys.All(label => info.Find(label) is not null))
            problems.Add("pgbackrest verify reports an error that it does not name; its log is above");
        var whole = info.Sets.Where(set => !damaged.ContainsKey(set.Label) && report.Sets.GetValueOrDefault(set.Label) == "valid").Select(set => set.Label);
        return new Findings([.. whole], damaged, [.. problems.Distinct()]);
    }

    private static string? Damage(BackupSet set, VerifyReport report, Dictionary<string, string> damaged)
    {
        var status = report.Sets.GetValueOrDefault(set.Label);
        if (status is "invalid" or "manifest missing") return $"pgbackrest verify reports {status}";
        // Oldest first: what it builds on has been judged.
        if (set.References.Append(set.Prior).FirstOrDefault(label => label is not null && damaged.ContainsKey(label)) is { } broken) return $"it builds on {broken}";
        // Not looked at, because it came meanwhile: nothing is known of it.
        if (status is not "valid" || set.WalStart is null || set.WalStop is null) return null;
        return WalGaps.Missing(WalSegment.Parse(set.WalStart), WalSegment.Parse(set.WalStop), set.DatabaseId, report.Ranges) is { } missing
            ? $"WAL {missing}, which makes it consistent, is missing"
            : report.Faults.FirstOrDefault(fault => IsWalOf(fault, set)) is { } fault ? $"WAL that makes it consistent is altered: {fault.File}" : null;
    }

    private static bool IsWalOf(FileFault fault, BackupSet set)
    {
        var name = fault.File.Split('/')[^1];
        return name.Length >= 24 && name[..24].All(char.IsAsciiHexDigitUpper)
            && string.CompareOrdinal(name[..24], set.WalStart) >= 0 && string.CompareOrdinal(name[..24], set.WalStop) <= 0;
    }

    /// <summary>A file of a set that was removed meanwhile does not matter.</summary>
    private static bool Concerns(FileFault fault, RepositoryInfo info)
    {
        var first = fault.File.Split('/')[0];
        return !LooksLikeLabel(first) || info.Find(first) is not null;
    }

    private static bool LooksLikeLabel(string text) => text.Length >= 16 && text[8] == '-' && text[..8].All(char.IsAsciiDigit);
}
