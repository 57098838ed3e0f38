using Grpc.Core;
using Grpc.Net.Client;

namespace Analytics.Ingest.Tests.Infrastructure;

/// <summary>Calls a gRPC service with bytes of one's own choice.</summary>
internal static class GrpcBytes
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);

    public static async Task<byte[]> CallAsync(Uri address, string service, byte[] message, string key, bool gzip = false) =>
        (await AskAsync(address, service, message, key, gzip)).Answer;

    public static async Task<(byte[] Answer, Metadata Trailers)> AskAsync(Uri address, string service, byte[] message, string key,
        bool gzip = false)
    {
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { MaxSendMessageSize = null });
        var headers = new Metadata();
        if (key.Length > 0) headers.Add("authorization", $"Bearer {key}");
        if (gzip) headers.Add("grpc-internal-encoding-request", "gzip");
        var method = new Method<byte[], byte[]>(MethodType.Unary, service, "Export", Bytes, Bytes);
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(
            method, null, new CallOptions(headers, cancellationToken: TestContext.Current.CancellationToken), message);
        return (await call.ResponseAsync, call.GetTrailers());
    }
}
