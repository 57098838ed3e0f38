using System.Buffers.Text;
using System.Globalization;

namespace Analytics.Ingest.Calls;

/// <summary>What kind of value an attribute has, as far as Hub reads values.</summary>
internal enum ValueKind : byte
{
    /// <summary>None, a map or raw bytes: no attribute that Hub keeps has such a value.</summary>
    None,
    Text,
    Whole,
    Number,
    Flag,

    /// <summary>A list without a readable first element.</summary>
    List,
}

/// <summary>The value of an attribute. Of a list it is the first element, with <paramref name="InList"/> set.</summary>
internal readonly record struct AttributeValue(
    ValueKind Kind, Utf8Place Place = default, long Whole = 0, double Number = 0, bool Flag = false, bool InList = false)
{
    /// <summary>The text of a value that is one; null otherwise.</summary>
    /// <param name="text">The texts of the export.</param>
    /// <param name="bound">Longest text in UTF-16 units; the rest is cut off.</param>
    public string? TextOf(ExportText text, int bound = Text.NameBound) => Kind switch
    {
        ValueKind.Text => Text.Clean(text[Place], bound),
        ValueKind.Whole => Whole.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>A whole number, however it was written: 12, 12.0, "12". Null for anything else.</summary>
    public long? WholeOf(ExportText text) => (InList, Kind) switch
    {
        (false, ValueKind.Whole) => Whole,
        (false, ValueKind.Number) when double.IsInteger(Number) && Math.Abs(Number) < 1e18 => (long)Number,
        (false, ValueKind.Text) when Utf8Parser.TryParse(text[Place], out long number, out var read) && read == Place.Length => number,
        _ => null,
    };

    /// <summary>A finite number; null for anything else.</summary>
    public double? NumberOf(ExportText text) => (InList, Kind) switch
    {
        (false, ValueKind.Whole) => Whole,
        (false, ValueKind.Number) when double.IsFinite(Number) => Number,
        (false, ValueKind.Text) when Utf8Parser.TryParse(text[Place], out double number, out var read)
            && read == Place.Length && double.IsFinite(number) => number,
        _ => null,
    };

    /// <summary>Whether it is the flag true.</summary>
    public bool IsTrue => Kind == ValueKind.Flag && Flag && !InList;
}
