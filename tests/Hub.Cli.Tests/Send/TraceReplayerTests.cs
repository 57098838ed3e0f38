using System.Net;
using System.Net.Sockets;
using Hub.Cli.Send.Otlp;
using Hub.Cli.Send.Replay;
using Hub.Cli.Send.Sampling;
using Microsoft.AspNetCore.Http;

namespace Hub.Cli.Tests.Send;

public sealed class TraceReplayerTests
{
    private readonly SkippingTime time = new();
    private readonly Ledger ledger = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_row_arrives_once_and_is_acknowledged_once(bool json)
    {
        await using var receiver = await FakeReceiver.StartAsync(request =>
        {
            request.Http.Response.ContentType = request.ContentType;
            return json ? request.Http.Response.WriteAsync("{}") : Task.CompletedTask;
        });
        var traffic = Sample.Traffic(950);

        var result = await RunAsync(receiver, traffic, options => options with { Format = json ? OtlpFormat.Json : OtlpFormat.Protobuf });

        Assert.True(result.IsComplete);
        Assert.Equal((950, 950, 10), (result.Total, result.Acknowledged, result.Requests));
        Assert.Equal((traffic.Sum(span => (long)span.InputTokens), traffic.Sum(span => (long)span.OutputTokens)), (result.InputTokens, result.OutputTokens));
        Assert.Equal(Enumerable.Range(0, 950), ledger.RowsThatAre(Outcome.Acknowledged));
        Assert.All(receiver.Requests, request => Assert.Equal(
            ("Bearer the-key", json ? "application/json" : "application/x-protobuf", "gzip"), (request.Authorization, request.ContentType, request.Encoding)));
        if (json) return;
        var arrived = receiver.Requests.SelectMany(request => request.Spans).Select(span => span.TraceId);
        Assert.Equal(traffic.Select(span => span.TraceId()).Order(), arrived.Order());
    }

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_busy_receiver_gets_the_same_bytes_again(int status)
    {
        await using var receiver = await FakeReceiver.StartAsync(request =>
        {
            if (request.Number <= 3) request.Http.Response.StatusCode = status;
            return Task.CompletedTask;
        });

        var result = await RunAsync(receiver, Sample.Traffic(50));

        Assert.True(result.IsComplete);
        Assert.Equal(4, receiver.Requests.Count);
        Assert.All(receiver.Requests, request => Assert.Equal(receiver.Requests.First().Raw, request.Raw));
        var (reason, count) = Assert.Single(result.Retries);
        Assert.StartsWith(status.ToString(), reason, StringComparison.Ordinal);
        Assert.Equal(3, count);
        Assert.Equal(3, time.Waits.Count);
    }

    [Fact]
    public async Task The_receiver_says_when_to_come_again()
    {
        await using var receiver = await FakeReceiver.StartAsync(request =>
        {
            if (request.Number > 1) return Task.CompletedTask;
            request.Http.Response.StatusCode = 503;
            request.Http.Response.Headers.RetryAfter = "17";
            return Task.CompletedTask;
        });

        Assert.True((await RunAsync(receiver, Sample.Traffic(5))).IsComplete);
        Assert.InRange(Assert.Single(time.Waits).TotalSeconds, 17, 18.7);
    }

    [Theory]
    [InlineData("before the answer")]
    [InlineData("inside the answer")]
    public async Task A_connection_that_breaks_is_tried_again(string when)
    {
        await using var receiver = await FakeReceiver.StartAsync(async request =>
        {
            if (request.Number > 2) return;
            if (when == "inside the answer")
            {
                request.Http.Response.ContentLength = 100;
                await request.Http.Response.Body.WriteAsync(new byte[10]);
                await request.Http.Response.Body.FlushAsync();
            }

            request.Http.Abort();
        });

        var result = await RunAsync(receiver, Sample.Traffic(5));

        Assert.True(result.IsComplete);
        Assert.Equal(2, result.Retries.Where(retry => retry.Key.StartsWith("connection lost", StringComparison.Ordinal)).Sum(retry => retry.Value));
    }

    [Fact]
    public async Task Where_nobody_listens_nothing_is_stored_and_that_is_known()
    {
        var result = await RunAsync(Closed(), Sample.Traffic(500));

        Assert.Equal((500, 0, 0), (result.Unsent, result.Unknown.Count, result.Refused.Count));
        Assert.Contains("no acknowledgement for 60 s; the last answer: no connection", result.EndedBy, StringComparison.Ordinal);
        Assert.InRange(time.Elapsed.TotalSeconds, 60, 70);
    }

