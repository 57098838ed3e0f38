namespace Hub.Cli.Send.Traces;

/// <summary>
/// Where on the calendar a trace is put. All rows move by the same time, so that the gaps between them stay.
/// </summary>
internal sealed record TraceStart
{
    private readonly Rule rule;
    private readonly DateTime at;

    private TraceStart(Rule rule, DateTime at = default) => (this.rule, this.at) = (rule, at);

    private enum Rule { Yesterday, Original, Now, At }

    /// <summary>
    /// Moved by whole days so that the last row is on yesterday's date: the times of day stay, nothing lies in the future, however many days the
    /// trace has, and a second run on the same day gives the same times.
    /// </summary>
    public static TraceStart Yesterday { get; } = new(Rule.Yesterday);

    /// <summary>Not moved.</summary>
    public static TraceStart Original { get; } = new(Rule.Original);

    /// <summary>The first row is now.</summary>
    public static TraceStart Now { get; } = new(Rule.Now);

    /// <summary>The first row is at this time.</summary>
    public static TraceStart At(DateTime utc) => new(Rule.At, utc);

    /// <summary>Reads <c>now</c>, <c>original</c>, <c>yesterday</c>, a date or a time; null when it is none of these.</summary>
    public static TraceStart? Parse(string text) => text switch
    {
        "yesterday" => Yesterday,
        "original" => Original,
        "now" => Now,
        _ when TraceFile.TryParseTime(text, out var time) || TraceFile.TryParseTime(text + " 00:00:00", out time) => At(time),
        _ => null,
    };

    /// <summary>The time to add to each row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The trace would leave the calendar (years 1 to 9999).</exception>
    public TimeSpan ShiftOf(IReadOnlyList<TraceRow> rows, DateTime utcNow)
    {
        var shift = rule switch
        {
            Rule.Yesterday => utcNow.Date.AddDays(-1) - rows.Max(row => row.Time).Date,
            Rule.Now => utcNow - rows[0].Time,
            Rule.At => at - rows[0].Time,
            _ => TimeSpan.Zero,
        };
        // OTLP counts nanoseconds since 1970 in 64 bits.
        var first = rows.Min(row => row.Time) - DateTime.UnixEpoch + shift;
        var last = rows.Max(row => row.Time) - DateTime.UnixEpoch + shift;
        if (first < TimeSpan.Zero || last > MaxSinceEpoch)
            throw new ArgumentOutOfRangeException(nameof(rows), "The trace would be outside the years 1970 to 2261.");

        return shift;
    }

    private static readonly TimeSpan MaxSinceEpoch = new DateTime(2262, 1, 1, 0, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch;
}
