using System.CommandLine;
using System.Text.Json;
using Hub.Cli.Send;
using Hub.Cli.Send.Replay;
using Microsoft.AspNetCore.Http;

namespace Hub.Cli.Tests.Send;

public sealed class SendCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hub-send").FullName;
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public SendCommandTests()
    {
        File.WriteAllText(Path.Combine(folder, "api-key"), "hub_secret-key\n");
        File.WriteAllText(Trace, Sample.Csv);
    }

    private string Trace => Path.Combine(folder, "trace.csv");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_file_is_sent_with_the_key_of_the_state_directory_and_the_summary_says_how_to_see_it()
    {
        await using var receiver = await FakeReceiver.StartAsync();

        Assert.Equal(0, await RunAsync(receiver.Endpoint, Trace));

        var request = Assert.Single(receiver.Requests);
        Assert.Equal("Bearer hub_secret-key", request.Authorization);
        Assert.Equal(4808L + 3180 + 110 + 7433, request.Spans.Sum(span => (long)span.Attributes["gen_ai.usage.input_tokens"]));
        var text = output.ToString();
        Assert.Contains("acknowledged  4, 15531 tokens in, 59 tokens out", text, StringComparison.Ordinal);
        Assert.Contains("?from=2026-11-21T18:00:00Z&to=2026-11-21T19:00:00Z&group_by=model", text, StringComparison.Ordinal);
        Assert.Contains("time >= '2026-11-21T18:00:00Z' AND time < '2026-11-21T19:00:00Z'", text, StringComparison.Ordinal);
        Assert.Contains($"./hub send {Trace} --start 2026-11-21T18:17:03.97996Z", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text + error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_line_that_says_how_to_send_again_gives_the_same_ids()
    {
        await using var receiver = await FakeReceiver.StartAsync();
        foreach (var first in new[] { new[] { Trace, "--count", "3", "--seed", "7", "--json" }, ["--count", "50", "--json"] })
        {
            Assert.Equal(0, await RunAsync(receiver.Endpoint, first));
            var again = Json().GetProperty("again").GetString()!.Split(' ')[2..];
            Assert.Equal(0, await RunAsync(receiver.Endpoint, again));
            var (one, other) = (receiver.Requests.ElementAt(receiver.Requests.Count - 2), receiver.Requests.Last());
            Assert.Equal(
                one.Spans.Select(span => (span.TraceId, span.SpanId, span.Start, span.End)),
                other.Spans.Select(span => (span.TraceId, span.SpanId, span.Start, span.End)));
        }
    }

    [Fact]
    public async Task Without_a_file_made_up_calls_are_sent_that_end_now()
    {
        await using var receiver = await FakeReceiver.StartAsync();

        Assert.Equal(0, await RunAsync(receiver.Endpoint, "--json"));

        var summary = Json();
        Assert.Equal((200, 200), (summary.GetProperty("rows").GetInt32(), summary.GetProperty("acknowledged").GetInt32()));
        Assert.Equal("2026-11-22T10:30:00Z", summary.GetProperty("lastTime").GetString());
        Assert.Equal(200, receiver.Requests.Sum(request => request.Spans.Count));
    }

    [Fact]
    public async Task One_refused_row_makes_the_exit_code_1()
    {
        await using var receiver = await FakeReceiver.StartAsync(async request =>
        {
            if (request.Spans.Count(span => (long)span.Attributes["gen_ai.usage.input_tokens"] == 110) is var bad and > 0)
                await request.Http.Response.Body.WriteAsync(Answers.Partial(bad, "no"));
        });

        Assert.Equal(1, await RunAsync(receiver.Endpoint, Trace));
        Assert.Contains("refused       1: 1 × no", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("acknowledged  3,", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_key_is_told_in_the_hubs_words()
    {
        await using var receiver = await FakeReceiver.StartAsync(async request =>
        {
            request.Http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await request.Http.Response.Body.WriteAsync(Answers.Status("unknown API key"));
        });

        Assert.Equal(1, await RunAsync(receiver.Endpoint, Trace, "--key", "wrong"));
        Assert.Contains("ended early   401 Unauthorized: unknown API key", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_key_says_who_writes_it()
    {
        File.Delete(Path.Combine(folder, "api-key"));
        Assert.Equal(2, await RunAsync(new Uri("http://127.0.0.1:1/v1/traces"), Trace));
        Assert.Contains("Run ./hub up, which writes it, or use --key.", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_file_says_where_and_sends_nothing()
    {
        await File.AppendAllTextAsync(Trace, "\n2023-11-16 18:17:06,many,14\n", TestContext.Current.CancellationToken);
        await using var receiver = await FakeReceiver.StartAsync();

        Assert.Equal(2, await RunAsync(receiver.Endpoint, Trace));

        Assert.StartsWith($"{Trace}:6:21: ContextTokens is \"many\".", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(receiver.Requests);
    }

    [Theory]
    [InlineData("--count 0", "--count is \"0\". Expected a whole number from 1 to 10000000.")]
    [InlineData("--count 1.5", "--count is \"1.5\".")]
    [InlineData("--rate fast", "--rate is \"fast\". Expected a number from 0.001 to 1000000.")]
    [InlineData("--rate NaN", "--rate is \"NaN\".")]
    [InlineData("--speed -1", "--speed is \"-1\".")]
    [InlineData("--concurrency 257", "--concurrency is \"257\". Expected a whole number from 1 to 256.")]
    [InlineData("--batch 10001", "--batch is \"10001\".")]
    [InlineData("--start soon", "--start is \"soon\". Expected a UTC time")]
    [InlineData("--endpoint localhost", "--endpoint is \"localhost\". Expected an address such as")]
    [InlineData("--format xml", "--format is \"xml\". Expected protobuf or json.")]
    [InlineData("--timeout 0", "--timeout is \"0\".")]
    [InlineData("one two", "two")]
    public void Options_outside_of_their_range_are_refused_with_it(string arguments, string message)
    {
        var parsed = SendCommand.Create().Parse(arguments);
        Assert.Contains(parsed.Errors, problem => problem.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_start_beyond_the_calendar_is_refused()
    {
        Assert.Equal(2, await RunAsync(new Uri("http://127.0.0.1:1/v1/traces"), Trace, "--start", "9999-01-01"));
        Assert.StartsWith("--start does not fit", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://hub.example:4318", "http://hub.example:4318/v1/traces")]
    [InlineData("https://hub.example/v1/traces", "https://hub.example/v1/traces")]
    [InlineData("https://hub.example/prefix/v1/traces", "https://hub.example/prefix/v1/traces")]
    public void An_endpoint_without_a_path_means_the_standard_one(string given, string expected)
    {
        var options = new SendOptions();
        var command = new Command("send");
        options.AddTo(command);
        Assert.Equal(new Uri(expected), options.Read(command.Parse(["--endpoint", given])).Endpoint);
    }

    [Fact]
    public async Task Interrupted_it_tells_what_it_did_and_returns_130()
    {
        using var stop = new CancellationTokenSource();
        await using var receiver = await FakeReceiver.StartAsync(async request =>
        {
            if (request.Number == 1) await stop.CancelAsync();
        });

        var code = await RunAsync(receiver.Endpoint, stop.Token, "--count", "5000", "--concurrency", "1", "--json");

        Assert.Equal(130, code);
        Assert.True(Json().GetProperty("stopped").GetBoolean());
        Assert.Equal((100, 4900), (Json().GetProperty("acknowledged").GetInt32(), Json().GetProperty("unsent").GetInt32()));
    }

    [Fact]
    public void A_progress_line_says_what_is_wrong_only_when_something_is()
    {
        Assert.Equal("40 of 100 rows acknowledged, 20 rows/s", SendProgress.Line(new ReplayProgress(100, 40, 0, 0, 0, 0, TimeSpan.FromSeconds(2), null)));
        Assert.Equal(
            "40 of 100 rows acknowledged, 20 rows/s, 2 refused, 3 unknown, 4 retries, 503 Busy",
            SendProgress.Line(new ReplayProgress(100, 40, 2, 3, 0, 4, TimeSpan.FromSeconds(2), "503 Busy")));
    }

    private JsonElement Json() => JsonDocument.Parse(output.ToString()).RootElement;

    private Task<int> RunAsync(Uri endpoint, params string[] arguments) => RunAsync(endpoint, TestContext.Current.CancellationToken, arguments);

    private Task<int> RunAsync(Uri endpoint, CancellationToken stop, params string[] arguments)
    {
        output.GetStringBuilder().Clear();
        var command = SendCommand.Create(() => SendTarget.Local(folder) with { Endpoint = endpoint }, new StoppedClock());
        return command.Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, stop);
    }

    /// <summary>The calendar stands still; timers run.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => SkippingTime.Origin;
    }
}