    [Theory]
    [InlineData(503, nameof(Outcome.Unknown))]
    [InlineData(429, nameof(Outcome.Unsent))]
    public async Task Without_any_acknowledgement_it_gives_up_and_says_what_it_does_not_know(int status, string outcome)
    {
        var expected = Enum.Parse<Outcome>(outcome);
        await using var receiver = await FakeReceiver.StartAsync(request =>
        {
            request.Http.Response.StatusCode = status;
            return Task.CompletedTask;
        });

        var result = await RunAsync(receiver, Sample.Traffic(500));

        Assert.Equal(Enumerable.Range(0, 100), ledger.Rows.Where(row => row.Outcome == expected).Select(row => row.Span.Row).Order().Take(100));
        Assert.Equal(expected == Outcome.Unknown ? 400 : 500, result.Unsent);
        Assert.InRange(time.Elapsed.TotalSeconds, 60, 66);
        Assert.NotNull(result.EndedBy);
    }

    [Fact]
    public async Task An_acknowledgement_of_another_request_keeps_up_the_patience()
    {
        // Each row is a request: 40 s of busy answers before each success, which together is far longer than the patience.
        await using var receiver = await FakeReceiver.StartAsync(request =>
        {
            if (request.Number % 2 == 0) return Task.CompletedTask;
            request.Http.Response.StatusCode = 503;
            request.Http.Response.Headers.RetryAfter = "40";
            return Task.CompletedTask;
        });

        var result = await RunAsync(receiver, Sample.Traffic(6), options => options with { BatchSize = 1 });

        Assert.True(result.IsComplete);
        Assert.True(time.Elapsed > TimeSpan.FromSeconds(240));
    }

