namespace Hub.Cli.Send.Traces;

/// <summary>One LLM call of a trace. Small, because a trace may hold tens of millions of them.</summary>
/// <param name="Time">When the call started, UTC.</param>
/// <param name="InputTokens">Tokens of the prompt, 0 to <see cref="MaxTokens"/>.</param>
/// <param name="OutputTokens">Tokens generated, 0 to <see cref="MaxTokens"/>.</param>
internal readonly record struct TraceRow(DateTime Time, int InputTokens, int OutputTokens)
{
    /// <summary>More tokens than any model takes in one call; above it a number is a fault of the file.</summary>
    public const int MaxTokens = 100_000_000;
}
