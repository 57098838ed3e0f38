using Hub.Cli.Send.Otlp;
using Hub.Cli.Send.Replay;
using Microsoft.AspNetCore.Http;

namespace Hub.Cli.Tests.Send;

public sealed class TraceReplayerTests : ReplayTest
{
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
        Assert.Equal((traffic.Sum(span => (long)span.InputTokens), traffic.Sum(span => (long)span.OutputTokens)),
            (result.InputTokens, result.OutputTokens));
        Assert.Equal(Enumerable.Range(0, 950), ledger.RowsThatAre(Outcome.Acknowledged));
        Assert.All(receiver.Requests, request => Assert.Equal(
            ("Bearer the-key", json ? "application/json" : "application/x-protobuf", "gzip"), (request.Authorization, request.ContentType,
                request.Encoding)));
        if (json) return;
        var arrived = receiver.Requests.SelectMany(request => request.Spans).Select(span => span.TraceId);
        Assert.Equal(traffic.Select(span => span.TraceId()).Order(), arrived.Order());
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
        await using var receiver =
            await FakeReceiver.StartAsync(request => request.Http.Response.Body.WriteAsync(Answers.Partial(0, "use less")).AsTask());
        var result = await RunAsync(receiver, Sample.Traffic(300));
        Assert.True(result.IsComplete);
        Assert.Equal(["use less"], result.Warnings);
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
}
