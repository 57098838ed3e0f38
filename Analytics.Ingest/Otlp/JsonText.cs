using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace Analytics.Ingest.Otlp;

/// <summary>
/// Unescapes JSON strings that Utf8JsonReader has already checked. The framework's own way refuses a lone surrogate (<c>"\ud83d"</c>), which
/// JavaScript senders write whenever they cut a text in the middle of an emoji; here it is left out.
/// </summary>
internal static class JsonText
{
    public static ByteString Unescape(ReadOnlySpan<byte> escaped)
    {
        var bytes = new byte[escaped.Length];
        var length = 0;
        while (!escaped.IsEmpty)
        {
            var plain = escaped.IndexOf((byte)'\\');
            if (plain < 0) plain = escaped.Length;
            escaped[..plain].CopyTo(bytes.AsSpan(length));
            length += plain;
            escaped = escaped[plain..];
            if (escaped.IsEmpty) break;
            if (escaped[1] != (byte)'u')
            {
                bytes[length++] = Single(escaped[1]);
                escaped = escaped[2..];
                continue;
            }

            var unit = Unit(escaped);
            escaped = escaped[6..];
            if (char.IsHighSurrogate(unit) && escaped.StartsWith("\\u"u8) && Unit(escaped) is var low && char.IsLowSurrogate(low))
            {
                length += new Rune(unit, low).EncodeToUtf8(bytes.AsSpan(length));
                escaped = escaped[6..];
            }
            else if (Rune.TryCreate(unit, out var rune))
            {
                length += rune.EncodeToUtf8(bytes.AsSpan(length));
            }
        }

        return ByteString.CopyFrom(bytes, 0, length);
    }

    private static char Unit(ReadOnlySpan<byte> escape) => (char)ushort.Parse(escape[2..6], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static byte Single(byte escape) => escape switch
    {
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        _ => escape,
    };
}
