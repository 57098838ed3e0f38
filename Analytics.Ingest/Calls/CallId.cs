using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Analytics.Ingest.Calls;

/// <summary>
/// The ids of calls. The same call sent again has the same id, and two projects never share one. The database computes the same
/// (analytics.call_mask, analytics.span_id, analytics.request_id).
/// </summary>
internal static class CallId
{
    private const byte TextDomain = 2;

    /// <summary>The id of a span: its span id (8 bytes) XOR the mask of its project and trace (16 bytes), so that the span id can be had
    /// back.</summary>
    public static long OfSpan(int projectId, ReadOnlySpan<byte> traceId, ReadOnlySpan<byte> spanId) =>
        BinaryPrimitives.ReadInt64BigEndian(spanId) ^ Mask(projectId, traceId);

    /// <summary>The id of a call whose sender gave it a UUID, or a name (<see cref="OfText"/>).</summary>
    public static long OfRequest(int projectId, Guid requestId)
    {
        Span<byte> id = stackalloc byte[16];
        requestId.TryWriteBytes(id, bigEndian: true, out _);
        return Mask(projectId, id);
    }

    /// <summary>The UUID of a call that its sender named: version 8 (RFC 9562), from the SHA-256 of project and name.</summary>
    public static Guid OfText(int projectId, string id)
    {
        var input = new byte[5 + Encoding.UTF8.GetByteCount(id)];
        input[0] = TextDomain;
        BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(1), projectId);
        Encoding.UTF8.GetBytes(id, input.AsSpan(5));
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(input, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>
    /// The id of a call for people and programs: a UUID of version 8 (RFC 9562) that holds its time (54 bits, microseconds since 1970)
    /// and its id (64 bits).
    /// </summary>
    public static Guid ToRequestId(DateTime time, long callId)
    {
        var microseconds = (ulong)((time - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        var id = (ulong)callId;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (microseconds >> 6 << 16) | 0x8000 | ((microseconds & 63) << 6) | (id >> 58));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], (1UL << 63) | (id & ((1UL << 58) - 1)));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The first 8 bytes of SHA-256(project, 16 bytes).</summary>
    private static long Mask(int projectId, ReadOnlySpan<byte> id)
    {
        Span<byte> input = stackalloc byte[4 + 16];
        BinaryPrimitives.WriteInt32BigEndian(input, projectId);
        id[..16].CopyTo(input[4..]);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(input, hash);
        return BinaryPrimitives.ReadInt64BigEndian(hash);
    }
}
