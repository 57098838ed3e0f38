using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Hub.Cli.Send.Otlp;
using Hub.Cli.Send.Traces;

namespace Hub.Cli.Send;

/// <summary>The options of <c>./hub send</c>, with their ranges, and the errors for what lies outside of them.</summary>
internal sealed class SendOptions
{
    private readonly Argument<string?> file = new("FILE")
    {
        Description = "A CSV trace with the columns TIMESTAMP,ContextTokens,GeneratedTokens, as the Azure LLM inference traces have. "
            + "Without it, generated traffic of the same shape is sent, spread over the last 24 hours.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<int?> count = Number<int>(
        "--count", "N", $"Send only the first N rows (1 to 10 000 000). [default: all of FILE, {SendArguments.SampleRows} of generated traffic]",
        1, 10_000_000);

    private readonly Option<double?> rate = Number(
        "--rate", "R", "Send at most R rows (LLM requests) per second (0.001 to 1 000 000). [default: as fast as acknowledged]", 0.001, 1_000_000);

    private readonly Option<double?> speed = Number(
        "--speed", "F", "Keep the trace's gaps, divided by F (0.001 to 1 000 000; 1 is real time). [default: no gaps]", 0.001, 1_000_000);

    private readonly Option<int?> concurrency = Number("--concurrency", "N", "Requests in flight at one time (1 to 256). [default: 4]", 1, 256);
    private readonly Option<int?> batch = Number("--batch", "N", "Maximum of rows in one request (1 to 10 000). [default: 100]", 1, 10_000);

    private readonly Option<TraceStart?> start = Parsed(
        "--start", "TIME",
        "When the first row happens: a UTC time, now, original (not moved) or yesterday (moved by whole days, so that the last row is on "
        + "yesterday's date). [default: yesterday; generated traffic ends now]",
        "a UTC time such as 2026-11-21T18:17:03Z, now, original or yesterday", text => TraceStart.Parse(text) is { } parsed ? (true, parsed) : default);

    private readonly Option<int?> seed = Number(
        "--seed", "N", "A different seed gives the same rows other models, errors and ids (0 to 2147483647). [default: 1]", 0, int.MaxValue);

    private readonly Option<Uri?> endpoint = Parsed(
        "--endpoint", "URL", "URL to send traces to. [default: http://127.0.0.1:4318/v1/traces]",
        "an address such as http://127.0.0.1:4318/v1/traces", ParseEndpoint);

    private readonly Option<string?> key = new("--key")
    {
        HelpName = "KEY",
        Description = "API key. [default: the file api-key that ./hub up writes to .hub or HUB_STATE]",
    };


    private readonly Option<OtlpFormat?> format = Parsed<OtlpFormat?>(
        "--format", "protobuf|json", "Encoding of OTLP. [default: protobuf]", "protobuf or json",
        text => text switch { "protobuf" => (true, OtlpFormat.Protobuf), "json" => (true, OtlpFormat.Json), _ => default });

    private readonly Option<double?> timeout = Number(
        "--timeout", "S", "Give up after S seconds without any acknowledgement (1 to 86 400). [default: 60]", 1.0, 86_400);

    private readonly Option<bool> json = new("--json") { Description = "Write the summary as JSON." };

    public void AddTo(Command command)
    {
        command.Add(file);
        foreach (var option in new Option[] { count, rate, speed, concurrency, batch, start, seed, endpoint, key, format, timeout, json }) command.Add(option);
    }

    public SendArguments Read(ParseResult parsed)
    {
        var defaults = new SendArguments();
        return new SendArguments
        {
            File = parsed.GetValue(file),
            Count = parsed.GetValue(count),
            Rate = parsed.GetValue(rate),
            Speed = parsed.GetValue(speed),
            Concurrency = parsed.GetValue(concurrency) ?? defaults.Concurrency,
            Batch = parsed.GetValue(batch) ?? defaults.Batch,
            Start = parsed.GetValue(start),
            Seed = parsed.GetValue(seed) ?? defaults.Seed,
            Endpoint = parsed.GetValue(endpoint),
            Key = parsed.GetValue(key),
            Format = parsed.GetValue(format) ?? defaults.Format,
            Timeout = parsed.GetValue(timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : defaults.Timeout,
            Json = parsed.GetValue(json),
        };
    }

    private static Option<T?> Number<T>(string name, string help, string description, T min, T max) where T : struct, INumber<T>
    {
        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        var kind = typeof(T) == typeof(int) ? "whole number" : "number";
        return Parsed<T?>(
            name, help, description, string.Create(CultureInfo.InvariantCulture, $"a {kind} from {min} to {max}"),
            text => T.TryParse(text, Style, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? (true, value) : default);
    }

    private static Option<T> Parsed<T>(string name, string help, string description, string expected, Func<string, (bool Ok, T Value)> parse)
    {
        var option = new Option<T>(name) { HelpName = help, Description = description };
        option.CustomParser = result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            var (ok, value) = parse(text);
            if (!ok) result.AddError($"{name} is \"{text}\". Expected {expected}.");
            return value;
        };
        return option;
    }

    // As for OTEL_EXPORTER_OTLP_ENDPOINT, an address without a path means the standard one.
    private static (bool Ok, Uri? Value) ParseEndpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? (true, uri!.AbsolutePath == "/" ? new Uri(uri, "/v1/traces") : uri)
            : default;
}
