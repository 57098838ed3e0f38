namespace Hub.Cli.Send.Replay;

internal static class Delay
{
    /// <summary>Waits; ends early, without an exception, when <paramref name="end"/> says so.</summary>
    public static async Task For(TimeSpan wait, TimeProvider time, CancellationToken end)
    {
        // Timers count whole milliseconds and at most 49 days; who waits looks at the clock again.
        var milliseconds = Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 1, int.MaxValue);
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
