namespace Analytics.Ingest.Keys;

/// <summary>
/// A rate over a few seconds. It may be overdrawn, because the size of a request is known only once it was read: whoever comes next waits
/// until the debt is paid. System.Threading.RateLimiting has neither debts nor a clock that tests can set. Not safe for several threads.
/// </summary>
internal sealed class TokenBucket(TimeProvider time)
{
    /// <summary>After a pause, what the rate allows in this time may be used at once.</summary>
    public static readonly TimeSpan Burst = TimeSpan.FromSeconds(5);

    private double level = double.PositiveInfinity;
    private long last = time.GetTimestamp();

    /// <summary>Null while one or more is left; else how long until it is.</summary>
    public TimeSpan? Wait(double rate)
    {
        Fill(rate);
        return level >= 1 ? null : TimeSpan.FromSeconds((1 - level) / rate);
    }

    /// <summary>Uses an amount, whatever is left.</summary>
    public void Use(double rate, double amount)
    {
        Fill(rate);
        level -= amount;
    }

    private void Fill(double rate)
    {
        level = Math.Min(Math.Max(1, rate * Burst.TotalSeconds), level + (rate * time.GetElapsedTime(last).TotalSeconds));
        last = time.GetTimestamp();
    }
}
