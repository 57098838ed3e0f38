using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Analytics.Ingest.Database;
using Microsoft.Extensions.Options;

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

internal readonly record struct KeyResult(KeyVerdict Verdict, Caller? Caller = null);

/// <summary>
/// Checks API keys (<c>Authorization: Bearer …</c>) by their SHA-256. A key that was accepted once is known: it is looked up again in the
/// background, three times within <see cref="IngestOptions.KeyCache"/>, so that its requests wait for no look-up and a revocation takes
/// effect within that time. While that fails, for whatever reason, known keys stay good for
/// <see cref="IngestOptions.KeyCacheInOutage"/> since they were last read. An expiry takes effect at once. A key that was refused is asked
/// for again after <see cref="IngestOptions.UnknownKeyCache"/>.
/// </summary>
internal sealed class ApiKeyAuthenticator(IKeyStore store, IOptions<IngestOptions> options, TimeProvider time,
    ILogger<ApiKeyAuthenticator> log)
    : BackgroundService
{
    /// <summary>A key that is not used for so long is looked up again when it is.</summary>
    public static readonly TimeSpan KnownFor = TimeSpan.FromDays(1);

    private const int MaxCached = 10_000;
    private const int MinKeyLength = 8, MaxKeyLength = 512;
    private const string Scheme = "Bearer ";

    private static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Entry> cache = [];
    // A flood of made-up keys must not take all connections from the writers.
    private readonly SemaphoreSlim lookups = new(4);
    private volatile bool refreshFails;

    private TimeSpan RefreshInterval => options.Value.KeyCache / 3;

    /// <summary>Checks the value of an Authorization header.</summary>
    public async Task<KeyResult> AuthenticateAsync(string? authorization, CancellationToken cancellationToken)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return new KeyResult(KeyVerdict.Refused);
        var key = authorization.AsSpan(Scheme.Length).Trim();
        if (key.Length is < MinKeyLength or > MaxKeyLength) return new KeyResult(KeyVerdict.Refused);

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(key.ToString()));
        var name = Convert.ToHexString(hash);
        if (cache.TryGetValue(name, out var entry) && IsGood(entry)) return Answer(entry);
        using var limit = new CancellationTokenSource(LookupTimeout, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await lookups.WaitAsync(bounded.Token);
            try
            {
                // Whoever waited for the same key's look-up finds its answer here.
                if (cache.TryGetValue(name, out entry) && IsGood(entry)) return Answer(entry);
                var asked = time.GetTimestamp();
                var found = await store.FindAsync([hash], bounded.Token);
                if (cache.Count >= MaxCached) Evict();
                cache[name] = entry = new Entry(found.SingleOrDefault(), asked) { LastUsed = asked };
                return Answer(entry);
            }
            finally
            {
                lookups.Release();
            }
        }
        catch (Exception failure) when (Failures.IsDatabase(failure) && !cancellationToken.IsCancellationRequested)
        {
            log.LogWarning("A key could not be looked up: {Reason}", failure.Message);
            return entry is not null && IsGoodInOutage(entry) ? Answer(entry) : new KeyResult(KeyVerdict.Unknown);
        }
    }

    /// <summary>Looks up every known key again. When that fails, they stay as they are.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var known = cache.Where(pair => pair.Value.Key is not null && time.GetElapsedTime(pair.Value.LastUsed) < KnownFor).ToList();
        using var limit = new CancellationTokenSource(RefreshInterval < LookupTimeout ? RefreshInterval : LookupTimeout, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var asked = time.GetTimestamp();
        try
        {
            var found = known.Count == 0 ? [] : await store.FindAsync([.. known.Select(pair => pair.Value.Key!.Hash)], bounded.Token);
            var byName = found.ToDictionary(key => Convert.ToHexString(key.Hash));
            foreach (var (name, old) in known)
                cache.TryUpdate(name, new Entry(byName.GetValueOrDefault(name), asked) { LastUsed = old.LastUsed }, old);
            refreshFails = false;
        }
        catch (Exception failure) when (Failures.IsDatabase(failure) && !cancellationToken.IsCancellationRequested)
        {
            if (!refreshFails) log.LogWarning("Known keys cannot be looked up again, they stay good for now: {Reason}", failure.Message);
            refreshFails = true;
        }
    }

    public override void Dispose()
    {
        lookups.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(RefreshInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested) await RefreshAsync(stoppingToken);
        }
    }

    private KeyResult Answer(Entry entry)
    {
        entry.LastUsed = time.GetTimestamp();
        return entry.Key is { } key && !(key.ExpiresAt <= time.GetUtcNow()) ? new KeyResult(KeyVerdict.Accepted, key.Caller)
            : new KeyResult(KeyVerdict.Refused);
    }

    /// <summary>Whether an answer can be used without asking. One that is old although nothing failed is not: the process may have been
    /// suspended.</summary>
    private bool IsGood(Entry entry) =>
        time.GetElapsedTime(entry.ReadAt) < (entry.Key is null ? options.Value.UnknownKeyCache : options.Value.KeyCache)
        || (refreshFails && IsGoodInOutage(entry));

    private bool IsGoodInOutage(Entry entry) => entry.Key is not null && time.GetElapsedTime(entry.ReadAt) < options.Value.KeyCacheInOutage;

    /// <summary>Makes room: keys that were refused go first, then those that were not used for longest.</summary>
    private void Evict()
    {
        foreach (var (name, entry) in cache)
        {
            if (entry.Key is null) cache.TryRemove(name, out _);
        }

        if (cache.Count < MaxCached) return;
        foreach (var (name, _) in cache.OrderBy(pair => pair.Value.LastUsed).Take(MaxCached / 2).ToList()) cache.TryRemove(name, out _);
    }

    /// <param name="Key">The key; null when it is refused.</param>
    /// <param name="ReadAt">When the database was asked.</param>
    private sealed record Entry(StoredKey? Key, long ReadAt)
    {
        public long LastUsed { get; set; }
    }
}
