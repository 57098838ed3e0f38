using System.Collections.Concurrent;
using System.Diagnostics;

namespace Analytics.Ingest.Tests.Telemetry;

/// <summary>Hears every span that ends in this process while it lives.</summary>
internal sealed class SpanLog : IDisposable
{
    private readonly ConcurrentQueue<Activity> ended = new();
    private readonly ActivityListener listener;

    public SpanLog()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    public IReadOnlyCollection<Activity> Ended => ended;

    public IEnumerable<Activity> Of(ActivityTraceId trace) => ended.Where(span => span.TraceId == trace);

    /// <summary>Waits for a span; a server's ends after its answer has been sent.</summary>
    public async Task<Activity> WaitAsync(Func<Activity, bool> wanted)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (ended.FirstOrDefault(wanted) is { } span) return span;
            await Task.Delay(20, timeout.Token);
        }
    }

    public void Dispose() => listener.Dispose();
}
