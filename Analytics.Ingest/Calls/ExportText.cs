using System.Buffers;

namespace Analytics.Ingest.Calls;

/// <summary>Where a text lies: in the body, or in the scratch memory that holds what had to be decoded.</summary>
internal readonly record struct Utf8Place(int Start, int Length, bool InScratch = false);

/// <summary>
/// The texts of one export, which stay where they were received: a text that nobody keeps is never copied. Escaped JSON and hex are decoded
/// into scratch memory, which the next span uses again.
/// </summary>
internal sealed class ExportText(ReadOnlyMemory<byte> body)
{
    /// <summary>Longest text that is decoded, in bytes: more than the longest that is kept.</summary>
    private const int MaxDecoded = 4 * Text.MessageBound;

    private readonly ArrayBufferWriter<byte> scratch = new();

    public ReadOnlySpan<byte> Body => body.Span;

    public ReadOnlySpan<byte> this[Utf8Place place] =>
        (place.InScratch ? scratch.WrittenSpan : body.Span).Slice(place.Start, place.Length);

    /// <summary>Forgets what was decoded. Places in it are no longer valid.</summary>
    public void Clear() => scratch.ResetWrittenCount();

    /// <summary>Decodes the escapes of a JSON string; of a long one only as much as can be kept.</summary>
    public Utf8Place Unescape(ReadOnlySpan<byte> escaped)
    {
        var length = Math.Min(escaped.Length, MaxDecoded);
        return Written(JsonText.Unescape(escaped, scratch.GetSpan(length)[..length]));
    }

    /// <summary>Decodes hex digits of any case. Null: they are none.</summary>
    public Utf8Place? Hex(ReadOnlySpan<byte> digits) =>
        Convert.FromHexString(digits, scratch.GetSpan(digits.Length / 2), out _, out var length) is OperationStatus.Done
            ? Written(length)
            : null;

    private Utf8Place Written(int length)
    {
        var place = new Utf8Place(scratch.WrittenCount, length, InScratch: true);
        scratch.Advance(length);
        return place;
    }
}
