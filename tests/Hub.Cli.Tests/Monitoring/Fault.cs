namespace Hub.Cli.Tests.Monitoring;

/// <summary>Something that is broken for real.</summary>
/// <param name="Alerts">What must fire because of it, and resolve when it is repaired.</param>
/// <param name="Make">Breaks it; returns when it is broken, not when that is seen.</param>
/// <param name="Mend">Repairs it.</param>
internal sealed record Fault(string[] Alerts, Func<Task> Make, Func<Task> Mend)
{
    /// <summary>A check of analytics.system_health_check() that speaks of the same thing, and what it then says.</summary>
    public (string Check, string Status)? Health { get; init; }

    /// <summary>Something that happens repeatedly until it is repaired.</summary>
    public static Fault Repeated(string[] alerts, Func<CancellationToken, Task> make, TimeSpan pause)
    {
        var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = Task.CompletedTask;
        return new Fault(alerts,
            () =>
            {
                running = Task.Run(async () =>
                {
                    while (!enough.IsCancellationRequested)
                    {
                        await make(TestContext.Current.CancellationToken);
                        await Task.Delay(pause, enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    }
                }, CancellationToken.None);
                return Task.CompletedTask;
            },
            async () =>
            {
                await enough.CancelAsync();
                await running;
                enough.Dispose();
            });
    }
}
