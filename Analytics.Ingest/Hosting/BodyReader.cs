using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Hosting;

/// <summary>
/// Reads a body, decompressing gzip, into pooled memory: never more than <see cref="IngestOptions.MaxBodyBytes"/> of one body (as sent, and after
/// decompression) and never more than <see cref="IngestOptions.MaxBufferedBytes"/> of all of them together.
/// </summary>
internal sealed class BodyReader(IOptions<IngestOptions> options)
{
    private const int FirstBuffer = 64 << 10;

    private readonly long most = options.Value.MaxBufferedBytes;
    private long buffered;

    /// <summary>Bytes of bodies in memory now.</summary>
    public long Buffered => Interlocked.Read(ref buffered);

    /// <summary>Reads the body. The caller disposes it.</summary>
    /// <exception cref="RequestRefusedException">415 unknown encoding, 413 too large, 400 damaged gzip, 503 too many bodies at once.</exception>
    public async Task<Body> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var limit = options.Value.MaxBodyBytes;
        if (request.ContentLength > limit) throw RequestRefusedException.TooLarge(limit, "as sent");
        // A chunked body does not say how long it is; the server counts it.
        if (request.ContentLength is null && request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server)
        {
            server.MaxRequestBodySize = limit;
        }

        var encoding = request.Headers.ContentEncoding.ToString().Trim();
        var gzip = encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase);
        if (!gzip && encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            throw new RequestRefusedException(StatusCodes.Status415UnsupportedMediaType, "The Content-Encoding is not supported. Send gzip or none.");
        }

        var body = new Body(this);
        try
        {
            if (gzip)
            {
                await using var unzipped = new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true);
                await FillAsync(body, unzipped, limit, "after decompression", FirstBuffer, cancellationToken);
            }
            else
            {
                await FillAsync(body, request.Body, limit, "as sent", (int)(request.ContentLength ?? FirstBuffer) + 1, cancellationToken);
            }

            return body;
        }
        catch (Exception failure)
        {
            var read = body.Length;
            body.Dispose();
            throw failure switch
            {
                BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => RequestRefusedException.TooLarge(limit, "as sent"),
                BadHttpRequestException incomplete => new RequestRefusedException(incomplete.StatusCode, $"The body could not be read: {incomplete.Message}"),
                InvalidDataException => RequestRefusedException.Malformed($"The gzip stream is damaged after {read} decompressed bytes."),
                _ => failure,
            };
        }
    }

    private static async Task FillAsync(Body body, Stream from, int limit, string what, int firstBuffer, CancellationToken cancellationToken)
    {
        body.Grow(Math.Clamp(firstBuffer, 1, limit + 1));
        while (true)
        {
            var read = await from.ReadAsync(body.Free, cancellationToken);
            if (read == 0) return;
            body.Length += read;
            if (body.Length > limit) throw RequestRefusedException.TooLarge(limit, what);
            if (body.Free.IsEmpty) body.Grow((int)Math.Min(2L * body.Length, limit + 1L));
        }
    }

    /// <summary>A body in pooled memory.</summary>
    internal sealed class Body(BodyReader reader) : IDisposable
    {
        /// <summary>Larger arrays are made for the one body and not kept: 1 MiB.</summary>
        private const int PoolBound = 1 << 20;

        private byte[] buffer = [];
        private int capacity;

        public int Length { get; set; }

        public ArraySegment<byte> Bytes => new(buffer, 0, Length);

        internal Memory<byte> Free => buffer.AsMemory(Length, capacity - Length);

        public void Dispose()
        {
            Interlocked.Add(ref reader.buffered, -capacity);
            Return();
            (buffer, capacity, Length) = ([], 0, 0);
        }

        internal void Grow(int size)
        {
            if (Interlocked.Add(ref reader.buffered, size - capacity) > reader.most)
            {
                Interlocked.Add(ref reader.buffered, capacity - size);
                throw RequestRefusedException.Busy(TimeSpan.FromSeconds(1));
            }

            byte[] larger;
            try
            {
                // Not from the pool where it would round up: accounted and real memory would differ by up to twice.
                larger = size > PoolBound ? GC.AllocateUninitializedArray<byte>(size) : ArrayPool<byte>.Shared.Rent(size);
            }
            catch (OutOfMemoryException)
            {
                Interlocked.Add(ref reader.buffered, capacity - size);
                throw RequestRefusedException.Busy(TimeSpan.FromSeconds(1));
            }

            buffer.AsSpan(0, Length).CopyTo(larger);
            Return();
            (buffer, capacity) = (larger, size);
        }

        private void Return()
        {
            if (buffer.Length > 0 && capacity <= PoolBound) ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
