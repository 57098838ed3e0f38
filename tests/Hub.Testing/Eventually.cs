using Xunit;

namespace Hub.Testing;

/// <summary>Waits for what comes about by itself. The patience guards against a hang and measures nothing.</summary>
public static class Eventually
{
    /// <summary>Asks twice a second until it is so; fails the test when it is not within <paramref name="timeout"/>.</summary>
    /// <param name="condition">What must come about.</param>
    /// <param name="timeout">How long to ask.</param>
    /// <param name="otherwise">What to say of the last state when it did not.</param>
    /// <param name="cancel">Stops asking.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan timeout, Func<string> otherwise, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(otherwise);
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > timeout)
                Assert.Fail($"Not within {timeout.TotalSeconds:0} s: {otherwise()}");
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancel);
        }
    }
}
