using Analytics.Ingest.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Hosting;

/// <summary>Kestrel's ports and limits.</summary>
internal sealed class ServerSetup(IOptions<IngestOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions server)
    {
        var ingest = options.Value;
        server.AddServerHeader = false;
        // BodyReader keeps the exact limit. A body over this one is not even drained: its sender sees a broken connection instead of the
        // 413.
        server.Limits.MaxRequestBodySize = 4L * ingest.MaxBodyBytes;
        server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        server.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(120);
        server.Limits.MaxRequestHeadersTotalSize = 32 << 10;
        server.Limits.Http2.MaxStreamsPerConnection = 100;
        server.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        // Without TLS nothing negotiates a protocol: each port speaks one.
        Listen(server, ingest, ingest.RestPort, HttpProtocols.Http1, Listener.Rest);
        Listen(server, ingest, ingest.OtlpHttpPort, HttpProtocols.Http1, Listener.OtlpHttp);
        Listen(server, ingest, ingest.OtlpGrpcPort, HttpProtocols.Http2, Listener.OtlpGrpc);
    }

    private static void Listen(KestrelServerOptions server, IngestOptions ingest, int port, HttpProtocols protocols, Listener listener)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = protocols;
            listen.Mark(listener);
        }

        if (ingest.ListenAddresses.Length == 0)
        {
            server.ListenAnyIP(port, Configure);
            return;
        }

        foreach (var address in IPAddressesAttribute.Parse(ingest.ListenAddresses)) server.Listen(address, port, Configure);
    }
}
