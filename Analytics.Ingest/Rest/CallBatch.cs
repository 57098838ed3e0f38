using System.ComponentModel;
using Analytics.Ingest.Calls;

namespace Analytics.Ingest.Rest;

/// <summary>A batch of model calls.</summary>
internal sealed record CallBatch
{
    [Description("The calls, in any order. The answer refers to them by their place, from 0.")]
    public required IReadOnlyList<RestCall> Requests { get; init; }
}

/// <summary>What became of a batch. Everything that is neither rejected nor a duplicate is committed.</summary>
internal sealed record CallBatchResult
{
    [Description("Calls stored by this request.")]
    public required int Accepted { get; init; }

    [Description("Calls that were stored before. After a broken connection they may be calls of this request, which was tried twice.")]
    public required int Duplicates { get; init; }

    [Description("Calls not stored, and why. Sending them again will not help.")]
    public required IReadOnlyList<RejectedCall> Rejected { get; init; }

    [Description("The request_id of every call, given, derived or made up, in the order of the batch.")]
    public required IReadOnlyList<Guid> RequestIds { get; init; }

    [Description("On how many members every call that is not rejected was committed when this was answered: 2, or 1 where the hub has one member. Null when there is none.")]
    public int? Copies { get; init; }
}

/// <summary>A call that was not stored.</summary>
internal sealed record RejectedCall(
    [property: Description("Its place in the batch, from 0.")] int Index,
    [property: Description("Why.")] string Reason);
