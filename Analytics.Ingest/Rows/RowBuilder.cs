using Analytics.Ingest.Pricing;
using Analytics.Ingest.Spans;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Rows;

/// <summary>
/// Makes rows of model calls, or says why not. The rules, in the order of their checks; each rejection is counted under its name in
/// <c>hub_ingest_rows_rejected</c>:
/// <list type="table">
/// <item><term>start_missing, end_missing</term><description>no start or no end time (ingest stores finished calls): rejected</description></item>
/// <item><term>end_before_start</term><description>rejected</description></item>
/// <item><term>too_far_in_future</term><description>started or ended later than now + <see cref="IngestOptions.MaxFuture"/>: rejected</description></item>
/// <item><term>too_old</term><description>older than <see cref="IngestOptions.MaxAge"/>, retention would drop it: rejected</description></item>
/// <item><term>negative, absurd or unreadable counts</term><description>stored as NULL with a contradiction that names them (see
/// <see cref="ReportedUsage"/>)</description></item>
/// <item><term>no usage at all</term><description>stored with NULL tokens and NULL cost</description></item>
/// <item><term>texts</term><description>cleaned and cut (<see cref="Text"/>)</description></item>
/// <item><term>time to first token</term><description>NULL unless it is between 0 and a day</description></item>
/// </list>
/// Missing or zero trace and span ids are found before, in <see cref="SpanMapper"/>.
/// </summary>
internal sealed class RowBuilder(IOptions<IngestOptions> settings, TimeProvider time, IPriceSource prices)
{
    private readonly IngestOptions options = settings.Value;

    public const string StartMissing = "start_missing";
    public const string EndMissing = "end_missing";
    public const string EndBeforeStart = "end_before_start";
    public const string TooFarInFuture = "too_far_in_future";
    public const string TooOld = "too_old";

    private const double SecondsPerDay = 86_400;

    /// <summary>Makes a row of a call of one project. Returns the name of the broken rule, or null with <paramref name="row"/> set.</summary>
    public string? TryBuild(int projectId, ModelCall call, out RequestRow? row)
    {
        row = null;
        if (call.StartUnixNano == 0) return StartMissing;
        if (call.EndUnixNano == 0 && !call.EndIsOptional) return EndMissing;
        if (call.EndUnixNano > 0 && call.EndUnixNano < call.StartUnixNano) return EndBeforeStart;
        var now = time.GetUtcNow();
        var latest = ToUnixNano(now + options.MaxFuture);
        if (call.StartUnixNano > latest || call.EndUnixNano > latest) return TooFarInFuture;
        if (call.StartUnixNano < ToUnixNano(now - options.MaxAge)) return TooOld;

        var responseModel = Text.Clean(call.ResponseModel);
        var requestModel = Text.Clean(call.RequestModel);
        var model = responseModel ?? requestModel ?? "unknown";
        var provider = Text.Clean(call.Provider) ?? ModelNames.ProviderOf(model) ?? "unknown";
        // Whole microseconds, as PostgreSQL keeps them.
        var started = DateTime.UnixEpoch.AddTicks((long)(call.StartUnixNano / 1000) * TimeSpan.TicksPerMicrosecond);
        var usage = UsageVector.From(call.Usage, ModelNames.IsAnthropic(provider, model));
        row = new RequestRow
        {
            Time = started,
            RequestId = call.RequestId,
            ProjectId = projectId,
            TraceId = call.TraceId,
            SpanId = call.SpanId,
            Provider = provider,
            Model = model,
            RequestModel = requestModel,
            Operation = Text.Clean(call.Operation) ?? "chat",
            ServiceName = Text.Clean(call.ServiceName),
            Environment = Text.Clean(call.Environment),
            UserId = Text.Clean(call.UserId),
            ConversationId = Text.Clean(call.ConversationId),
            Streamed = call.Streamed,
            FinishReason = Text.Clean(call.FinishReason),
            IsError = call.IsError,
            ErrorType = call.IsError ? Text.Clean(call.ErrorType) ?? "unknown" : null,
            ErrorMessage = call.IsError ? Text.Clean(call.ErrorMessage, Text.MessageBound) : null,
            DurationSeconds = call.EndUnixNano == 0 ? null : (call.EndUnixNano - call.StartUnixNano) / 1e9,
            TimeToFirstTokenSeconds = call.TimeToFirstTokenSeconds is >= 0 and < SecondsPerDay ? call.TimeToFirstTokenSeconds : null,
            Usage = usage,
            Cost = CallCost.Of(call.Usage, usage, prices.Current.Find(provider, model, requestModel, started)),
        };
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
