using Hub.Cli.Send.Replay;
using Microsoft.AspNetCore.Http;

namespace Hub.Cli.Tests.Send;

public sealed class ReplayFailureTests : ReplayTest
{
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
    public async Task Retry_after_of_the_receiver_is_respected()
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
    public async Task Acknowledgement_of_another_request_resets_the_timeout()
    {
        // Each row is a request: 40 s of busy answers before each success, which together is far longer than the timeout.
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
    public async Task Error_that_affects_every_request_ends_the_replay(int status)
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
    public async Task A_200_that_is_not_OTLP_acknowledges_nothing()
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
    public async Task A_receiver_that_never_answers_leaves_rows_unknown()
    {
        await using var receiver = await FakeReceiver.StartAsync(request => Task.Delay(Timeout.Infinite, request.Http.RequestAborted));
        var result = await RunAsync(receiver, Sample.Traffic(10), options => options with { GiveUpAfter = TimeSpan.FromMilliseconds(300) });
        var (reason, rows) = Assert.Single(result.Unknown);
        Assert.Equal(("no answer within 0.3 s", 10), (reason, rows));
    }
}
