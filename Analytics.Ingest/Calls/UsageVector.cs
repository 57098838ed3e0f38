namespace Analytics.Ingest.Calls;

/// <summary>Whether a sender's input tokens hold the cached ones.</summary>
internal enum CacheConvention
{
    /// <summary>Nothing was cached, so the question does not arise.</summary>
    None,

    /// <summary>Cached tokens are part of the input tokens (OpenAI, OTel).</summary>
    Inclusive,

    /// <summary>Cached tokens come on top of the input tokens (Anthropic's raw usage).</summary>
    Exclusive,
}

/// <summary>
/// The one canonical form of usage: totals hold their parts, every token is counted once. NULL is unknown, never 0.
/// </summary>
/// <param name="Input">Input tokens, cached ones included.</param>
/// <param name="Output">Output tokens, reasoning included.</param>
/// <param name="CacheRead">Input tokens read from a cache.</param>
/// <param name="CacheWrite">Input tokens written to a cache.</param>
/// <param name="Reasoning">Output tokens spent on reasoning.</param>
/// <param name="Uncached">Input tokens neither read from nor written to a cache.</param>
/// <param name="Convention">What the sender's numbers followed.</param>
/// <param name="Contradictions">What did not fit together, as short names; null when everything did.</param>
internal sealed record UsageVector(
    long? Input, long? Output, long? CacheRead, long? CacheWrite, long? Reasoning, long? Uncached,
    CacheConvention Convention, IReadOnlyList<string>? Contradictions)
{
    public long? Total => Input + Output;

    /// <summary>
    /// Makes the canonical form. The convention is decided by the first of these that speaks:
    /// <list type="number">
    /// <item>size: more cached tokens than input tokens cannot be a part of them (exclusive), whatever a total says that the sender may
    /// have computed (OpenLLMetry's for Bedrock);</item>
    /// <item>arithmetic: a reported total equals input + output (inclusive) or that plus the cached tokens (exclusive);</item>
    /// <item>the declaration: OTel's and OpenInference's own names mean a part (inclusive), unless their sender is known to use them
    /// otherwise (<see cref="SenderHabits"/>); a REST client can say either;</item>
    /// <item>the provider: the raw names of Anthropic's API on Anthropic's models mean an addition (exclusive);</item>
    /// <item>else inclusive, as OTel defines it.</item>
    /// </list>
    /// Reasoning is part of the output unless its name defines it as an addition or a reported total proves that it is one (Gemini's raw
    /// counts).
    /// </summary>
    /// <param name="reported">What the sender said.</param>
    /// <param name="anthropic">Whether the model is one of Anthropic's.</param>
    public static UsageVector From(ReportedUsage reported, bool anthropic)
    {
        var (input, output, read, write) = (reported.Input.Value, reported.Output.Value, reported.CacheRead.Value,
            reported.CacheWrite.Value);
        var (reasoning, total) = (reported.Reasoning.Value, reported.Total.Value);
        var cached = (read ?? 0) + (write ?? 0);

        if (reasoning > 0 && output is not null
            && (reported.ReasoningIsExtra || TotalProvesExtra(input, output.Value, reasoning.Value, cached, total)))
        {
            output += reasoning;
        }

        if (reasoning > output) reported.Flag("reasoning_exceeds_output");

        var convention = Decide(input, output, cached, total, reported.Declared, anthropic);
        if (convention == CacheConvention.Exclusive && input is not null) input += cached;

        long? uncached = input - cached;
        if (uncached < 0)
        {
            reported.Flag("cached_exceeds_input");
            uncached = null;
        }

        if (total is not null && input is not null && output is not null && total != input + output) reported.Flag("total_disagrees");
        return new UsageVector(input, output, read, write, reasoning, uncached, convention, reported.Contradictions);
    }

    private static bool TotalProvesExtra(long? input, long output, long reasoning, long cached, long? total) =>
        input is not null && total is not null
        && total != input + output && total != input + output + cached
        && (total == input + output + reasoning || total == input + output + reasoning + cached);

    private static CacheConvention Decide(long? input, long? output, long cached, long? total, CacheConvention? declared, bool anthropic)
    {
        if (cached == 0) return CacheConvention.None;
        if (cached > input) return CacheConvention.Exclusive;
        if (total is not null && input is not null)
        {
            if (total == input + (output ?? 0)) return CacheConvention.Inclusive;
            if (total == input + (output ?? 0) + cached) return CacheConvention.Exclusive;
        }

        if (declared is { } said) return said;
        return anthropic ? CacheConvention.Exclusive : CacheConvention.Inclusive;
    }
}
