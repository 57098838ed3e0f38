using System.Globalization;
using Npgsql;

namespace Analytics.Backup.Manifests;

/// <summary>Records the manifest that a backup is compared with when it is restored.</summary>
/// <param name="connection">As llm_app on the primary.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where it says what it did.</param>
internal sealed class ManifestRecorder(NpgsqlConnection connection, TimeProvider time, Action<string> log)
{
    /// <summary>Records it.</summary>
    /// <param name="backupType"><c>full</c> or <c>diff</c>.</param>
    /// <param name="budget">How long rows may be read: the newest chunks first, then as far as it gets. See <see cref="Turn"/>.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The SHA-256 of the manifest.</returns>
    public async Task<string> RecordAsync(string backupType, TimeSpan budget, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var reader = new ManifestReader(connection);
        var manifest = await reader.ReadCatalogAsync(cancel);
        var readable = await reader.ReadableAsync(cancel);
        var read = new Dictionary<string, ChunkState>();
        foreach (var (hypertable, chunk) in Turn(manifest, readable))
        {
            // Open chunks are few, and a backup whose newest rows were not counted would prove little.
            if (!chunk.Sealed || time.GetElapsedTime(started) < budget) read[chunk.Name] = await reader.ReadRowsAsync(hypertable, chunk, cancel);
        }

        manifest = manifest with
        {
            Hypertables = [.. manifest.Hypertables.Select(hypertable => hypertable with { Chunks = [.. hypertable.Chunks.Select(chunk => read.GetValueOrDefault(chunk.Name, chunk))] })],
        };
        var text = manifest.ToText();
        var stored = await StoreAsync(backupType, text, cancel);
        if (stored != DatabaseManifest.Hash(text)) throw new BackupException($"The database stored a different manifest ({stored}).", "Look at its encoding: it must be UTF8.");
        var total = manifest.Hypertables.Sum(hypertable => hypertable.Chunks.Count);
        log(string.Create(CultureInfo.InvariantCulture,
            $"manifest {stored[..12]}: {manifest.Hypertables.Count} hypertables, {read.Count} of {total} chunks read, {read.Values.Sum(chunk => chunk.Rows)} rows, {read.Values.Count(chunk => chunk.Checksum is not null)} checksums, {time.GetElapsedTime(started).TotalSeconds:0.0} s"));
        return stored;
    }

    /// <summary>
    /// The order in which chunks are read: open ones; the newest sealed ones of the last week; then the others, beginning at another place at
    /// every backup, so that those which one backup's time does not reach are another's.
    /// </summary>
    internal static IEnumerable<(string Hypertable, ChunkState Chunk)> Turn(DatabaseManifest manifest, IReadOnlySet<string> readable)
    {
        var all = manifest.Hypertables.Where(hypertable => readable.Contains(hypertable.Name))
            .SelectMany(hypertable => hypertable.Chunks.Select(chunk => (hypertable.Name, Chunk: chunk))).OrderByDescending(pair => pair.Chunk.End).ToList();
        var first = all.Where(pair => !pair.Chunk.Sealed || pair.Chunk.End > manifest.RecordedAt - TimeSpan.FromDays(7)).ToList();
        var rest = all.Except(first).ToList();
        var begin = rest.Count == 0 ? 0 : (int)(Math.Abs(manifest.RecordedAt.ToUnixTimeSeconds() / 3600 * 7919) % rest.Count);
        return [.. first, .. rest.Skip(begin), .. rest.Take(begin)];
    }

    private async Task<string> StoreAsync(string backupType, string text, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT events.record_backup_manifest($1, $2)", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = backupType });
        command.Parameters.Add(new NpgsqlParameter { Value = text });
        return (string)(await command.ExecuteScalarAsync(cancel))!;
    }
}
