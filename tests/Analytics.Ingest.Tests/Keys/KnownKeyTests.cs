using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Analytics.Ingest.Keys;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Analytics.Ingest.Tests.Keys;

public sealed class KnownKeyTests : IDisposable
{
    private const string Key = "Bearer hub_known_key";

    private readonly FakeTimeProvider time = new();
    private readonly Store store = new();
    private readonly IngestOptions options = new()
    { KeyCache = TimeSpan.FromSeconds(30), KeyCacheInOutage = TimeSpan.FromMinutes(5), UnknownKeyCache = TimeSpan.FromSeconds(5) };
    private readonly ApiKeyAuthenticator keys;

    public KnownKeyTests()
    {
        store.Add(Key);
        keys = new ApiKeyAuthenticator(store, Options.Create(options), time, NullLogger<ApiKeyAuthenticator>.Instance);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => keys.Dispose();

    [Theory]
    [InlineData("refused")]
    [InlineData("hanging")]
    [InlineData("changed schema")]
    public async Task Known_key_is_accepted_in_an_outage_without_waiting_until_its_time_is_over(string outage)
    {
        Assert.Equal(KeyVerdict.Accepted, await AskAsync(Key));
        store.Outage = outage;
        for (var second = 10; second < 300; second += 10)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await RefreshAsync();
            var asked = keys.AuthenticateAsync(Key, Cancel);
            Assert.True(asked.IsCompleted, $"A request waits for the look-up after {second} s.");
            Assert.Equal(KeyVerdict.Accepted, (await asked).Verdict);
        }

        time.Advance(TimeSpan.FromSeconds(10));
        await RefreshAsync();
        Assert.Equal(KeyVerdict.Unknown, await AskAsync(Key));

        store.Outage = null;
        Assert.Equal(KeyVerdict.Accepted, await AskAsync(Key));
    }

    [Fact]
    public async Task Known_key_waits_for_no_look_up_while_one_hangs_in_the_background()
    {
        Assert.Equal(KeyVerdict.Accepted, await AskAsync(Key));
        store.Outage = "hanging";
        time.Advance(TimeSpan.FromSeconds(10));
        var refresh = keys.RefreshAsync(Cancel);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(refresh.IsCompleted);
        Assert.True(keys.AuthenticateAsync(Key, Cancel).IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await refresh;
        time.Advance(TimeSpan.FromSeconds(100));
        Assert.True(keys.AuthenticateAsync(Key, Cancel).IsCompleted);
    }

    [Fact]
    public async Task Unknown_key_gets_no_verdict_in_an_outage()
    {
        store.Outage = "refused";
        Assert.Equal(KeyVerdict.Unknown, await AskAsync("Bearer hub_never_seen"));
    }

    [Fact]
    public async Task Revocation_takes_effect_within_its_time_whether_the_key_is_used_or_not()
    {
        await keys.StartAsync(Cancel);
        Assert.Equal(KeyVerdict.Accepted, await AskAsync(Key));
        store.Remove(Key);

        // The service looks keys up by itself: the clock goes on until it has.
        var asked = store.Asked;
        for (var second = 0; second < 30 && store.Asked == asked; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancel);
        }

        Assert.NotEqual(asked, store.Asked);
        await Eventually.TrueAsync(async () => await AskAsync(Key) == KeyVerdict.Refused, TimeSpan.FromSeconds(20),
            () => "the revoked key is still accepted", Cancel);
        await keys.StopAsync(Cancel);
    }

    [Fact]
    public async Task Key_that_was_not_looked_up_in_time_is_asked_for()
    {
        Assert.Equal(KeyVerdict.Accepted, await AskAsync(Key));
        store.Remove(Key);
        // As after a suspension: time has passed, and nothing has failed.
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(KeyVerdict.Refused, await AskAsync(Key));
    }

    [Fact]
    public async Task Expiry_takes_effect_at_once_and_in_an_outage_too()
    {
        store.Add(Key, time.GetUtcNow().AddSeconds(15));
        Assert.Equal(KeyVerdict.Accepted, await AskAsync(Key));
        store.Outage = "refused";
        time.Advance(TimeSpan.FromSeconds(15));
        await RefreshAsync();
        Assert.Equal(KeyVerdict.Refused, await AskAsync(Key));
    }

    [Fact]
    public async Task Changed_limits_take_effect_with_the_next_look_up()
    {
        Assert.Equal(KeyLimits.None, (await keys.AuthenticateAsync(Key, Cancel)).Caller!.Limits);
        store.Add(Key, limits: new KeyLimits(1, 2, 3));
        await RefreshAsync();
        Assert.Equal(new KeyLimits(1, 2, 3), (await keys.AuthenticateAsync(Key, Cancel)).Caller!.Limits);
    }

    [Fact]
    public async Task A_flood_of_made_up_keys_does_not_drive_out_a_known_one()
    {
        Assert.Equal(KeyVerdict.Accepted, await AskAsync(Key));
        for (var number = 0; number < 10_050; number++)
            await AskAsync(string.Create(CultureInfo.InvariantCulture, $"Bearer hub_made_up_{number}"));
        store.Outage = "refused";
        Assert.Equal(KeyVerdict.Accepted, await AskAsync(Key));
    }

    private async Task<KeyVerdict> AskAsync(string authorization)
    {
        var asked = keys.AuthenticateAsync(authorization, Cancel);
        store.TimeOut();
        return (await asked).Verdict;
    }

    private async Task RefreshAsync()
    {
        var refresh = keys.RefreshAsync(Cancel);
        store.TimeOut();
        await refresh;
    }

    private sealed class Store : IKeyStore
    {
        private readonly Dictionary<string, StoredKey> stored = [];
        private TaskCompletionSource hanging = new();

        public string? Outage { get; set; }

        public int Asked { get; private set; }

        public void Add(string authorization, DateTimeOffset? expires = null, KeyLimits? limits = null) =>
            stored[authorization] = new StoredKey(Hash(authorization), new Caller(1, 1, limits ?? KeyLimits.None), expires);

        public void Remove(string authorization) => stored.Remove(authorization);

        /// <summary>Ends the wait of whoever hangs.</summary>
        public void TimeOut()
        {
            hanging.TrySetException(new TimeoutException());
            hanging = new TaskCompletionSource();
        }

        public async Task<IReadOnlyList<StoredKey>> FindAsync(IReadOnlyCollection<byte[]> hashes, CancellationToken cancellationToken)
        {
            Asked++;
            switch (Outage)
            {
                case "refused": throw new NpgsqlException("refused");
                case "changed schema": throw new PostgresException("no such column", "ERROR", "ERROR", "42703");
                case "hanging":
                    await hanging.Task.WaitAsync(cancellationToken);
                    break;
                default: break;
            }

            return [.. stored.Values.Where(key => hashes.Any(hash => hash.SequenceEqual(key.Hash)))];
        }

        private static byte[] Hash(string authorization) => SHA256.HashData(Encoding.UTF8.GetBytes(authorization["Bearer ".Length..]));
    }
}
