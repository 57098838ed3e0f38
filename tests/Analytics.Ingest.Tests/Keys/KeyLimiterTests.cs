using Analytics.Ingest.Http;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Analytics.Ingest.Tests.Keys;

public sealed class KeyLimiterTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 30, 22, 30, 0, TimeSpan.Zero));
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly NpgsqlDataSource nowhere = NpgsqlDataSource.Create("Host=no-such-host.invalid;Username=x;Database=x");
    private readonly KeyLimiter limiter;

    public KeyLimiterTests() => limiter = new KeyLimiter(nowhere,
        new IngestMetrics(services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()), time, NullLogger<KeyLimiter>.Instance);

    public void Dispose()
    {
        limiter.Dispose();
        nowhere.Dispose();
        services.Dispose();
    }

    [Fact]
    public void Without_limits_nothing_is_refused()
    {
        var caller = new Caller(1, 1, KeyLimits.None);
        for (var request = 0; request < 10_000; request++) limiter.Admit(caller, 1 << 20);
    }

    [Fact]
    public void Requests_come_to_their_rate_after_a_burst_of_five_seconds()
    {
        var caller = new Caller(1, 1, new KeyLimits(2, null, null));
        Assert.Equal(10, Admitted(caller, 100));
        Assert.Equal(TimeSpan.FromSeconds(1), Refused(caller).RetryAfter);
        var admitted = 0;
        for (var tenth = 0; tenth < 600; tenth++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            admitted += Admitted(caller, 100);
        }

        Assert.InRange(admitted, 119, 121);
        Assert.Equal(100, Admitted(new Caller(2, 1, KeyLimits.None), 100));
    }

    [Fact]
    public void Bytes_are_paid_for_by_the_requests_that_follow()
    {
        var caller = new Caller(1, 1, new KeyLimits(null, 1000, null));
        limiter.Admit(caller, 4000);
        limiter.Admit(caller, null);
        limiter.Received(caller, 31_000);
        var refused = Refused(caller);
        Assert.Equal(429, refused.Status);
        Assert.Equal(TimeSpan.FromSeconds(31), refused.RetryAfter);
        time.Advance(TimeSpan.FromSeconds(30));
        Refused(caller);
        time.Advance(TimeSpan.FromSeconds(1));
        limiter.Admit(caller, 1);
    }

    [Fact]
    public void Calls_of_the_day_end_with_the_day()
    {
        var caller = new Caller(1, 1, new KeyLimits(null, null, 100), new DateOnly(2026, 11, 30), 60);
        limiter.Admit(caller, null);
        limiter.Stored(caller, 39);
        limiter.Admit(caller, null);
        limiter.Stored(caller, 5);
        Assert.Equal(KeyLimiter.MaxRetryAfter, Refused(caller).RetryAfter);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromMinutes(30), Refused(caller).RetryAfter);
        time.Advance(TimeSpan.FromMinutes(30));
        limiter.Admit(caller, null);
        limiter.Stored(caller, 100);
        Refused(caller);
    }

    [Fact]
    public void Raised_limit_and_removed_limit_take_effect_at_once()
    {
        var caller = new Caller(1, 1, new KeyLimits(0.01, null, 1));
        limiter.Admit(caller, null);
        limiter.Stored(caller, 1);
        Refused(caller);
        limiter.Admit(caller with { Limits = new KeyLimits(null, null, 2) }, null);
        limiter.Admit(caller with { Limits = KeyLimits.None }, null);
    }

    private int Admitted(Caller caller, int most)
    {
        var count = 0;
        try
        {
            for (; count < most; count++) limiter.Admit(caller, null);
        }
        catch (RequestRefusedException refused)
        {
            Assert.Equal(429, refused.Status);
        }

        return count;
    }

    private RequestRefusedException Refused(Caller caller) =>
        Assert.Throws<RequestRefusedException>(() => limiter.Admit(caller, null));
}
