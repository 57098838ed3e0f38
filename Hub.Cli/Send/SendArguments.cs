using Hub.Cli.Send.Otlp;
using Hub.Cli.Send.Replay;
using Hub.Cli.Send.Traces;

namespace Hub.Cli.Send;

/// <summary>What the user asked for.</summary>
internal sealed record SendArguments
{
    /// <summary>Rows of made-up traffic when <see cref="Count"/> is not given.</summary>
    public const int SampleRows = 200;

    /// <summary>The trace; null: made-up traffic.</summary>
    public string? File { get; init; }

    public int? Count { get; init; }
    public double? Rate { get; init; }
    public double? Speed { get; init; }
    public int Concurrency { get; init; } = 4;
    public int Batch { get; init; } = 100;

    /// <summary>Null: yesterday for a file, ending now for made-up traffic.</summary>
    public TraceStart? Start { get; init; }

    public int Seed { get; init; } = 1;
    public Uri? Endpoint { get; init; }
    public string? Key { get; init; }
    public OtlpFormat Format { get; init; }
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
    public bool Json { get; init; }

    public ReplayOptions ToOptions(SendTarget target)
    {
        var key = Key ?? target.ReadKey();
        // A header takes no more; the key itself is not shown.
        if (key.Length == 0 || key.Any(letter => letter is <= ' ' or > '~'))
            throw new SendException($"The API key {(Key is null ? $"in {target.KeyPath}" : "given with --key")} contains characters that are not valid in a key.");

        return new ReplayOptions
        {
            ApiKey = key,
            Endpoint = Endpoint ?? target.Endpoint,
            Format = Format,
            Concurrency = Concurrency,
            BatchSize = Batch,
            Rate = Rate,
            Speed = Speed,
            GiveUpAfter = Timeout,
        };
    }
}
