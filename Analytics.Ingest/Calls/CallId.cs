using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Analytics.Ingest.Calls;

/// <summary>
/// Request ids: UUIDs of version 8 (RFC 9562, "custom") from the first 16 bytes of a SHA-256, so that a resend has the id of the first
/// sending and two projects never share one.
/// </summary>
internal static class CallId
{
    private const byte SpanDomain = 1;
    private const byte TextDomain = 2;

    /// <summary>The id of a span: from project, trace id (16 bytes) and span id (8 bytes).</summary>
    public static Guid OfSpan(int projectId, ReadOnlySpan<byte> traceId, ReadOnlySpan<byte> spanId)
    {
        Span<byte> input = stackalloc byte[5 + 16 + 8];
        input[0] = SpanDomain;
        BinaryPrimitives.WriteInt32BigEndian(input[1..], projectId);
        traceId[..16].CopyTo(input[5..]);
        spanId[..8].CopyTo(input[21..]);
        return Derive(input);
    }

    /// <summary>The id of a request that its client named: from project and that name.</summary>
    public static Guid OfText(int projectId, string id)
    {
        var input = new byte[5 + Encoding.UTF8.GetByteCount(id)];
        input[0] = TextDomain;
        BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(1), projectId);
        Encoding.UTF8.GetBytes(id, input.AsSpan(5));
        return Derive(input);
    }

    private static Guid Derive(ReadOnlySpan<byte> input)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(input, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
