using Analytics.Ingest.Http;
using Analytics.Ingest.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Tests.Http;

public sealed class BodyReaderTests
{
    private const int Limit = 1 << 20;

    private readonly BodyReader reader = new(Options.Create(new IngestOptions { MaxBodyBytes = Limit, MaxBufferedBytes = 3L << 20 }));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(Limit)]
    public async Task Body_is_read_unchanged_plain_or_gzipped(int length)
    {
        var sent = new byte[length];
        new Random(length).NextBytes(sent);
        foreach (var request in new[] { Request(sent), Request(sent, chunked: true), Request(Sending.Gzip(sent), "gzip", chunked: true) })
        {
            using var body = await reader.ReadAsync(request, 1, null, TestContext.Current.CancellationToken);
            Assert.Equal(sent, body.Bytes.ToArray());
        }

        Assert.Equal(0, reader.Buffered);
    }

    [Fact]
    public async Task Decompression_bomb_is_refused_before_it_is_decompressed()
    {
        var bomb = Sending.Gzip(new byte[512 << 20]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(413, (await RefusedAsync(Request(bomb, "gzip"))).Status);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        Assert.Equal(0, reader.Buffered);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_with_and_without_a_stated_length()
    {
        Assert.Equal(413, (await RefusedAsync(Request(new byte[Limit + 1]))).Status);
        Assert.Equal(413, (await RefusedAsync(Request(new byte[Limit + 1], chunked: true))).Status);
    }

    [Fact]
    public async Task Bodies_together_are_bounded_too()
    {
        using var first = await reader.ReadAsync(Request(new byte[Limit]), 1, null, TestContext.Current.CancellationToken);
        using var second = await reader.ReadAsync(Request(new byte[Limit]), 1, null, TestContext.Current.CancellationToken);
        var refused = await RefusedAsync(Request(new byte[Limit]));
        Assert.Equal(503, refused.Status);
        Assert.NotNull(refused.RetryAfter);
        second.Dispose();
        using var third = await reader.ReadAsync(Request(new byte[Limit]), 1, null, TestContext.Current.CancellationToken);
        Assert.Equal(Limit, third.Length);
    }

    [Fact]
    public async Task Damaged_gzip_and_unknown_encodings_are_refused()
    {
        var zipped = Sending.Gzip(new byte[100_000]);
        zipped[zipped.Length / 2] ^= 0x55;
        Assert.Equal(400, (await RefusedAsync(Request(zipped, "gzip"))).Status);
        Assert.Equal(400, (await RefusedAsync(Request("not gzip at all"u8.ToArray(), "gzip"))).Status);
        Assert.Equal(415, (await RefusedAsync(Request([1], "br"))).Status);
        Assert.Equal(415, (await RefusedAsync(Request([1], "gzip, gzip"))).Status);
    }

    /// <summary>The framework's reader takes all of these for whole.</summary>
    [Fact]
    public async Task Gzip_that_is_truncated_or_has_trailing_data_is_refused()
    {
        var sent = new byte[100_000];
        new Random(1).NextBytes(sent);
        var zipped = Sending.Gzip(sent);
        for (var length = 1; length < zipped.Length; length += 997)
            Assert.Equal(400, (await RefusedAsync(Request(zipped[..length], "gzip"))).Status);
        for (var missing = 1; missing <= 8; missing++)
            Assert.Equal(400, (await RefusedAsync(Request(zipped[..^missing], "gzip", chunked: true))).Status);
        Assert.Equal(400, (await RefusedAsync(Request([.. zipped, 0], "gzip"))).Status);
        Assert.Equal(400, (await RefusedAsync(Request([.. zipped, .. zipped[..20]], "gzip"))).Status);
        Assert.Equal(400, (await RefusedAsync(Request([.. zipped, .. new byte[200_000]], "gzip"))).Status);
        Assert.Equal(0, reader.Buffered);
    }

    [Fact]
    public async Task GRPC_message_is_read_unchanged_plain_or_gzipped()
    {
        var sent = new byte[70_000];
        new Random(1).NextBytes(sent);
        foreach (var (message, flag) in new[] { (sent, 0), (Sending.Gzip(sent), 1), ([], 0) })
        {
            using var body = await reader.ReadMessageAsync(Message(message, (byte)flag), 1, null, TestContext.Current.CancellationToken);
            Assert.Equal(message.Length == 0 ? [] : sent, body.Bytes.ToArray());
        }
    }

    [Fact]
    public async Task Malformed_gRPC_message_is_refused()
    {
        Assert.Equal(400, await MessageStatusAsync(Request([0, 0, 0])));
        Assert.Equal(400, await MessageStatusAsync(Message([1, 2, 3], 0, length: 4)));
        Assert.Equal(400, await MessageStatusAsync(Message([1, 2, 3], 0, length: 2)));
        Assert.Equal(400, await MessageStatusAsync(Message([1, 2, 3], 1)));
        Assert.Equal(400, await MessageStatusAsync(Message(Sending.Gzip(new byte[1000])[..^3], 1)));
        Assert.Equal(413, await MessageStatusAsync(Message([], 0, length: uint.MaxValue)));
        Assert.Equal(413, await MessageStatusAsync(Message(Sending.Gzip(new byte[Limit + 1]), 1)));
        var unknown = Message([1], 1);
        unknown.Headers["grpc-encoding"] = "zstd";
        Assert.Equal(415, await MessageStatusAsync(unknown));
        Assert.Equal(0, reader.Buffered);
    }

    private async Task<int> MessageStatusAsync(HttpRequest request) =>
        (await Assert.ThrowsAsync<RequestRefusedException>(() => reader.ReadMessageAsync(request, 1, null,
            TestContext.Current.CancellationToken))).Status;

    private static HttpRequest Message(byte[] message, byte flag, uint? length = null)
    {
        var prefix = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(prefix, length ?? (uint)message.Length);
        var request = Request([flag, .. prefix, .. message], chunked: true);
        request.Headers["grpc-encoding"] = "gzip";
        return request;
    }

    private async Task<RequestRefusedException> RefusedAsync(HttpRequest request) =>
        await Assert.ThrowsAsync<RequestRefusedException>(() => reader.ReadAsync(request, 1, null, TestContext.Current.CancellationToken));

    private static HttpRequest Request(byte[] body, string? encoding = null, bool chunked = false)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = new MemoryStream(body);
        if (!chunked) request.ContentLength = body.Length;
        if (encoding is not null) request.Headers.ContentEncoding = encoding;
        return request;
    }
}
