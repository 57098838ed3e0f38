namespace Analytics.Ingest.Calls;

/// <summary>Reads why a model stopped.</summary>
internal static class FinishReasons
{
    private static readonly char[] Around = [' ', '"', '\'', '[', ']'];

    /// <summary>
    /// The first reason of a text that may be a list of them: <c>["stop","length"]</c> (Microsoft.Extensions.AI, Mastra), <c>[Stop]</c>
    /// (Semantic Kernel), <c>stop, length</c> (LangSmith). Null when it holds none.
    /// </summary>
    public static string? First(string? reasons)
    {
        if (reasons is null) return null;
        var comma = reasons.IndexOf(',', StringComparison.Ordinal);
        var first = (comma < 0 ? reasons : reasons[..comma]).Trim(Around);
        return first.Length == 0 || first == "null" ? null : first;
    }
}
