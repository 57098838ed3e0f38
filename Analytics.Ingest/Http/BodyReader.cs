using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Http;

/// <summary>
/// Reads a body, decompressing gzip, into pooled memory: never more than <see cref="IngestOptions.MaxBodyBytes"/> of one body (as sent, and
/// after decompression) and never more than <see cref="IngestOptions.MaxBufferedBytes"/> of all of them together, which projects share.
/// </summary>
internal sealed class BodyReader(IOptions<IngestOptions> options)
{
    private const int FirstBuffer = 64 << 10;

    private readonly SharedRoom room = new(options.Value.MaxBufferedBytes);

    /// <summary>Bytes of bodies in memory now.</summary>
    public long Buffered => room.Taken;

    /// <summary>Reads the body. The caller disposes it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="project">Whose room it takes.</param>
    /// <param name="received">Is told how many bytes were read, also of a request that is refused, when the request did not say so.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RequestRefusedException">
    /// 415 unknown encoding, 413 too large, 400 damaged gzip, 503 too many bodies at once.
    /// </exception>
    public async Task<Body> ReadAsync(HttpRequest request, int project, Action<long>? received, CancellationToken cancellationToken)
    {
        var limit = options.Value.MaxBodyBytes;
        if (request.ContentLength > limit) throw RequestRefusedException.TooLarge(limit, "as sent");
        // A chunked body does not say how long it is; the server counts it.
        if (request.ContentLength is null
            && request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server)
        {
            server.MaxRequestBodySize = limit;
        }

        var encoding = request.Headers.ContentEncoding.ToString().Trim();
        var gzip = encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase);
        if (!gzip && encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            throw new RequestRefusedException(StatusCodes.Status415UnsupportedMediaType,
                "The Content-Encoding is not supported. Send gzip or none.");
        }

        var from = new CountedStream(request.Body, long.MaxValue);
        try
        {
            return await ReadAsync(project, from, gzip, limit, (int)(request.ContentLength ?? FirstBuffer) + 1, cancellationToken);
        }
        finally
        {
            if (request.ContentLength is null) received?.Invoke(from.Count);
        }
    }

    /// <summary>Reads the one message of a unary gRPC request. The caller disposes it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="project">Whose room it takes.</param>
    /// <param name="received">As for a body.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RequestRefusedException">As for a body; 501: compressed in an unknown way.</exception>
    public async Task<Body> ReadMessageAsync(HttpRequest request, int project, Action<long>? received, CancellationToken cancellationToken)
    {
        // https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: a flag, a length of four bytes, the message.
        var prefix = new byte[5];
        if (await request.Body.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false, cancellationToken) < prefix.Length)
            throw RequestRefusedException.Malformed("The gRPC message is cut off before its first byte.");
        var length = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
        var limit = options.Value.MaxBodyBytes;
        if (length > limit) throw RequestRefusedException.TooLarge(limit, "as sent");
        var gzip = prefix[0] == 1;
        var encoding = request.Headers["grpc-encoding"].ToString();
        if (gzip && encoding != "gzip")
        {
            throw new RequestRefusedException(
                StatusCodes.Status415UnsupportedMediaType, "The grpc-encoding is not supported. Send gzip or identity.");
        }

        var from = new CountedStream(request.Body, length);
        Body body;
        try
        {
            body = await ReadAsync(project, from, gzip, limit, gzip ? FirstBuffer : (int)length + 1, cancellationToken);
        }
        finally
        {
            if (request.ContentLength is null) received?.Invoke(prefix.Length + from.Count);
        }

        var problem = from.Count < length ? $"The gRPC message is cut off after {from.Count} of {length} bytes."
            : await request.Body.ReadAsync(prefix, cancellationToken) > 0 ? "A unary gRPC request has one message, this one has more."
            : null;
        if (problem is null) return body;
        body.Dispose();
        throw RequestRefusedException.Malformed(problem);
    }

    private async Task<Body> ReadAsync(int project, CountedStream from, bool gzip, int limit, int firstBuffer,
        CancellationToken cancellationToken)
    {
        var body = new Body(room, project);
        try
        {
            if (gzip)
            {
                await using var unzipped = new GZipStream(from, CompressionMode.Decompress, leaveOpen: true);
                await FillAsync(body, unzipped, limit, "after decompression", FirstBuffer, cancellationToken);
                await from.CopyToAsync(Stream.Null, cancellationToken);
                if (from.Count > 0 && from.Last != (uint)body.Length) throw new InvalidDataException();
            }
            else
            {
                await FillAsync(body, from, limit, "as sent", firstBuffer, cancellationToken);
            }

            return body;
        }
        catch (Exception failure)
        {
            var read = body.Length;
            body.Dispose();
            throw failure switch
            {
                BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => RequestRefusedException.TooLarge(limit,
                    "as sent"),
                BadHttpRequestException incomplete => new RequestRefusedException(incomplete.StatusCode,
                    $"The body could not be read: {incomplete.Message}"),
                InvalidDataException => RequestRefusedException.Malformed(
                    $"The gzip stream is damaged, cut off, or not a single one: {read} bytes were decompressed of {from.Count}."),
                _ => failure,
            };
        }
    }

    private static async Task FillAsync(Body body, Stream from, int limit, string what, int firstBuffer,
        CancellationToken cancellationToken)
    {
        body.Grow(Math.Clamp(firstBuffer, 1, limit + 1));
        while (true)
        {
            var read = await from.ReadAsync(body.Free, cancellationToken);
            if (read == 0) return;
            body.Length += read;
            if (body.Length > limit) throw RequestRefusedException.TooLarge(limit, what);
            if (body.Free.IsEmpty) body.Grow(NextSize(body.Length, limit));
        }
    }

    /// <summary>
    /// Twice the size, and from a quarter of the limit on the whole: old and new are there at once, at most one and a half of the limit.
    /// </summary>
    private static int NextSize(int length, int limit) => (int)(length > limit / 4 ? limit + 1L : 2L * length);

    /// <summary>A body in pooled or mapped memory.</summary>
    internal sealed class Body(SharedRoom room, int project) : IDisposable
    {
        private IMemoryOwner<byte>? owner;
        private int capacity;

        public int Length { get; set; }

        /// <summary>What was read. It is gone when the body is disposed of.</summary>
        public ReadOnlyMemory<byte> Bytes => owner is null ? default : owner.Memory[..Length];

        internal Memory<byte> Free => owner!.Memory[Length..capacity];

        public void Dispose()
        {
            room.Release(project, capacity);
            owner?.Dispose();
            (owner, capacity, Length) = (null, 0, 0);
        }

        internal void Grow(int size)
        {
            // Both are there while one is copied into the other.
            if (!room.TryTake(project, size, ofLarge: size > MemoryLimits.SmallRequest))
                throw RequestRefusedException.Busy(TimeSpan.FromSeconds(1));
            IMemoryOwner<byte> larger;
            try
            {
                // The pool rounds up: for large sizes accounted and real memory would differ by up to twice.
                larger = size > MemoryLimits.SmallRequest ? new MappedBuffer(size) : MemoryPool<byte>.Shared.Rent(size);
            }
            catch (Exception failure) when (failure is OutOfMemoryException or IOException)
            {
                room.Release(project, size);
                throw RequestRefusedException.Busy(TimeSpan.FromSeconds(1));
            }

            owner?.Memory[..Length].CopyTo(larger.Memory);
            owner?.Dispose();
            room.Release(project, capacity);
            (owner, capacity) = (larger, size);
        }
    }
}
