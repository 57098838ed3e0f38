using System.Globalization;
using System.Text;

namespace Analytics.Ingest.Calls;

/// <summary>
/// Unescapes JSON strings that Utf8JsonReader has already checked. The framework's own way refuses a lone surrogate (<c>"\ud83d"</c>),
/// which JavaScript senders write whenever they cut a text in the middle of an emoji; here it is left out.
/// </summary>
internal static class JsonText
{
    /// <summary>The longest UTF-8 sequence of one character.</summary>
    private const int LongestRune = 4;

    /// <summary>Writes the text, which is never longer than its escaped form, as far as <paramref name="bytes"/> has room.</summary>
    /// <returns>Its length in bytes.</returns>
    public static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> bytes)
    {
        var length = 0;
        while (!escaped.IsEmpty)
        {
            var plain = escaped.IndexOf((byte)'\\');
            if (plain < 0) plain = escaped.Length;
            var room = Math.Min(plain, bytes.Length - length);
            escaped[..room].CopyTo(bytes[length..]);
            length += room;
            escaped = escaped[plain..];
            if (escaped.IsEmpty || (room < plain) || (bytes.Length - length < LongestRune && escaped.Length > bytes.Length - length)) break;
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
                length += new Rune(unit, low).EncodeToUtf8(bytes[length..]);
                escaped = escaped[6..];
            }
            else if (Rune.TryCreate(unit, out var rune))
            {
                length += rune.EncodeToUtf8(bytes[length..]);
            }
        }

        return length;
    }

    private static char Unit(ReadOnlySpan<byte> escape) => (char)ushort.Parse(escape[2..6], NumberStyles.HexNumber,
        CultureInfo.InvariantCulture);

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
