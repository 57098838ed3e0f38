using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Http;

namespace Analytics.Ingest.Otlp;

/// <summary>
/// Reads protobuf's JSON form as OTLP narrows it: lowerCamelCase names only, unknown names skipped, 64-bit integers as number or string,
/// enums as integers, ids in hex of any case, null for absent. Texts stay where they are. Errors name the line, the byte and the path.
/// </summary>
internal ref struct JsonCursor(ReadOnlySpan<byte> utf8)
{
    /// <summary>Reads the value of one property. False when it does not know the property.</summary>
    public delegate bool Property<in T>(ref JsonCursor json, T target);

    /// <summary>Reads one element of a list, which is an object: <see cref="Fields"/> goes through it.</summary>
    public delegate void Element<in T>(ref JsonCursor json, T target);

    /// <summary>Deeper values than an honest sender's are refused before they cost stack.</summary>
    private const int MaxDepth = 128;

    private readonly ReadOnlySpan<byte> document = utf8;
    private readonly Stack<(string Name, int Index)> path = [];
    private Utf8JsonReader reader = new(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });

    /// <summary>Reads the whole document, which is one object.</summary>
    /// <exception cref="RequestRefusedException">400: it is not.</exception>
    public static void ReadDocument<T>(ReadOnlySpan<byte> utf8, T target, Property<T> property)
    {
        var json = new JsonCursor(utf8);
        try
        {
            json.reader.Read();
            if (json.reader.TokenType != JsonTokenType.StartObject) throw json.Wrong("an object");
            json.Fields(target, property);
            json.reader.Read();
        }
        catch (JsonException malformed)
        {
            throw RequestRefusedException.Malformed(string.Create(CultureInfo.InvariantCulture,
                $"Not valid JSON at line {malformed.LineNumber + 1}, "
                    + $"byte {malformed.BytePositionInLine + 1}{json.Where}: {Reason(malformed)}"));
        }
    }

    /// <summary>Whether the property at hand is called so.</summary>
    public readonly bool Is(ReadOnlySpan<byte> name) => reader.ValueTextEquals(name);

    /// <inheritdoc cref="Is(ReadOnlySpan{byte})"/>
    public readonly bool Is(string name) => reader.ValueTextEquals(name);

    /// <summary>Reads an object into <paramref name="target"/>.</summary>
    public void Object<T>(string name, T target, Property<T> property)
    {
        path.Push((name, -1));
        if (Value(JsonTokenType.StartObject, "an object")) Fields(target, property);
        path.Pop();
    }

    /// <summary>Reads an array of objects, one after the other.</summary>
    public void Array<T>(string name, T target, Element<T> element)
    {
        if (!Value(JsonTokenType.StartArray, "an array")) return;
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            path.Push((name, index));
            if (reader.TokenType != JsonTokenType.StartObject) throw Wrong("an object");
            element(ref this, target);
            path.Pop();
        }
    }

    /// <summary>Reads the properties of the object at hand.</summary>
    public void Fields<T>(T target, Property<T> property)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!property(ref this, target)) SkipValue();
        }
    }

    /// <summary>Passes over the value of the property at hand.</summary>
    public void SkipValue()
    {
        reader.Read();
        reader.Skip();
    }

    /// <summary>A text. Broken surrogates become nothing.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="text">The texts of the export.</param>
    /// <param name="slot">What the text says about a model call, if it is an attribute's.</param>
    public Utf8Place Text(string name, ExportText text, Slot slot = default)
    {
        path.Push((name, -1));
        var place = Value(JsonTokenType.String, "a string") ? Place(text, slot) : default;
        path.Pop();
        return place;
    }

    /// <summary>Bytes, in hex.</summary>
    public Utf8Place Hex(string name, ExportText text)
    {
        path.Push((name, -1));
        Utf8Place place = default;
        if (Value(JsonTokenType.String, "a string of hex digits"))
            place = text.Hex(reader.ValueSpan) ?? throw Wrong("a string of hex digits");
        path.Pop();
        return place;
    }

    /// <summary>Where the string at hand lies, the quotation marks left out.</summary>
    private readonly Utf8Place Place(ExportText text, Slot slot) => reader.ValueIsEscaped
        ? text.Unescape(UsageTexts.EscapedUsageIn(slot, reader.ValueSpan))
        : new Utf8Place((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);

    /// <summary>A signed 64-bit integer.</summary>
    public long Int64(string name) => Number(name, "a 64-bit integer",
        static (ReadOnlySpan<byte> digits, out long value) =>
            (Utf8Parser.TryParse(digits, out value, out var read) && read == digits.Length)
            || (Utf8Parser.TryParse(digits, out decimal wide, out read, 'E') && read == digits.Length && TryWhole(wide, out value)));

    /// <summary>An unsigned 64-bit integer.</summary>
    public ulong UInt64(string name) => Number(name, "an unsigned 64-bit integer",
        static (ReadOnlySpan<byte> digits, out ulong value) => Utf8Parser.TryParse(digits, out value, out var read)
            && read == digits.Length);

    /// <summary>A 32-bit integer, or an enum.</summary>
    public int Int32(string name) => Number(name, "a 32-bit integer",
        static (ReadOnlySpan<byte> digits, out int value) => Utf8Parser.TryParse(digits, out value, out var read) && read == digits.Length);

    /// <summary>A floating-point number, or "NaN", "Infinity", "-Infinity".</summary>
    public double Double(string name) => Number(name, "a number", static (ReadOnlySpan<byte> digits, out double value) =>
        double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out value));

    public bool Boolean(string name)
    {
        path.Push((name, -1));
        reader.Read();
        var value = reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False or JsonTokenType.Null => false,
            _ => throw Wrong("true or false"),
        };
        path.Pop();
        return value;
    }

    private delegate bool Parse<T>(ReadOnlySpan<byte> digits, out T value);

    private T Number<T>(string name, string what, Parse<T> parse) where T : struct
    {
        path.Push((name, -1));
        reader.Read();
        T value = default;
        if (reader.TokenType != JsonTokenType.Null
            && (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.String) || !parse(reader.ValueSpan, out value)))
        {
            throw Wrong(what);
        }

        path.Pop();
        return value;
    }

    /// <summary>Goes to the value. False when it is null.</summary>
    private bool Value(JsonTokenType type, string what)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return false;
        return reader.TokenType == type ? true : throw Wrong(what);
    }

    private readonly RequestRefusedException Wrong(string expected)
    {
        var before = document[..(int)reader.TokenStartIndex];
        var line = before.Count((byte)'\n') + 1;
        var column = before.Length - before.LastIndexOf((byte)'\n');
        return RequestRefusedException.Malformed(string.Create(CultureInfo.InvariantCulture,
            $"Not OTLP JSON at line {line}, byte {column}{Where}: expected {expected}, found {reader.TokenType}."));
    }

    private readonly string Where => path.Count == 0
        ? ""
        : " (" + string.Join('.', path.Reverse().Select(step => step.Index < 0 ? step.Name : $"{step.Name}[{step.Index}]")) + ")";

    // The framework's own message ends with line, byte and path, which the caller's begins with.
    private static string Reason(JsonException malformed)
    {
        var end = malformed.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? malformed.Message : malformed.Message[..end];
    }

    private static bool TryWhole(decimal wide, out long value)
    {
        var whole = decimal.IsInteger(wide) && wide is >= long.MinValue and <= long.MaxValue;
        value = whole ? (long)wide : 0;
        return whole;
    }
}
