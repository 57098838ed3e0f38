using System.Globalization;
using Analytics.Ingest.Hosting;
using Google.Protobuf;

namespace Analytics.Ingest.Otlp;

/// <summary>Decodes protobuf, and says where it broke.</summary>
internal static class OtlpProtobuf
{
    /// <exception cref="RequestRefusedException">400: the bytes are not such a message.</exception>
    public static T Read<T>(MessageParser<T> parser, ArraySegment<byte> bytes) where T : class, IMessage<T>, new()
    {
        try
        {
            return parser.ParseFrom(bytes.AsSpan());
        }
        catch (InvalidProtocolBufferException malformed)
        {
            // The parser itself does not tell a place, so the bytes are walked a second time; only for those that are refused anyway.
            var fault = ProtobufFault.Find(new T().Descriptor, bytes);
            var place = fault is { } found
                ? string.Create(CultureInfo.InvariantCulture,
                    $"at byte {found.Offset} of {bytes.Count}{(found.Path.Length > 0 ? $" ({found.Path})" : "")}: {found.What}")
                : malformed.Message;
            throw RequestRefusedException.Malformed($"Not a valid protobuf message {place}.");
        }
    }
}