    [Theory]
    [InlineData(400, nameof(Outcome.Refused))]
    [InlineData(413, nameof(Outcome.Refused))]
    [InlineData(500, nameof(Outcome.Unknown))]
    [InlineData(501, nameof(Outcome.Unknown))]
    public async Task Other_errors_are_final_for_their_rows_and_told_in_the_receivers_words(int status, string outcome)
    {
        var expected = Enum.Parse<Outcome>(outcome);
        await using var receiver = await FakeReceiver.StartAsync(async request =>
        {
            if (request.Number != 2) return;
            request.Http.Response.StatusCode = status;
            await request.Http.Response.Body.WriteAsync(Answers.Status("what is wrong"));
        });

        var result = await RunAsync(receiver, Sample.Traffic(300));

        Assert.Equal((200, 0, 3), (result.Acknowledged, result.Unsent, receiver.Requests.Count));
        Assert.Equal(Enumerable.Range(100, 100), ledger.RowsThatAre(expected));
        var (reason, rows) = Assert.Single(expected == Outcome.Refused ? result.Refused : result.Unknown);
        Assert.StartsWith($"{status} ", reason, StringComparison.Ordinal);
        Assert.EndsWith(": what is wrong", reason, StringComparison.Ordinal);
        Assert.Equal(100, rows);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(415)]
    public async Task What_every_request_would_get_ends_the_replay(int status)
    {
        await using var receiver = await FakeReceiver.StartAsync(async request =>
        {
            request.Http.Response.StatusCode = status;
            request.Http.Response.Headers.Location = "/elsewhere";
            await request.Http.Response.Body.WriteAsync(Answers.Status("no such key"));
        });

        var result = await RunAsync(receiver, Sample.Traffic(5000));

        Assert.Single(receiver.Requests);
        Assert.Equal((100, 4900), (result.Refused.Values.Single(), result.Unsent));
        Assert.EndsWith("no such key", result.EndedBy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_200_that_is_no_OTLP_acknowledges_nothing()
    {
        await using var receiver = await FakeReceiver.StartAsync(request =>
        {
            request.Http.Response.ContentType = "text/html";
            return request.Http.Response.WriteAsync("<html>Welcome</html>");
        });

        var result = await RunAsync(receiver, Sample.Traffic(300));

        Assert.Equal((0, 100, 200), (result.Acknowledged, result.Unknown.Values.Sum(), result.Unsent));
        Assert.Contains("does not speak OTLP", result.EndedBy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejected_rows_of_a_partial_success_are_found_one_by_one()
    {
        static bool IsBad(WireSpan span) => (long)span.Attributes["gen_ai.usage.input_tokens"] % 37 == 0;
        await using var receiver = await FakeReceiver.StartAsync(async request =>
        {
            var bad = request.Spans.Count(IsBad);
            if (bad > 0) await request.Http.Response.Body.WriteAsync(Answers.Partial(bad, "start_time: too old"));
        });
        var expected = Sample.Traffic(400).Where(span => span.InputTokens % 37 == 0).Select(span => span.Row).ToArray();

        var result = await RunAsync(receiver, Sample.Traffic(400));

        Assert.NotEmpty(expected);
        Assert.Equal(expected, ledger.RowsThatAre(Outcome.Refused));
        Assert.Equal(Enumerable.Range(0, 400).Except(expected), ledger.RowsThatAre(Outcome.Acknowledged));
        Assert.Equal(new Dictionary<string, int> { ["start_time: too old"] = expected.Length }, result.Refused);
        Assert.False(result.IsComplete);
    }

    [Fact]
    public async Task A_remark_of_the_receiver_is_passed_on()
    {
        await using var receiver = await FakeReceiver.StartAsync(request => request.Http.Response.Body.WriteAsync(Answers.Partial(0, "use less")).AsTask());
        var result = await RunAsync(receiver, Sample.Traffic(300));
        Assert.True(result.IsComplete);
        Assert.Equal(["use less"], result.Warnings);
    }

    [Fact]
    public async Task A_receiver_that_never_answers_leaves_rows_unknown()
    {
        await using var receiver = await FakeReceiver.StartAsync(request => Task.Delay(Timeout.Infinite, request.Http.RequestAborted));
        var result = await RunAsync(receiver, Sample.Traffic(10), options => options with { GiveUpAfter = TimeSpan.FromMilliseconds(300) });
        var (reason, rows) = Assert.Single(result.Unknown);
        Assert.Equal(("no answer within 0.3 s", 10), (reason, rows));
    }

    [Fact]
    public async Task A_slow_receiver_is_never_given_more_than_agreed_and_the_trace_is_read_no_faster()
    {
        var (acknowledged, read, most) = (0, 0, 0);
        IEnumerable<OtlpSpan> Watched()
        {
            foreach (var span in Sample.Traffic(3000))
            {
                most = Math.Max(most, ++read - Volatile.Read(ref acknowledged));
                yield return span;
            }
        }

        await using var receiver = await FakeReceiver.StartAsync(_ => Task.Delay(2, Cancelled));
        var result = await RunAsync(
            receiver.Endpoint, new Counted(Watched(), 3000), options => options with { Concurrency = 3, BatchSize = 20 },
            new Ledger { Told = _ => Interlocked.Increment(ref acknowledged) });

        Assert.True(result.IsComplete);
        Assert.InRange(receiver.MostInFlight, 1, 3);
        // Three requests in flight, three waiting, one being made, one that waits for its place.
        Assert.InRange(most, 1, 8 * 20);
    }

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
    public async Task Told_to_stop_it_does_not_wait_for_ever()
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

    [Fact]
    public async Task The_trace_is_sent_with_its_own_gaps()
    {
        await using var receiver = await FakeReceiver.StartAsync();
        var result = await RunAsync(receiver, Sample.Traffic(101), options => options with { Speed = 0.5 });
        // 100 gaps of 100 ms at half the speed.
        Assert.True(result.IsComplete);
        Assert.Equal(20, time.Elapsed.TotalSeconds);
        Assert.Equal([6, 6, 6], receiver.Requests.Take(3).Select(request => request.Spans.Count));
    }

    [Fact]
    public async Task A_low_rate_comes_as_a_stream()
    {
        await using var receiver = await FakeReceiver.StartAsync();
        var result = await RunAsync(receiver, Sample.Traffic(40), options => options with { Rate = 8 });
        Assert.True(result.IsComplete);
        Assert.All(receiver.Requests, request => Assert.Equal(8, request.Spans.Count));
        Assert.Equal(4, time.Elapsed.TotalSeconds);
    }

    private Task<ReplayResult> RunAsync(FakeReceiver receiver, SampleTraffic traffic, Func<ReplayOptions, ReplayOptions>? change = null) =>
        RunAsync(receiver.Endpoint, traffic, change ?? (options => options), ledger);

    private Task<ReplayResult> RunAsync(Uri endpoint, SampleTraffic traffic) => RunAsync(endpoint, traffic, options => options, ledger);

    // One lane unless the test says otherwise: the order of requests is then certain.
    private async Task<ReplayResult> RunAsync(
        Uri endpoint, IReadOnlyCollection<OtlpSpan> spans, Func<ReplayOptions, ReplayOptions> change, Ledger outcomes,
        CancellationTokenSource? stop = null, TimeProvider? clock = null)
    {
        var options = change(new ReplayOptions { ApiKey = "the-key", Endpoint = endpoint, Concurrency = 1 });
        using var http = ExportClient.CreateHttp(options);
        var result = await new TraceReplayer(http, options, clock ?? time).RunAsync(spans, null, outcomes, stop?.Token ?? CancellationToken.None).WaitAsync(Cancelled);

        // Whatever happens, every row has one outcome, and the figures are those of the ledger.
        Assert.Distinct(outcomes.Rows.Select(row => row.Span.Row));
        Assert.Equal(result.Total, result.Acknowledged + result.Refused.Values.Sum() + result.Unknown.Values.Sum() + result.Unsent);
        Assert.Equal(result.Acknowledged, outcomes.RowsThatAre(Outcome.Acknowledged).Length);
        Assert.Equal(result.Refused.Values.Sum(), outcomes.RowsThatAre(Outcome.Refused).Length);
        Assert.Equal(result.Unknown.Values.Sum(), outcomes.RowsThatAre(Outcome.Unknown).Length);
        return result;
    }

    private static Uri Closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}/v1/traces");
    }

    private sealed class Counted(IEnumerable<OtlpSpan> spans, int count) : IReadOnlyCollection<OtlpSpan>
    {
        public int Count => count;

        public IEnumerator<OtlpSpan> GetEnumerator() => spans.GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
