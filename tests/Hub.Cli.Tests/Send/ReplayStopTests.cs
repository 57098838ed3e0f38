using Hub.Cli.Send.Replay;

namespace Hub.Cli.Tests.Send;

public sealed class ReplayStopTests : ReplayTest
{
    [Fact]
    public async Task Told_to_stop_it_waits_for_what_is_in_flight_and_sends_nothing_new()
    {
        var (arrived, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var receiver = await FakeReceiver.StartAsync(async _ =>
        {
            arrived.TrySetResult();
            await release.Task;
        });
        using var stop = new CancellationTokenSource();

        // The real clock: on the skipping one the grace would be over at once.
        var running = RunAsync(receiver.Endpoint, Sample.Traffic(5000), options => options, ledger, stop, TimeProvider.System);
        await arrived.Task.WaitAsync(Cancelled);
        await stop.CancelAsync();
        release.SetResult();
        var result = await running;

        Assert.True(result.Stopped);
        Assert.Equal((100, 4900, 0), (result.Acknowledged, result.Unsent, result.Unknown.Count));
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task Told_to_stop_it_does_not_wait_forever()
    {
        var arrived = new TaskCompletionSource();
        await using var receiver = await FakeReceiver.StartAsync(async request =>
        {
            arrived.TrySetResult();
            await Task.Delay(Timeout.Infinite, request.Http.RequestAborted);
        });
        using var stop = new CancellationTokenSource();

        var running = RunAsync(receiver.Endpoint, Sample.Traffic(5000), options => options, ledger, stop);
        await arrived.Task.WaitAsync(Cancelled);
        await stop.CancelAsync();
        var result = await running;

        Assert.Equal((true, 0, 4900), (result.Stopped, result.Acknowledged, result.Unsent));
        Assert.Equal(["stopped while waiting for the answer"], result.Unknown.Keys);
        Assert.Contains(TimeSpan.FromSeconds(10), time.Waits);
    }

    [Fact]
    public async Task Told_to_stop_between_two_attempts_it_makes_no_other()
    {
        using var stop = new CancellationTokenSource();
        await using var receiver = await FakeReceiver.StartAsync(request =>
        {
            request.Http.Response.StatusCode = 503;
            request.Http.Response.Headers.RetryAfter = "3600";
            request.Http.Response.OnCompleted(stop.CancelAsync);
            return Task.CompletedTask;
        });

        var result = await RunAsync(receiver.Endpoint, Sample.Traffic(500), options => options, ledger, stop, TimeProvider.System);

        Assert.Single(receiver.Requests);
        Assert.Equal((100, 400), (result.Unknown.Values.Single(), result.Unsent));
    }

    [Fact]
    public async Task A_ledger_that_fails_ends_the_replay_with_its_error()
    {
        await using var receiver = await FakeReceiver.StartAsync();
        var broken = new Ledger { Told = _ => throw new InvalidOperationException("disk full") };
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RunAsync(receiver.Endpoint, Sample.Traffic(5000), options => options with { Concurrency = 2 }, broken));
        Assert.Equal("disk full", failure.Message);
    }
}
