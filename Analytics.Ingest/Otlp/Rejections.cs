using System.Globalization;
using System.Text;

namespace Analytics.Ingest.Otlp;

/// <summary>Which spans of an export were rejected: counted by reason, so that millions cost no more than one.</summary>
internal sealed class Rejections
{
    private const int ReasonsShown = 5;

    private readonly Dictionary<string, (long Count, int First)> reasons = new(StringComparer.Ordinal);

    public long Count { get; private set; }

    public void Add(string reason, int index)
    {
        Count++;
        reasons[reason] = reasons.TryGetValue(reason, out var known) ? (known.Count + 1, Math.Min(known.First, index)) : (1, index);
    }

    /// <summary>What the sender is told; null when nothing was rejected.</summary>
    /// <param name="spans">How many spans the export had.</param>
    public string? Describe(int spans)
    {
        if (Count == 0) return null;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Count} of {spans} spans rejected, do not send them again");
        var most = reasons.OrderByDescending(reason => reason.Value.Count).ThenBy(reason => reason.Value.First).Take(ReasonsShown);
        foreach (var (reason, (count, first)) in most)
        {
            text.Append(CultureInfo.InvariantCulture, $"; {count} because {reason} (the first: span {first})");
        }

        return text.ToString();
    }
}
