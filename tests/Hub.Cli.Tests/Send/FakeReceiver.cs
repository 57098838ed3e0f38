using System.Collections.Concurrent;
using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hub.Cli.Tests.Send;

/// <summary>One request as it came in.</summary>
internal sealed record Received(int Number, HttpContext Http, string? Authorization, string? ContentType, string? Encoding, byte[] Raw)
{
    public byte[] Body
    {
        get
        {
            using var unpacked = new MemoryStream();
            using (var gzip = new GZipStream(new MemoryStream(Raw), CompressionMode.Decompress)) gzip.CopyTo(unpacked);
            return unpacked.ToArray();
        }
    }

    public List<WireSpan> Spans => WireSpan.Read(Body);
}

/// <summary>A receiver of OTLP that does whatever the test says; by default it acknowledges.</summary>
internal sealed class FakeReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private int number, inFlight;

    private FakeReceiver(Func<Received, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapPost("/v1/traces", async http =>
        {
            MostInFlight = Math.Max(MostInFlight, Interlocked.Increment(ref inFlight));
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            var headers = http.Request.Headers;
            var received = new Received(
                Interlocked.Increment(ref number), http, headers.Authorization, http.Request.ContentType, headers.ContentEncoding,
                body.ToArray());
            Requests.Enqueue(received);
            http.Response.ContentType = "application/x-protobuf";
            try
            {
                await answer(received);
            }
            finally
            {
                Interlocked.Decrement(ref inFlight);
            }
        });
    }

    public ConcurrentQueue<Received> Requests { get; } = [];

    public int MostInFlight { get; private set; }

    public Uri Endpoint { get; private set; } = null!;

    public static Task<FakeReceiver> StartAsync() => StartAsync(_ => Task.CompletedTask);

    /// <param name="answer">Writes the answer; returning without one acknowledges everything.</param>
    public static async Task<FakeReceiver> StartAsync(Func<Received, Task> answer)
    {
        var receiver = new FakeReceiver(answer);
        await receiver.app.StartAsync(TestContext.Current.CancellationToken);
        var address = receiver.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        receiver.Endpoint = new Uri(new Uri(address), "/v1/traces");
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }
}
