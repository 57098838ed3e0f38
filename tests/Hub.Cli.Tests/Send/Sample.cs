using Hub.Cli.Send.Otlp;
using Hub.Cli.Send.Replay;
using Hub.Cli.Send.Sampling;
using Hub.Cli.Send.Traces;

namespace Hub.Cli.Tests.Send;

/// <summary>What several tests need.</summary>
internal static class Sample
{
    public const string Csv = """
        TIMESTAMP,ContextTokens,GeneratedTokens
        2023-11-16 18:17:03.9799600,4808,10
        2023-11-16 18:17:04.0319600,3180,8
        2023-11-16 18:17:04.0781490,110,27
        2023-11-16 18:17:05,7433,14
        """;

    public static readonly DateTime Noon = new(2026, 11, 21, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>Rows a tenth of a second apart.</summary>
    public static SampleTraffic Traffic(int rows, int seed = 1) =>
        new([.. Enumerable.Range(0, rows).Select(row => new TraceRow(Noon.AddMilliseconds(100 * row), 1000 + row, row % 20))],
            TimeSpan.Zero, seed);

    public static List<TraceRow> Rows(string csv) => TraceFile.Read(new StringReader(csv), "trace.csv");

    public static string TraceId(this OtlpSpan span) => Convert.ToHexStringLower(span.TraceId);
}

/// <summary>Keeps what it is told.</summary>
internal sealed class Ledger : IProgress<RowOutcome>
{
    private readonly List<RowOutcome> rows = [];

    public IReadOnlyList<RowOutcome> Rows => rows;

    /// <summary>Called with each outcome.</summary>
    public Action<RowOutcome>? Told { get; init; }

    public void Report(RowOutcome value)
    {
        rows.Add(value);
        Told?.Invoke(value);
    }

    public int[] RowsThatAre(Outcome outcome) => [.. rows.Where(row => row.Outcome == outcome).Select(row => row.Span.Row).Order()];
}
