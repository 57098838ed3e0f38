using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Calls;

/// <summary>
/// Makes calls as they are stored of calls as they were reported, or says why not. The rules, in the order of their checks; each rejection
/// is counted under its name in
/// <c>hub_ingest_rows_rejected</c>:
/// <list type="table">
/// <item><term>start_missing, end_missing</term><description>no start or no end time (ingest stores finished calls):
/// rejected</description></item>
/// <item><term>end_before_start</term><description>rejected</description></item>
/// <item><term>too_far_in_future</term><description>started or ended later than now + <see cref="IngestOptions.MaxFuture"/>:
/// rejected</description></item>
/// <item><term>too_old</term><description>older than <see cref="IngestOptions.MaxAge"/>, retention would drop it:
/// rejected</description></item>
/// <item><term>negative, absurd or unreadable counts</term><description>stored as NULL with a contradiction that names them (see
/// <see cref="ReportedUsage"/>)</description></item>
/// <item><term>no usage at all</term><description>stored with NULL tokens, and priced with a NULL cost</description></item>
/// <item><term>texts</term><description>cleaned and cut (<see cref="Text"/>)</description></item>
/// <item><term>time to first token</term><description>before the start, after the end, or a day and more: stored as NULL with a
/// contradiction that says so</description></item>
/// </list>
/// Missing or zero trace and span ids are found before, in <see cref="SpanMapper"/>.
/// </summary>
internal sealed class CallBuilder(IOptions<IngestOptions> settings, TimeProvider time)
{
    private readonly IngestOptions options = settings.Value;

    public const string StartMissing = "start_missing";
    public const string EndMissing = "end_missing";
    public const string EndBeforeStart = "end_before_start";
    public const string TooFarInFuture = "too_far_in_future";
    public const string TooOld = "too_old";

    private const double SecondsPerDay = 86_400;

    /// <summary>Seconds by which a first token may seem to come after the end: senders round to milliseconds.</summary>
    private const double Rounding = 0.001;

    /// <summary>Makes a call of one project. Returns the name of the broken rule, or null with <paramref name="call"/> set.</summary>
    public string? TryBuild(int projectId, ReportedCall reported, out Call? call)
    {
        call = null;
        if (reported.StartUnixNano == 0) return StartMissing;
        if (reported.EndUnixNano == 0 && !reported.EndIsOptional) return EndMissing;
        if (reported.EndUnixNano > 0 && reported.EndUnixNano < reported.StartUnixNano) return EndBeforeStart;
        var now = time.GetUtcNow();
        var latest = ToUnixNano(now + options.MaxFuture);
        if (reported.StartUnixNano > latest || reported.EndUnixNano > latest) return TooFarInFuture;
        if (reported.StartUnixNano < ToUnixNano(now - options.MaxAge)) return TooOld;

        var responseModel = Text.Clean(reported.ResponseModel);
        var requestModel = Text.Clean(reported.RequestModel);
        var model = responseModel ?? requestModel ?? "unknown";
        var provider = ProviderNames.Resolve(Text.Clean(reported.Provider), model, reported.ServerProvider);
        double? duration = reported.EndUnixNano == 0 ? null : (reported.EndUnixNano - reported.StartUnixNano) / 1e9;
        var firstToken = FirstTokenOf(reported, duration);
        call = new Call
        {
            Time = TimeOf(reported),
            ProjectId = projectId,
            CallId = reported.CallId,
            GivenId = reported.GivenId,
            TraceId = reported.TraceId,
            Provider = provider,
            Model = model,
            RequestModel = requestModel,
            Operation = Text.Clean(reported.Operation) ?? "chat",
            ServiceName = Text.Clean(reported.ServiceName),
            Environment = Text.Clean(reported.Environment),
            UserId = Text.Clean(reported.UserId),
            ConversationId = Text.Clean(reported.ConversationId),
            Streamed = reported.Streamed,
            FinishReason = Text.Clean(reported.FinishReason),
            IsError = reported.IsError,
            ErrorType = reported.IsError ? Text.Clean(reported.ErrorType) ?? "unknown" : null,
            ErrorMessage = reported.IsError ? Text.Clean(reported.ErrorMessage, Text.MessageBound) : null,
            DurationSeconds = duration,
            TimeToFirstTokenSeconds = firstToken,
            Usage = UsageVector.From(reported.Usage, ModelNames.IsAnthropic(provider, model)),
        };
        return null;
    }

    /// <summary>The start of a call in whole microseconds, as PostgreSQL keeps it.</summary>
    public static DateTime TimeOf(ReportedCall reported) =>
        DateTime.UnixEpoch.AddTicks((long)(reported.StartUnixNano / 1000) * TimeSpan.TicksPerMicrosecond);

    /// <summary>The time to the first token, unless it contradicts the call's own times; then it is flagged beside the counts.</summary>
    private static double? FirstTokenOf(ReportedCall reported, double? duration)
    {
        var seconds = reported.TimeToFirstTokenSeconds;
        if (seconds < 0) reported.Usage.Flag("first_token_before_start");
        else if (seconds > duration + Rounding) reported.Usage.Flag("first_token_after_end");
        else if (seconds >= SecondsPerDay) reported.Usage.Flag("first_token_absurd");
        else return seconds;
        return null;
    }

    /// <summary>A sentence for the sender about a broken rule.</summary>
    public string Explain(string rule) => rule switch
    {
        StartMissing => "the start time is missing",
        EndMissing => "the end time is missing",
        EndBeforeStart => "the end lies before the start",
        TooFarInFuture => $"the start or the end lies more than {options.MaxFuture.TotalMinutes:0} minutes in the future",
        TooOld => $"the start lies more than {options.MaxAge.TotalDays:0} days in the past, beyond the retention",
        SpanMapper.TraceIdMissing => "the trace id is missing, zero or not 16 bytes",
        SpanMapper.SpanIdMissing => "the span id is missing, zero or not 8 bytes",
        _ => rule,
    };

    private static ulong ToUnixNano(DateTimeOffset at) => (ulong)Math.Max(0, (at - DateTimeOffset.UnixEpoch).Ticks) * 100;
}
