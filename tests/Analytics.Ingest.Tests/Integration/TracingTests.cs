using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Analytics.Ingest.Tests.Infrastructure;
using Analytics.Ingest.Tests.Telemetry;
using Analytics.Ingest.Writing;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>One can follow a request to the COPY that wrote its rows, and back.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class TracingTests(DatabaseFixture databases) : HostedTests(databases)
{
    private const string Trace = "opentelemetry.proto.collector.trace.v1.TraceService";
    private static readonly int OwnPort = FreePort();
    private readonly SpanLog spans = new();

    /// <summary>Hub's own telemetry goes to Hub itself: the mistake that must do no harm.</summary>
    private protected override (string Name, string Value)[] Options =>
    [
        ("Ingest:OtlpHttpPort", OwnPort.ToString(CultureInfo.InvariantCulture)),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{OwnPort}"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_HEADERS", $"Authorization=Bearer {OwnKey}"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];

    private const string OwnKey = "hub_own_telemetry_sent_to_itself";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        spans.Dispose();
    }

    [Theory]
    [InlineData("HTTP")]
    [InlineData("gRPC")]
    public async Task A_request_leads_to_its_COPY_and_the_batch_back_to_its_request(string way)
    {
        var trace = ActivityTraceId.CreateRandom();
        var export = Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now));
        using (var caller = new Activity("caller").SetParentId(trace, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded).Start())
        {
            if (way == "HTTP") Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(export)).StatusCode);
            else await GrpcBytes.CallAsync(Host.OtlpGrpc, Trace, export.ToByteArray(), Key);
        }

        var server = await spans.WaitAsync(span => span.TraceId == trace && span.Kind == ActivityKind.Server);
        var store = Assert.Single(spans.Of(trace), span => span.OperationName == IngestTracing.Store);
        Assert.Equal(server.SpanId, store.ParentSpanId);
        Assert.Equal(2, store.GetTagItem(IngestTracing.Calls));

        var batch = await spans.WaitAsync(span => span.OperationName == IngestTracing.Batch
            && span.Links.Any(link => link.Context.SpanId == store.SpanId));
        Assert.Equal(batch.Context, Assert.Single(store.Links).Context);
        Assert.Equal(store.Context, Assert.Single(batch.Links).Context);
        Assert.NotEqual(trace, batch.TraceId);
        Assert.Equal(default, batch.ParentSpanId);

        var write = Assert.Single(spans.Of(batch.TraceId), span => span.OperationName == IngestTracing.Write);
        Assert.Equal((batch.SpanId, "copy"), (write.ParentSpanId, write.GetTagItem(IngestTracing.Path)));
        var copies = spans.Of(batch.TraceId).Where(span => span.Source.Name == "Npgsql" && span.ParentSpanId == write.SpanId)
            .Select(span => $"{span.GetTagItem("db.query.text")}").ToList();
        Assert.Contains(copies, sql => sql.StartsWith("COPY analytics.calls", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(copies, sql => sql.StartsWith("COPY aggregates.call_rollups", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task An_attempt_that_meets_a_duplicate_says_so_and_the_next_one_is_by_staging()
    {
        await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now)));
        await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now), Exports.Call(2, Now)));
        var failed = await spans.WaitAsync(span => span.OperationName == IngestTracing.Write && span.Status == ActivityStatusCode.Error
            && BelongsHere(span));
        Assert.Equal("23505", failed.GetTagItem("error.type"));
        await spans.WaitAsync(span => span.TraceId == failed.TraceId && Equals(span.GetTagItem(IngestTracing.Path), "staging")
            && span.Status == ActivityStatusCode.Unset);
    }

    [Fact]
    public async Task Own_telemetry_sent_to_itself_is_neither_stored_nor_traced()
    {
        await Database.Owner.ExecuteAsync("SELECT analytics.create_api_key('own', 'own', sha256($1::bytea), 'hub_own_tele')",
            System.Text.Encoding.UTF8.GetBytes(OwnKey));
        await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken); // an unknown key is refused from memory for five
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now)))).StatusCode);
        var deadline = TimeProvider.System.GetTimestamp();
        double own;
        while ((own = await MetricAsync("hub_ingest_spans_ignored_total", "own_telemetry")) < 20)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(60), $"{own} spans of its own arrived");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        await AssertRowsAsync(1);
        var traced = spans.Ended.Count(span => span.Kind == ActivityKind.Server && span.Recorded && Equals(span.GetTagItem("server.port"),
            OwnPort) && Equals(span.GetTagItem("url.path"), "/v1/traces"));
        Assert.Equal(1, traced);
    }

    [Fact]
    public async Task A_log_line_names_the_trace_of_the_request_that_it_is_about()
    {
        var trace = ActivityTraceId.CreateRandom();
        await using var ingest = new IngestProcess("Host=127.0.0.1;Port=1;Database=x;Username=x;Timeout=1");
        using var client = IngestHost.Client(ingest.OtlpHttp, "hub_any_key_will_do");
        using (var caller = new Activity("caller").SetParentId(trace, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded).Start())
        {
            var started = TimeProvider.System.GetTimestamp();
            while (true)
            {
                try
                {
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.SendAsync(Exports.Of(Exports.Call(1, Now)))).StatusCode);
                    break;
                }
                catch (HttpRequestException) when (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60))
                {
                    await Task.Delay(200, TestContext.Current.CancellationToken); // it does not listen yet
                }
            }
        }

        ingest.Terminate();
        await ingest.WaitForExitAsync();
        var line = Assert.Single(ingest.Output.Split('\n'),
            text => text.Contains("could not be looked up", StringComparison.Ordinal) && text.Contains(trace.ToHexString(),
                StringComparison.Ordinal));
        using var json = JsonDocument.Parse(line);
        Assert.Contains(json.RootElement.GetProperty("Scopes").EnumerateArray(),
            scope => scope.TryGetProperty("TraceId", out var id) && id.GetString() == trace.ToHexString());
    }

    /// <summary>Other tests' services run in this process too.</summary>
    private bool BelongsHere(Activity span) =>
        spans.Ended.Any(other => other.TraceId == span.TraceId && $"{other.GetTagItem("db.namespace")}" is { Length: > 0 } name
            && Database.ConnectionString("llm_app").Contains(name, StringComparison.Ordinal));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
