using System.Net;
using System.Net.Http.Headers;
using Hub.Cli.Send.Replay;

namespace Hub.Cli.Tests.Send;

public sealed class PacingTests
{
    [Fact]
    public void Without_a_speed_batches_are_full_and_due_at_once()
    {
        var batches = Batcher.Of(Sample.Traffic(250), 100, null).ToList();
        Assert.Equal([100, 100, 50], batches.Select(batch => batch.Spans.Count));
        Assert.All(batches, batch => Assert.Equal(TimeSpan.Zero, batch.Due));
        Assert.Equal(Enumerable.Range(0, 250), batches.SelectMany(batch => batch.Spans).Select(span => span.Row));
    }

    [Fact]
    public void With_a_speed_a_batch_holds_a_second_and_goes_when_its_last_row_is_due()
    {
        // A row each 100 ms; at double speed each 50 ms.
        var batches = Batcher.Of(Sample.Traffic(50), 100, 2).ToList();
        Assert.Equal([21, 21, 8], batches.Select(batch => batch.Spans.Count));
        Assert.Equal([1000, 2050, 2450], batches.Select(batch => batch.Due.TotalMilliseconds));
    }

    [Fact]
    public async Task The_pacer_waits_until_a_batch_is_due()
    {
        var time = new SkippingTime();
        var pacer = new Pacer(null, time);
        foreach (var batch in Batcher.Of(Sample.Traffic(50), 100, 2)) await pacer.WaitAsync(batch, TestContext.Current.CancellationToken);
        Assert.Equal([1000, 1050, 400], time.Waits.Select(wait => wait.TotalMilliseconds));
    }

    [Fact]
    public async Task The_rate_is_a_cap_that_a_stall_does_not_lift()
    {
        var time = new SkippingTime();
        var pacer = new Pacer(10, time);
        var batches = Batcher.Of(Sample.Traffic(30), 10, null).ToList();
        await pacer.WaitAsync(batches[0], TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(30), time, TestContext.Current.CancellationToken);
        await pacer.WaitAsync(batches[1], TestContext.Current.CancellationToken);
        await pacer.WaitAsync(batches[2], TestContext.Current.CancellationToken);
        Assert.Equal([30_000, 1000], time.Waits.Select(wait => wait.TotalMilliseconds));
    }

    [Fact]
    public void Waits_grow_to_a_bound_and_scatter()
    {
        Assert.Equal([250, 500, 1000, 2000, 4000, 5000, 5000],
            Enumerable.Range(1, 7).Select(attempt => RetryPolicy.Wait(attempt, null, 1).TotalMilliseconds));
        Assert.Equal(125, RetryPolicy.Wait(1, null, 0).TotalMilliseconds);
        Assert.Equal(TimeSpan.FromSeconds(5), RetryPolicy.Wait(int.MaxValue, null, 1));
    }

    [Fact]
    public void The_receiver_is_never_asked_before_it_said()
    {
        Assert.Equal(TimeSpan.FromSeconds(20), RetryPolicy.Wait(1, TimeSpan.FromSeconds(20), 0));
        Assert.Equal(TimeSpan.FromSeconds(22), RetryPolicy.Wait(9, TimeSpan.FromSeconds(20), 1));
    }

    [Fact]
    public void Retry_after_is_seconds_or_a_date()
    {
        var now = SkippingTime.Origin;
        Assert.Equal(TimeSpan.FromSeconds(7), RetryPolicy.RetryAfter(new RetryConditionHeaderValue(TimeSpan.FromSeconds(7)), now));
        Assert.Equal(TimeSpan.FromSeconds(9), RetryPolicy.RetryAfter(new RetryConditionHeaderValue(now.AddSeconds(9)), now));
        Assert.Equal(TimeSpan.Zero, RetryPolicy.RetryAfter(new RetryConditionHeaderValue(now.AddSeconds(-9)), now));
        Assert.Null(RetryPolicy.RetryAfter(null, now));
    }

    [Fact]
    public void Exactly_the_statuses_that_OTLP_names_are_retried() => Assert.Equal(
        [429, 502, 503, 504], Enumerable.Range(200, 400).Where(status => RetryPolicy.IsRetryable((HttpStatusCode)status)));

    [Fact]
    public void Quantiles_are_values_that_occurred()
    {
        var latencies = Latencies.Of(Enumerable.Range(1, 100).Reverse().Select(value => TimeSpan.FromMilliseconds(value)));
        Assert.Equal((50, 95, 100), (latencies.P50.TotalMilliseconds, latencies.P95.TotalMilliseconds, latencies.Max.TotalMilliseconds));
        Assert.Equal(TimeSpan.FromSeconds(3), Latencies.Of([TimeSpan.FromSeconds(3)]).P50);
        Assert.Equal(TimeSpan.Zero, Latencies.Of([]).Max);
    }
}
