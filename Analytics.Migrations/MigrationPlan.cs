namespace Analytics.Migrations;

/// <summary>Compares this release's scripts with what a database says was applied to it. Pure.</summary>
public static class MigrationPlan
{
    /// <summary>The scripts still to apply, in order.</summary>
    /// <exception cref="MigrationException">The database and this release contradict each other; nothing may be applied.</exception>
    public static IReadOnlyList<MigrationScript> Pending(
        IReadOnlyList<MigrationScript> scripts, IReadOnlyDictionary<string, JournalEntry> applied, Edition edition)
    {
        var own = scripts.Where(script => script.IsFor(edition)).ToList();
        RefuseSharedNumbers(own);
        RefuseOtherEdition(applied, edition);
        RefuseUnknown(scripts, applied);
        RefuseEdited(own, applied);
        return [.. own.Where(script => !applied.ContainsKey(script.Name)).OrderBy(script => script.Number)];
    }

    private static void RefuseSharedNumbers(List<MigrationScript> scripts)
    {
        var twice = scripts.GroupBy(script => script.Number).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
            throw new MigrationException($"{string.Join(" and ", twice.Select(s => s.Name))} have the same number; their order is undefined.");
    }

    private static void RefuseOtherEdition(IReadOnlyDictionary<string, JournalEntry> applied, Edition edition)
    {
        if (applied.Values.FirstOrDefault(entry => entry.Edition != edition.Name()) is { } other)
        {
            throw new MigrationException(
                $"This database was created on TimescaleDB's {other.Edition} edition ({other.Script}), the server now runs the {edition.Name()} edition. "
                + "Their schemas differ: set timescaledb.license back, or create a new database and copy the data.");
        }
    }

    private static void RefuseUnknown(IReadOnlyList<MigrationScript> scripts, IReadOnlyDictionary<string, JournalEntry> applied)
    {
        var known = scripts.Select(script => script.Name).ToHashSet(StringComparer.Ordinal);
        var unknown = applied.Keys.Where(name => !known.Contains(name)).Order(StringComparer.Ordinal).ToList();
        if (unknown.Count == 0) return;
        var newest = scripts.Count == 0 ? "" : scripts[^1].Name;
        throw new MigrationException(string.CompareOrdinal(unknown[^1], newest) > 0
            ? $"The database is newer than this release: {unknown[^1]} was applied, this release ends with {newest}. Run a newer release."
            : $"{unknown[0]} was applied to this database and is not part of this release: it was renamed, removed, or belongs to another program.");
    }

    private static void RefuseEdited(List<MigrationScript> scripts, IReadOnlyDictionary<string, JournalEntry> applied)
    {
        foreach (var script in scripts)
        {
            if (applied.TryGetValue(script.Name, out var entry) && entry.Checksum != script.Checksum)
            {
                throw new MigrationException(
                    $"{script.Name} was edited after it was applied: applied {entry.Checksum}, now {script.Checksum}. Restore it and add a new script.");
            }
        }
    }
}
