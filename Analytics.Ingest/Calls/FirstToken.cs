using System.Globalization;

namespace Analytics.Ingest.Calls;

/// <summary>
/// When the first piece of an answer came, as reported: a duration since the start in the unit of its name, or a point in time.
/// </summary>
/// <param name="Value">Seconds, milliseconds, or for a point in time nanoseconds since 1970-01-01 UTC.</param>
/// <param name="Name">The name that it came under.</param>
internal readonly record struct FirstToken(double Value, SlotName Name)
{
    private const double PerSecond = 1000;

    /// <summary>Strands writes <c>timeToFirstByteMs</c> under a name whose unit is the second (strands/telemetry/tracer.py).</summary>
    private const string SendsMilliseconds = "strands-agents";

    /// <summary>Reads a value; null when it is none.</summary>
    public static FirstToken? Of(SlotName name, AttributeValue value, ExportText text)
    {
        if (!name.Is(NameTraits.Instant)) return value.NumberOf(text) is { } number ? new FirstToken(number, name) : null;
        return value.TextOf(text)?.Trim('"') is { } at
            && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
                ? new FirstToken((instant - DateTimeOffset.UnixEpoch).Ticks * 100d, name) : null;
    }

    /// <summary>
    /// Seconds since the start of the call. Where a name's unit is the second, a value that lies after the end is one of milliseconds if in
    /// that unit it does not: senders confuse the two.
    /// </summary>
    /// <param name="startUnixNano">Start of the span, nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="endUnixNano">Its end.</param>
    /// <param name="provider">The provider as reported.</param>
    public double SecondsSince(ulong startUnixNano, ulong endUnixNano, string? provider)
    {
        if (Name.Is(NameTraits.Instant)) return (Value - startUnixNano) / 1e9;
        if (Name.Is(NameTraits.Milliseconds) || provider == SendsMilliseconds) return Value / PerSecond;
        var duration = endUnixNano > startUnixNano ? (endUnixNano - startUnixNano) / 1e9 : double.PositiveInfinity;
        return Value > duration && Value / PerSecond <= duration ? Value / PerSecond : Value;
    }
}
