using Analytics.Ingest.Hosting;
using Analytics.Ingest.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Tests.Hosting;

public sealed class BodyReaderTests
{
    private const int Limit = 1 << 20;

    private readonly BodyReader reader = new(Options.Create(new IngestOptions { MaxBodyBytes = Limit, MaxBufferedBytes = 3L << 20 }));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(Limit)]
    public async Task A_body_comes_out_as_it_was_sent_plain_or_zipped(int length)
    {
        var sent = new byte[length];
        new Random(length).NextBytes(sent);
        foreach (var request in new[] { Request(sent), Request(sent, chunked: true), Request(Sending.Gzip(sent), "gzip", chunked: true) })
        {
            using var body = await reader.ReadAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(sent, body.Bytes.ToArray());
        }

        Assert.Equal(0, reader.Buffered);
    }

    [Fact]
    public async Task A_bomb_is_refused_before_it_goes_off()
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
        using var first = await reader.ReadAsync(Request(new byte[Limit]), TestContext.Current.CancellationToken);
        using var second = await reader.ReadAsync(Request(new byte[Limit]), TestContext.Current.CancellationToken);
        var refused = await RefusedAsync(Request(new byte[Limit]));
        Assert.Equal(503, refused.Status);
        Assert.NotNull(refused.RetryAfter);
        second.Dispose();
        using var third = await reader.ReadAsync(Request(new byte[Limit]), TestContext.Current.CancellationToken);
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

    private async Task<RequestRefusedException> RefusedAsync(HttpRequest request) =>
        await Assert.ThrowsAsync<RequestRefusedException>(() => reader.ReadAsync(request, TestContext.Current.CancellationToken));

    private static HttpRequest Request(byte[] body, string? encoding = null, bool chunked = false)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = new MemoryStream(body);
        if (!chunked) request.ContentLength = body.Length;
        if (encoding is not null) request.Headers.ContentEncoding = encoding;
        return request;
    }
}
