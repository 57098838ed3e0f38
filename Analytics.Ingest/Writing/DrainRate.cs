namespace Analytics.Ingest.Writing;

/// <summary>Calls committed per second over about the last ten seconds, as an exponentially weighted mean.</summary>
internal sealed class DrainRate(TimeProvider time)
{
    /// <summary>The least and the most that a refused client is told to wait.</summary>
    public static readonly TimeSpan MinWait = TimeSpan.FromSeconds(1), MaxWait = TimeSpan.FromSeconds(60);

    /// <summary>What it is told while nothing has been committed lately, so that no rate is known: about a failover's length.</summary>
    public static readonly TimeSpan WaitWhenStalled = TimeSpan.FromSeconds(10);

    private const double WindowSeconds = 10;

    private readonly Lock gate = new();
    private long last = time.GetTimestamp();
    private double rate;

    /// <summary>Calls per second.</summary>
    public double CallsPerSecond
    {
        get
        {
            lock (gate) return rate * Math.Exp(-time.GetElapsedTime(last).TotalSeconds / WindowSeconds);
        }
    }

    public void Committed(int calls)
    {
        lock (gate)
        {
            var seconds = time.GetElapsedTime(last).TotalSeconds;
            last = time.GetTimestamp();
            rate = (rate * Math.Exp(-seconds / WindowSeconds)) + (calls / WindowSeconds);
        }
    }

    /// <summary>How long it takes to write that many calls, in whole seconds between <see cref="MinWait"/> and
    /// <see cref="MaxWait"/>.</summary>
    public TimeSpan TimeFor(long calls)
    {
        var current = CallsPerSecond;
        if (current < 1) return calls == 0 ? MinWait : WaitWhenStalled;
        return TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(calls / current), MinWait.TotalSeconds, MaxWait.TotalSeconds));
    }
}
