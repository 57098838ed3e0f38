using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Analytics.Backup.Manifests;

/// <summary>
/// The state of the database at one moment, as far as it can be compared later: recorded just before a backup, in a table that is part of
/// the backup. Lists are in a fixed order, so the same state gives the same text.
/// </summary>
/// <param name="RecordedAt">When, by the server's clock.</param>
/// <param name="Server">Versions and edition.</param>
/// <param name="Metadata">analytics.schema_metadata, each row as <c>key=value</c>.</param>
/// <param name="Hypertables">Every hypertable of the database's own.</param>
/// <param name="Policies">What TimescaleDB's policies and Hub's table_lifecycles say, each as one text.</param>
/// <param name="Jobs">Every other job, each as one text.</param>
/// <param name="Aggregates">Continuous aggregates and the views that stand for them.</param>
public sealed record DatabaseManifest(
    DateTimeOffset RecordedAt, ServerState Server, IReadOnlyList<string> Metadata, IReadOnlyList<HypertableState> Hypertables,
    IReadOnlyList<string> Policies, IReadOnlyList<string> Jobs, IReadOnlyList<AggregateState> Aggregates)
{
    /// <summary>The layout of the text. One that is not known is refused, not guessed at.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>
    /// How old the end of a chunk has to be for it to count as sealed. Hub's aggregates hold rows that are up to two days late for normal.
    /// </summary>
    public static TimeSpan SealedAfter { get; } = TimeSpan.FromDays(2);

    private const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The text that is stored and hashed.</summary>
    public string ToText() => JsonSerializer.Serialize(this, Options);

    /// <summary>Reads such a text.</summary>
    /// <exception cref="BackupException">It is none, or a newer hub-backup wrote it.</exception>
    public static DatabaseManifest Parse(string text)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<DatabaseManifest>(text, Options) ?? throw new JsonException("it is empty");
            return manifest.Version == CurrentVersion
                ? manifest
                : throw new BackupException($"The manifest has layout {manifest.Version}; this hub-backup knows {CurrentVersion}.",
                    "Use the hub-backup of the release that took the backup.");
        }
        catch (JsonException e)
        {
            throw new BackupException($"The manifest cannot be read: {e.Message}");
        }
    }

    /// <summary>SHA-256 of a text in UTF-8, in lower-case hex.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>The programs under a database.</summary>
/// <param name="Postgres">The major version; a minor one may differ between backup and restore.</param>
/// <param name="Timescale">The extension's version, which must be the same.</param>
/// <param name="Edition"><c>timescale</c> or <c>apache</c>.</param>
/// <param name="Extensions">Every extension as <c>name version</c>.</param>
public sealed record ServerState(int Postgres, string Timescale, string Edition, IReadOnlyList<string> Extensions);

/// <summary>One hypertable.</summary>
/// <param name="Name">Schema-qualified.</param>
/// <param name="Chunks">Its chunks in the order of their time.</param>
public sealed record HypertableState(string Name, IReadOnlyList<ChunkState> Chunks);

/// <summary>One chunk.</summary>
/// <param name="Name">Schema-qualified.</param>
/// <param name="Start">The first moment of its range.</param>
/// <param name="End">The first moment after it.</param>
/// <param name="Sealed">Whether nothing is written into it any more.</param>
public sealed record ChunkState(string Name, DateTimeOffset Start, DateTimeOffset End, bool Sealed)
{
    /// <summary>Its rows; null when it was not this backup's turn to read it.</summary>
    public long? Rows { get; init; }

    /// <summary>Sum of a 64-bit hash of every row's text; of sealed chunks only. Independent of the rows' order and of
    /// compression.</summary>
    public string? Checksum { get; init; }
}

/// <summary>An aggregate.</summary>
/// <param name="Name">Schema-qualified.</param>
/// <param name="Kind"><c>continuous</c> or <c>view</c>.</param>
/// <param name="Definition">SHA-256 of its definition and options.</param>
public sealed record AggregateState(string Name, string Kind, string Definition);
