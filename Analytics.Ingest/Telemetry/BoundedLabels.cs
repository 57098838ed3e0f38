using System.Collections.Concurrent;
using System.Globalization;

namespace Analytics.Ingest.Telemetry;

/// <summary>Values of a label: the first <paramref name="limit"/> keep their own, all later ones share <see cref="Others"/>, so that series
/// stay few.</summary>
internal sealed class BoundedLabels(int limit)
{
    public const string Others = "other";

    private readonly ConcurrentDictionary<int, string> known = new();
    private readonly Lock gate = new();

    public string Of(int value)
    {
        if (known.TryGetValue(value, out var label)) return label;
        lock (gate)
        {
            return known.Count >= limit ? Others : known.GetOrAdd(value, static number => number.ToString(CultureInfo.InvariantCulture));
        }
    }
}
