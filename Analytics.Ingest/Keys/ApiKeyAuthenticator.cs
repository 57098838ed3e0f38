using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Keys;

/// <summary>Whose request it is.</summary>
internal enum KeyVerdict
{
    Accepted,

    /// <summary>No key, an unknown one, an expired or a revoked one.</summary>
    Refused,

    /// <summary>The database does not answer and the key is not known from before: nobody can say.</summary>
    Unknown,
}

internal readonly record struct KeyResult(KeyVerdict Verdict, int ProjectId = 0);

/// <summary>
/// Checks API keys (<c>Authorization: Bearer …</c>) by their SHA-256 against analytics.api_keys. Answers are kept in memory, bounded in
/// number and time (<see cref="IngestOptions.KeyCache"/>, <see cref="IngestOptions.UnknownKeyCache"/>); an expiry takes effect at once, a
/// revocation when the answer has aged. While the database is away, keys known within <see cref="IngestOptions.KeyCacheInOutage"/> stay
/// good, so that a failover does not turn running clients away.
/// </summary>
internal sealed class ApiKeyAuthenticator(NpgsqlDataSource dataSource, IOptions<IngestOptions> options, TimeProvider time,
    ILogger<ApiKeyAuthenticator> log)
    : IDisposable
{
    private const int MaxCached = 10_000;
    private const int MinKeyLength = 8, MaxKeyLength = 512;
    private const string Scheme = "Bearer ";

    private static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Entry> cache = [];
    // A flood of made-up keys must not take all connections from the writers.
    private readonly SemaphoreSlim lookups = new(4);

    /// <summary>Checks the value of an Authorization header.</summary>
    public async Task<KeyResult> AuthenticateAsync(string? authorization, CancellationToken cancellationToken)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return new KeyResult(KeyVerdict.Refused);
        var key = authorization.AsSpan(Scheme.Length).Trim();
        if (key.Length is < MinKeyLength or > MaxKeyLength) return new KeyResult(KeyVerdict.Refused);

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(key.ToString()));
        var name = Convert.ToHexString(hash);
        if (cache.TryGetValue(name, out var entry) && entry.IsFresh(time, options.Value)) return entry.Result(time);

        if (!await lookups.WaitAsync(LookupTimeout, cancellationToken)) return new KeyResult(KeyVerdict.Unknown);
        try
        {
            // Whoever waited for the same key's look-up finds its answer here.
            if (cache.TryGetValue(name, out entry) && entry.IsFresh(time, options.Value)) return entry.Result(time);
            var found = await LookUpAsync(hash, cancellationToken);
            if (cache.Count >= MaxCached) Evict();
            cache[name] = found;
            return found.Result(time);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            log.LogWarning("A key could not be looked up: {Reason}", failure.Message);
            return entry is not null && entry.IsGoodInOutage(time, options.Value) ? entry.Result(time) : new KeyResult(KeyVerdict.Unknown);
        }
        finally
        {
            lookups.Release();
        }
    }

    public void Dispose() => lookups.Dispose();

    private async Task<Entry> LookUpAsync(byte[] hash, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(LookupTimeout);
        await using var command =
            dataSource.CreateCommand("SELECT project_id, expires_at, revoked_at FROM analytics.api_keys WHERE key_hash = $1");
        command.Parameters.AddWithValue(hash);
        await using var reader = await command.ExecuteReaderAsync(bounded.Token);
        if (!await reader.ReadAsync(bounded.Token)) return new Entry(null, null, time.GetTimestamp());
        var revoked = !await reader.IsDBNullAsync(2, bounded.Token) && reader.GetFieldValue<DateTimeOffset>(2) <= time.GetUtcNow();
        DateTimeOffset? expires = await reader.IsDBNullAsync(1, bounded.Token) ? null : reader.GetFieldValue<DateTimeOffset>(1);
        return new Entry(revoked ? null : reader.GetInt32(0), expires, time.GetTimestamp());
    }

    /// <summary>Makes room: what has aged goes, then unknown keys, then any.</summary>
    private void Evict()
    {
        foreach (var (name, entry) in cache)
        {
            if (!entry.IsGoodInOutage(time, options.Value)) cache.TryRemove(name, out _);
        }

        foreach (var name in cache.Keys.Take(Math.Max(0, cache.Count - (MaxCached / 2)))) cache.TryRemove(name, out _);
    }

    private sealed record Entry(int? ProjectId, DateTimeOffset? ExpiresAt, long ReadAt)
    {
        public bool IsFresh(TimeProvider time, IngestOptions options) =>
            time.GetElapsedTime(ReadAt) < (ProjectId is null ? options.UnknownKeyCache : options.KeyCache);

        public bool IsGoodInOutage(TimeProvider time, IngestOptions options) =>
            ProjectId is not null && time.GetElapsedTime(ReadAt) < options.KeyCacheInOutage;

        public KeyResult Result(TimeProvider time) =>
            ProjectId is { } project && !(ExpiresAt <= time.GetUtcNow()) ? new KeyResult(KeyVerdict.Accepted,
                project) : new KeyResult(KeyVerdict.Refused);
    }
}
