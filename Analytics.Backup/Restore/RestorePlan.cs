using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Analytics.Backup.Repository;
using Analytics.Backup.Retention;

namespace Analytics.Backup.Restore;

/// <summary>Where a recovery ends.</summary>
public enum RestoreType
{
    /// <summary>Just before the first commit at or after a moment.</summary>
    Time,

    /// <summary>The state at the end of a backup.</summary>
    Immediate,

    /// <summary>All WAL that there is.</summary>
    Default,
}

/// <summary>What <c>--to</c> means: a set to begin with, and where recovery ends.</summary>
/// <param name="Set">The set's label.</param>
/// <param name="Type">Where recovery ends.</param>
/// <param name="Moment">The moment, for <see cref="RestoreType.Time"/>.</param>
/// <param name="Size">Bytes of the restored database.</param>
/// <param name="IsAbandoned">The set lies on a timeline that an earlier restore left; recovery stays on it.</param>
/// <param name="Abandons">Sets with data from after the target: a cluster that continues from there does not have them in its history.</param>
public sealed record RestorePlan(string Set, RestoreType Type, DateTimeOffset? Moment, long Size, bool IsAbandoned, IReadOnlyList<string> Abandons)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    /// <summary>PostgreSQL's text of the moment.</summary>
    public string? Target => Moment?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff'+00'", CultureInfo.InvariantCulture);

    /// <summary>What pgBackRest's restore is told, so that the server is a primary when it is there.</summary>
    public IReadOnlyList<string> Arguments =>
    [
        "--repo=1", $"--set={Set}", $"--type={Type.ToString().ToLowerInvariant()}",
        .. Target is null ? Array.Empty<string>() : [$"--target={Target}", "--target-exclusive"],
        .. Type == RestoreType.Default ? Array.Empty<string>() : ["--target-action=promote"],
        .. IsAbandoned ? ["--target-timeline=current"] : Array.Empty<string>(),
    ];

    /// <summary>For people.</summary>
    public string Description => Type switch
    {
        RestoreType.Time => $"set {Set}, then WAL up to {Target}",
        RestoreType.Immediate => $"set {Set} as it was when it ended",
        _ => $"set {Set}, then all existing WAL",
    };

    /// <summary>One line, for programs.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Finds out what a target means.</summary>
    /// <param name="info">The repository.</param>
    /// <param name="to"><c>latest</c>, a set's label, or a moment (UTC unless it says otherwise).</param>
    /// <param name="now">A moment after it cannot be recovered to.</param>
    /// <exception cref="BackupException">There is no such target; says what there is.</exception>
    public static RestorePlan Resolve(RepositoryInfo info, string to, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(info);
        if (info.Sets.Count == 0) throw new BackupException("There is no backup yet.", "Take one: `./hub backup full`.");
        if (info.Find(to) is { } named)
        {
            if (named.IsDamaged) throw new BackupException($"Set {to} is marked as damaged.", "Choose another (`./hub backup list`), or verify it again.", ExitCodes.Configuration);
            return new RestorePlan(to, RestoreType.Immediate, null, named.Size, named.IsAbandoned, Later(info, named.Stop));
        }

        if (to == "latest")
        {
            var newest = Best(info.Sets.Where(set => !set.IsAbandoned)) ?? throw Nothing(info);
            return new RestorePlan(newest.Label, RestoreType.Default, null, newest.Size, IsAbandoned: false, []);
        }

        if (!DateTimeOffset.TryParse(to, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment))
        {
            throw new BackupException($"--to: '{to}' is neither a moment, nor the label of a set, nor 'latest'.",
                "Write a time as 2026-11-22T14:00:00Z; `./hub backup list` shows the labels.", ExitCodes.Configuration);
        }

        if (moment > now)
            throw new BackupException($"--to: {moment:u} is in the future; it is {now:u}.", "Times are UTC unless they have an offset (…+02:00).", ExitCodes.Configuration);
        var set = Best(info.Sets.Where(set => !set.IsAbandoned && set.Stop <= moment)) ?? throw TooOld(info, moment);
        return new RestorePlan(set.Label, RestoreType.Time, moment, set.Size, IsAbandoned: false, Later(info, moment));
    }

    /// <summary>The newest that is not known to be damaged.</summary>
    private static BackupSet? Best(IEnumerable<BackupSet> sets) => sets.LastOrDefault(set => !set.IsDamaged);

    private static string[] Later(RepositoryInfo info, DateTimeOffset moment) => [.. info.Sets.Where(set => !set.IsAbandoned && set.Stop > moment).Select(set => set.Label)];

    private static BackupException TooOld(RepositoryInfo info, DateTimeOffset moment)
    {
        var first = info.Sets.FirstOrDefault(set => set is { IsAbandoned: false, IsDamaged: false });
        return first is null
            ? Nothing(info)
            : new BackupException($"--to: {moment:u} is before the end of the oldest backup: {first.Label} ended at {first.Stop:u}, and recovery begins there.",
                $"Choose a later time; `./hub backup list` shows the sets ({RetentionTable.Bytes(info.StoredSize)} in {info.Sets.Count}).", ExitCodes.Configuration);
    }

    private static BackupException Nothing(RepositoryInfo info) =>
        new($"None of the {info.Sets.Count} sets can be restored: they are damaged, or belong to a timeline that an earlier restore abandoned.", "See `./hub backup list`; one of the latter can be restored by its label.");
}
