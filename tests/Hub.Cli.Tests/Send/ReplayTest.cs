using System.Net;
using System.Net.Sockets;
using Hub.Cli.Send.Otlp;
using Hub.Cli.Send.Replay;
using Hub.Cli.Send.Sampling;

namespace Hub.Cli.Tests.Send;

/// <summary>Runs a replay against a receiver and checks what holds for every one.</summary>
public abstract class ReplayTest
{
    private protected readonly SkippingTime time = new();
    private protected readonly Ledger ledger = new();

    private protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private protected Task<ReplayResult> RunAsync(FakeReceiver receiver, SampleTraffic traffic,
        Func<ReplayOptions, ReplayOptions>? change = null) =>
        RunAsync(receiver.Endpoint, traffic, change ?? (options => options), ledger);

    private protected Task<ReplayResult> RunAsync(Uri endpoint, SampleTraffic traffic) => RunAsync(endpoint, traffic, options => options,
        ledger);

    // One lane unless the test says otherwise: the order of requests is then certain.
    private protected async Task<ReplayResult> RunAsync(
        Uri endpoint, IReadOnlyCollection<OtlpSpan> spans, Func<ReplayOptions, ReplayOptions> change, Ledger outcomes,
        CancellationTokenSource? stop = null, TimeProvider? clock = null)
    {
        var options = change(new ReplayOptions { ApiKey = "the-key", Endpoint = endpoint, Concurrency = 1 });
        using var http = ExportClient.CreateHttp(options);
        var replayer = new TraceReplayer(http, options, clock ?? time);
        var result = await replayer.RunAsync(spans, null, outcomes, stop?.Token ?? CancellationToken.None).WaitAsync(Cancelled);

        // Whatever happens, every row has one outcome, and the figures are those of the ledger.
        Assert.Distinct(outcomes.Rows.Select(row => row.Span.Row));
        Assert.Equal(result.Total, result.Acknowledged + result.Refused.Values.Sum() + result.Unknown.Values.Sum() + result.Unsent);
        Assert.Equal(result.Acknowledged, outcomes.RowsThatAre(Outcome.Acknowledged).Length);
        Assert.Equal(result.Refused.Values.Sum(), outcomes.RowsThatAre(Outcome.Refused).Length);
        Assert.Equal(result.Unknown.Values.Sum(), outcomes.RowsThatAre(Outcome.Unknown).Length);
        return result;
    }

    private protected static Uri Closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}/v1/traces");
    }

    private protected sealed class Counted(IEnumerable<OtlpSpan> spans, int count) : IReadOnlyCollection<OtlpSpan>
    {
        public int Count => count;

        public IEnumerator<OtlpSpan> GetEnumerator() => spans.GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
