namespace Analytics.Ingest.Calls;

/// <summary>
/// Token counts and cost as reported, before anything is made of them. Names given first win; a later name of the same meaning with another
/// value is a contradiction, as is a value that cannot be a count.
/// </summary>
internal sealed class ReportedUsage
{
    /// <summary>No model reads or writes this many tokens in one call; above it the value is a fault of the sender.</summary>
    public const long MaxTokens = 100_000_000;

    /// <summary>No call costs this much (USD); above it the value is a fault of the sender.</summary>
    public const decimal MaxCost = 1_000_000m;

    /// <summary>
    /// Decimals of a cost that are kept: a millionth of a millionth of a dollar, so that sums of any length fit a decimal.
    /// </summary>
    public const int CostDecimals = 12;

    private List<string>? contradictions;
    private int costRank;

    public TokenCount Input;
    public TokenCount Output;
    public TokenCount CacheRead;
    public TokenCount CacheWrite;
    public TokenCount Reasoning;
    public TokenCount Total;

    public decimal? Cost { get; private set; }

    /// <summary>The currency of <see cref="Cost"/> when the sender names one; USD is assumed otherwise.</summary>
    public string? Currency { get; set; }

    public IReadOnlyList<string>? Contradictions => contradictions;

    /// <summary>
    /// What the sender declares: inclusive by a name that OTel or OpenInference define as a part of the input tokens, or either in words.
    /// </summary>
    public CacheConvention? Declared { get; set; }

    /// <summary>Whether reasoning came under a name that defines it as an addition to the output (raw counts of Google's models).</summary>
    public bool ReasoningIsExtra { get; set; }

    /// <summary>Whether anything was reported at all.</summary>
    public bool IsEmpty =>
        Input.Value is null && Output.Value is null && CacheRead.Value is null && CacheWrite.Value is null && Reasoning.Value is null
        && Total.Value is null && contradictions is null;

    /// <summary>Whether nothing was taken, not even a cost or a declaration.</summary>
    public bool IsUntouched => IsEmpty && Cost is null && Currency is null && Declared is null && !ReasoningIsExtra;

    public void Flag(string contradiction)
    {
        contradictions ??= [];
        if (!contradictions.Contains(contradiction)) contradictions.Add(contradiction);
    }

    /// <summary>Takes one reported count. <paramref name="rank"/> is the age of its name: 0 the newest.</summary>
    public void Report(ref TokenCount count, string meaning, int rank, long? value)
    {
        if (value is null)
        {
            Flag($"{meaning}_unreadable");
        }
        else if (value is < 0 or > MaxTokens)
        {
            Flag(value < 0 ? $"{meaning}_negative" : $"{meaning}_absurd");
        }
        else if (count.Value is null)
        {
            count = new TokenCount(value, rank);
        }
        else
        {
            if (count.Value != value) Flag($"{meaning}_disagree");
            if (rank < count.Rank) count = new TokenCount(value, rank);
        }
    }

    /// <summary>Takes a reported cost. <paramref name="rank"/> is the age of its name: 0 the newest.</summary>
    public void ReportCost(decimal? value, int rank = 0)
    {
        if (value is null or < 0 or > MaxCost)
        {
            Flag("cost_unreadable");
            return;
        }

        var cost = decimal.Round(value.Value, CostDecimals);
        if (Cost is { } known && known != cost) Flag("cost_disagree");
        if (Cost is null || rank < costRank) (Cost, costRank) = (cost, rank);
    }
}

/// <summary>A count and the age of the name that it came under.</summary>
internal readonly record struct TokenCount(long? Value, int Rank);
