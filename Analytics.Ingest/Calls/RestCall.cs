using System.ComponentModel;

namespace Analytics.Ingest.Calls;

/// <summary>One model call. Everything but its time is optional; what is not given is unknown, not zero.</summary>
internal sealed record RestCall
{
    [Description("When the call began (RFC 3339). Required, and the same in a resend: a call is recognised by its id and time.")]
    public DateTimeOffset? Time { get; init; }

    [Description("Your id of the call as a UUID. Give this, or id, so that a resend is recognised.")]
    public Guid? RequestId { get; init; }

    [Description("Your id of the call as any text of at most 512 characters; request_id is derived from it within your project.")]
    public string? Id { get; init; }

    [Description("Who served the model, as OpenTelemetry's gen_ai.provider.name: openai, anthropic, aws.bedrock, gcp.gemini …")]
    public string? Provider { get; init; }

    [Description("The model that answered.")]
    public string? Model { get; init; }

    [Description("The model that was asked for, if another.")]
    public string? RequestModel { get; init; }

    [Description("OpenTelemetry's gen_ai.operation.name: chat, text_completion, embeddings … Default chat.")]
    public string? Operation { get; init; }

    [Description("The program that made the call.")]
    public string? ServiceName { get; init; }

    [Description("The deployment environment: production, staging …")]
    public string? Environment { get; init; }

    [Description("Your user's id.")]
    public string? UserId { get; init; }

    [Description("The conversation or session.")]
    public string? ConversationId { get; init; }

    [Description("Whether the response was streamed.")]
    public bool? Streamed { get; init; }

    [Description("Why the model stopped: stop, length, tool_calls …")]
    public string? FinishReason { get; init; }

    [Description("Seconds from request to complete answer.")]
    public double? DurationSeconds { get; init; }

    [Description("Seconds from request to the first piece of a streamed answer.")]
    public double? TimeToFirstTokenSeconds { get; init; }

    [Description("Whether the call failed. True when error_type is set.")]
    public bool? IsError { get; init; }

    [Description("What kind of failure: timeout, rate_limit_exceeded, 500 …")]
    public string? ErrorType { get; init; }

    [Description("The failure in words, truncated at 1024 characters. Do not put prompts here.")]
    public string? ErrorMessage { get; init; }

    [Description("What the call used.")]
    public RestUsage? Usage { get; init; }
}

/// <summary>What a call used.</summary>
internal sealed record RestUsage
{
    [Description("Input tokens, cached ones included (unless cached_tokens_included is false).")]
    public long? InputTokens { get; init; }

    [Description("Output tokens, reasoning included.")]
    public long? OutputTokens { get; init; }

    [Description("Input tokens read from a cache.")]
    public long? CacheReadTokens { get; init; }

    [Description("Input tokens written to a cache.")]
    public long? CacheWriteTokens { get; init; }

    [Description("Output tokens spent on reasoning.")]
    public long? ReasoningTokens { get; init; }

    [Description("All tokens, if your provider reports them; used to check the others.")]
    public long? TotalTokens { get; init; }

    [Description("False for counts from Anthropic's API, where cached tokens are not part of input_tokens. Default true.")]
    public bool? CachedTokensIncluded { get; init; }

    [Description("What the call cost in USD, if your provider says so. Otherwise Hub prices it.")]
    public decimal? CostUsd { get; init; }
}
