using System.Globalization;
using System.Text;
using System.Text.Json;
using Hub.Cli.Send.Replay;
using Hub.Cli.Send.Sampling;

namespace Hub.Cli.Send;

/// <summary>What a run came to, and how to see it in the hub.</summary>
internal sealed class SendSummary(SendArguments arguments, SendTarget target, ReplayOptions options, SampleTraffic traffic, ReplayResult result)
{
    private const string Iso = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        // Nothing here goes into a web page: a command with quotes stays readable.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // Whole hours around the calls: aggregates answer by the hour.
    private DateTime From => Hour(traffic.First);

    private DateTime To => Hour(traffic.Last).AddHours(1);

    /// <summary>Asks the hub for the usage of the hours that the rows lie in.</summary>
    public string Curl
    {
        get
        {
            var rest = options.Endpoint == target.Endpoint
                ? target.Rest
                : new UriBuilder(options.Endpoint.Scheme, options.Endpoint.Host, target.Rest.Port).Uri;
            var key = arguments.Key is null ? $"$(cat {Quote(target.KeyPath)})" : "$KEY";
            return $"curl -s -H \"Authorization: Bearer {key}\" '{new Uri(rest, "/api/v1/usage")}?from={Show(From)}&to={Show(To)}&group_by=model'";
        }
    }

    /// <summary>Asks the database the same.</summary>
    public string Psql =>
        "./hub psql -- -c \"SELECT provider, model, count(*) AS requests, count(*) FILTER (WHERE is_error) AS errors, sum(input_tokens) AS input_tokens, "
        + "sum(output_tokens) AS output_tokens, round(sum(cost_usd), 4) AS cost_usd FROM analytics.llm_requests "
        + $"WHERE time >= '{Show(From)}' AND time < '{Show(To)}' GROUP BY 1, 2 ORDER BY 3 DESC\"";

    /// <summary>Sends the same rows under the same ids.</summary>
    public string Again
    {
        get
        {
            var words = new List<string> { "./hub send" };
            if (arguments.File is { } file) words.Add(Quote(file));
            words.Add($"--start {Show(traffic.Start)}");
            if (arguments.Count is { } count) words.Add(Text($"--count {count}"));
            if (arguments.Seed != 1) words.Add(Text($"--seed {arguments.Seed}"));
            return string.Join(' ', words);
        }
    }

    public string ToText()
    {
        var text = new StringBuilder();
        void Line(string name, string value) => text.AppendLine(CultureInfo.InvariantCulture, $"{name,-14}{value}");

        var source = arguments.File ?? "generated traffic";
        Line("rows", Text($"{result.Total} of {source}, {traffic.First:yyyy-MM-dd HH:mm:ss} to {traffic.Last:yyyy-MM-dd HH:mm:ss} UTC"));
        Line("acknowledged", Text($"{result.Acknowledged}, {result.InputTokens} tokens in, {result.OutputTokens} tokens out"));
        Line("refused", Reasons(result.Refused));
        Line("unknown", Reasons(result.Unknown));
        if (result.Unsent > 0) Line("not sent", Text($"{result.Unsent}"));
        var (p50, p95, max) = result.Latency;
        var latency = Text($"p50 {p50.TotalMilliseconds:0} ms, p95 {p95.TotalMilliseconds:0} ms, max {max.TotalMilliseconds:0} ms");
        Line("requests", Text($"{result.Requests} acknowledged, {latency}"));
        Line("retries", Reasons(result.Retries));
        Line("took", Text($"{result.Duration.TotalSeconds:0.00} s, {result.RowsPerSecond:0} rows/s"));
        foreach (var warning in result.Warnings) Line("warning", warning);
        if (result.EndedBy is { } reason) Line("ended early", reason);
        if (result.Stopped) Line("ended early", "stopped");

        if (result.Acknowledged > 0) text.AppendLine(CultureInfo.InvariantCulture, $"\nSee it:\n  {Curl}\n  {Psql}");
        if (result.Total > 0) text.AppendLine(CultureInfo.InvariantCulture, $"The same rows again (none is stored twice):\n  {Again}");
        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            File = arguments.File,
            Rows = result.Total,
            result.Acknowledged,
            Rejected = result.Refused.Values.Sum(),
            RejectedBy = result.Refused,
            Unknown = result.Unknown.Values.Sum(),
            UnknownBy = result.Unknown,
            result.Unsent,
            result.Requests,
            Retries = result.Retries.Values.Sum(),
            RetriesBy = result.Retries,
            result.Warnings,
            result.InputTokens,
            result.OutputTokens,
            DurationSeconds = result.Duration.TotalSeconds,
            result.RowsPerSecond,
            AcknowledgementSeconds = new
            {
                P50 = result.Latency.P50.TotalSeconds,
                P95 = result.Latency.P95.TotalSeconds,
                Max = result.Latency.Max.TotalSeconds,
            },
            result.Stopped,
            result.EndedBy,
            Endpoint = options.Endpoint.ToString(),
            arguments.Seed,
            Start = Show(traffic.Start),
            FirstTime = Show(traffic.First),
            LastTime = Show(traffic.Last),
            From = Show(From),
            To = Show(To),
            Curl,
            Psql,
            Again,
        },
        Json) + "\n";

    private static DateTime Hour(DateTime time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerHour));

    private static string Show(DateTime time) => time.ToString(Iso, CultureInfo.InvariantCulture);

    private static string Reasons(IReadOnlyDictionary<string, int> reasons) =>
        reasons.Count == 0
            ? "0"
            : Text($"{reasons.Values.Sum()}: ") + string.Join(
                "; ", reasons.OrderByDescending(reason => reason.Value).Select(reason => Text($"{reason.Value} × {reason.Key}")));

    // For a shell: a path of plain characters as it is, any other in quotes.
    private static string Quote(string path) =>
        path.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '.' or '_' or '-')
            ? path
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
