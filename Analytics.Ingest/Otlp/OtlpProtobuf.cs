using Analytics.Ingest.Hosting;
using Google.Protobuf;

namespace Analytics.Ingest.Otlp;

/// <summary>Decodes protobuf, and says at which byte it broke.</summary>
internal static class OtlpProtobuf
{
    /// <exception cref="RequestRefusedException">400: the bytes are not such a message.</exception>
    public static T Read<T>(MessageParser<T> parser, ArraySegment<byte> bytes) where T : class, IMessage<T>
    {
        var input = new CodedInputStream(bytes.Array ?? [], bytes.Offset, bytes.Count);
        try
        {
            return parser.ParseFrom(input);
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw RequestRefusedException.Malformed(
                $"Not a valid protobuf message: broken at byte {input.Position - bytes.Offset} of {bytes.Count}. {malformed.Message}");
        }
    }
}
