using System.Collections.Concurrent;

namespace Hub.Cli.Tests.Send;

/// <summary>A clock on which waiting takes no time: each wait moves it by what was waited for and is over at once.</summary>
internal sealed class SkippingTime : TimeProvider
{
    public static readonly DateTimeOffset Origin = new(2026, 11, 22, 10, 30, 0, TimeSpan.Zero);
    private long ticks;

    /// <summary>Everything that was waited for.</summary>
    public ConcurrentQueue<TimeSpan> Waits { get; } = [];

    public TimeSpan Elapsed => TimeSpan.FromTicks(Volatile.Read(ref ticks));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref ticks);

    public override DateTimeOffset GetUtcNow() => Origin + Elapsed;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(SkippingTime time, TimerCallback callback, object? state) : ITimer
    {
        private volatile bool disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            time.Waits.Enqueue(dueTime);
            Interlocked.Add(ref time.ticks, dueTime.Ticks);
            ThreadPool.QueueUserWorkItem(_ =>
            {
                if (!disposed) callback(state);
            });
            return true;
        }

        public void Dispose() => disposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
