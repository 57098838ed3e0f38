using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Analytics.Backup.Repository;

/// <summary>
/// Reads <c>pgbackrest info --output=json</c> (2.55 to 2.59; unknown keys are passed over):
/// <code>
/// [{"archive":[{"database":{"id":1,"repo-key":1},"id":"17-1","max":"00…04","min":"00…01"}],
///
/// "backup":[{"annotation":{"hub-manifest":"ab…"},"archive":{"start":"00…02","stop":"00…02"},
/// "database":{"id":1,"repo-key":1},"error":false,
///     "info":{"delta":23421895,"repository":{"delta":4523296,"size":4523296},"size":23421895},"label":"20261122-200952F","prior":null,
///     "reference":null,"timestamp":{"start":1795378192,"stop":1795378193},"type":"full"}],
///   "cipher":"aes-256-cbc","db":[{"id":1,"repo-key":1,"system-id":7711090592837693456,"version":"17"}],"name":"hub",
///   "repo":[{"cipher":"aes-256-cbc","key":1,"status":{"code":0,"message":"ok"}}],
///   "status":{"code":0,"lock":{"backup":{"held":false}},"message":"ok"}}]
/// </code>
/// The command exits with 0 even when the repository cannot be read: the status says so, and for code 99 only the repository's own does.
/// </summary>
public static class InfoParser
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Reads the part of one stanza.</summary>
    /// <exception cref="BackupException">It is not such a text.</exception>
    public static RepositoryInfo Parse(string json, string stanza)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            // With a wrong key pgBackRest quotes what it decrypted, control characters and all, which JSON does not allow.
            var all = JsonSerializer.Deserialize<List<StanzaJson>>(
                string.Concat(json.Select(c => char.IsWhiteSpace(c) ? ' ' : char.IsControl(c) ? '\ufffd' : c)), Options) ?? [];
            var found = all.FirstOrDefault(candidate => candidate.Name == stanza);
            return found is null ? new RepositoryInfo(stanza, StanzaStatus.MissingPath, "no such stanza in the repository") : Map(found);
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentOutOfRangeException)
        {
            throw new BackupException($"pgbackrest info answered something that hub-backup cannot read: {e.Message}",
                "Use pgBackRest 2.55 to 2.59, or report it.");
        }
    }

    private static RepositoryInfo Map(StanzaJson stanza)
    {
        var repository = stanza.Repo?.MinBy(repo => repo.Key);
        var status = Enum.IsDefined((StanzaStatus)stanza.Status.Code) ? (StanzaStatus)stanza.Status.Code : StanzaStatus.Other;
        var key = repository?.Key ?? 1;
        return new RepositoryInfo(stanza.Name, status,
            status == StanzaStatus.Other ? repository?.Status.Message ?? stanza.Status.Message : stanza.Status.Message)
        {
            IsLocked = stanza.Status.Lock?.Backup?.Held ?? false,
            Databases = [
                .. (stanza.Db ?? []).Where(db => db.RepoKey == key).Select(db => new RepositoryDatabase(db.Id, db.SystemId, db.Version))],
            Archives = [.. (stanza.Archive ?? []).Where(archive => archive.Database.RepoKey == key)
                .Select(archive => new RepositoryArchive(archive.Id, archive.Database.Id, archive.Min, archive.Max))],
            Sets = [.. (stanza.Backup ?? []).Where(backup => backup.Database.RepoKey == key).Select(Map).OrderBy(set => set.Label,
                StringComparer.Ordinal)],
        };
    }

    private static BackupSet Map(BackupJson backup) => new(
        backup.Label, TypeOf(backup.Type), DateTimeOffset.FromUnixTimeSeconds(backup.Timestamp.Start),
        DateTimeOffset.FromUnixTimeSeconds(backup.Timestamp.Stop))
    {
        Prior = backup.Prior,
        References = backup.Reference ?? [],
        WalStart = backup.Archive?.Start,
        WalStop = backup.Archive?.Stop,
        DatabaseId = backup.Database.Id,
        HasPageErrors = backup.Error ?? false,
        Size = backup.Info.Size,
        StoredSize = backup.Info.Repository.Delta ?? backup.Info.Repository.Size ?? 0,
        Annotations = backup.Annotation ?? [],
    };

    private static BackupType TypeOf(string type) => type switch
    {
        "full" => BackupType.Full,
        "diff" => BackupType.Differential,
        "incr" => BackupType.Incremental,
        _ => throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"the backup type '{type}' is unknown")),
    };

    private sealed record StanzaJson(
        string Name, StatusJson Status, List<RepoJson>? Repo = null, List<DbJson>? Db = null, List<ArchiveJson>? Archive = null,
        List<BackupJson>? Backup = null);

    private sealed record StatusJson(int Code, string Message, LockJson? Lock = null);

    private sealed record LockJson(LockBackupJson? Backup = null);

    private sealed record LockBackupJson(bool Held);

    private sealed record RepoJson(int Key, StatusJson Status);

    private sealed record DbJson(int Id, int RepoKey, decimal SystemId, string Version);

    private sealed record DatabaseJson(int Id, int RepoKey);

    private sealed record ArchiveJson(DatabaseJson Database, string Id, string? Min = null, string? Max = null);

    private sealed record BackupJson(
        string Label, string Type, DatabaseJson Database, TimestampJson Timestamp, SizesJson Info, string? Prior = null,
        List<string>? Reference = null,
        WalJson? Archive = null, bool? Error = null, Dictionary<string, string>? Annotation = null);

    private sealed record TimestampJson(long Start, long Stop);

    private sealed record WalJson(string? Start = null, string? Stop = null);

    private sealed record SizesJson(long Size, StoredJson Repository);

    private sealed record StoredJson(long? Delta = null, long? Size = null);
}
