using System.IO.Compression;
using System.Net.Http.Headers;
using Analytics.Ingest.Protos;
using Google.Protobuf;

namespace Analytics.Ingest.Tests.Infrastructure;

/// <summary>Sends exports over HTTP.</summary>
internal static class Sending
{
    public static Task<HttpResponseMessage> SendAsync(this HttpClient client, ExportTraceServiceRequest export, bool gzip = false) =>
        client.SendAsync("/v1/traces", export.ToByteArray(), "application/x-protobuf", gzip ? "gzip" : null);

    public static async Task<HttpResponseMessage> SendAsync(this HttpClient client, string path, byte[] body, string? contentType,
        string? encoding = null)
    {
        var content = new ByteArrayContent(encoding == "gzip" ? Gzip(body) : body);
        if (contentType is not null) content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return await client.PostAsync(path, content, TestContext.Current.CancellationToken);
    }

    /// <summary>Sends a body under an encoding that it may not have.</summary>
    public static async Task<HttpResponseMessage> SendRawAsync(this HttpClient client, string path, byte[] body, string? contentType,
        string encoding)
    {
        using var content = new ByteArrayContent(body);
        if (contentType is not null) content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        content.Headers.ContentEncoding.Add(encoding);
        return await client.PostAsync(path, content, TestContext.Current.CancellationToken);
    }

    public static byte[] Gzip(byte[] body)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest)) gzip.Write(body);
        return zipped.ToArray();
    }

    public static async Task<T> ReadAsync<T>(this HttpResponseMessage response, MessageParser<T> parser) where T : IMessage<T> =>
        parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

    public static Task<string> TextAsync(this HttpResponseMessage response) =>
        response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
}
