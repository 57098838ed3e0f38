namespace Hub.Cli.Send.Sampling;

/// <summary>
/// Random numbers that depend on the key alone, whatever the version of .NET: a row sent twice must be the same row.
/// (SplitMix64, Steele et al. 2014.)
/// </summary>
internal struct StableRandom
{
    private ulong state;

    public StableRandom(params ReadOnlySpan<ulong> key)
    {
        foreach (var part in key) state = Mix(state ^ part) + 0x9E3779B97F4A7C15;
    }

    public ulong NextBits()
    {
        state += 0x9E3779B97F4A7C15;
        return Mix(state);
    }

    /// <summary>From 0 to below 1.</summary>
    public double NextUnit() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>From 0 to below <paramref name="bound"/>.</summary>
    public int Next(int bound) => (int)(NextUnit() * bound);

    public bool Chance(double share) => NextUnit() < share;

    /// <summary>Exponentially distributed, mean 1.</summary>
    public double Exponential() => -Math.Log(1 - NextUnit());

    /// <summary>Log-normally distributed around <paramref name="median"/>.</summary>
    public double LogNormal(double median, double sigma)
    {
        var (radius, angle) = (Math.Sqrt(2 * Exponential()), 2 * Math.PI * NextUnit());
        return median * Math.Exp(sigma * radius * Math.Cos(angle));
    }

    /// <summary>One of the items, each as often as its weight says.</summary>
    public T Pick<T>(IReadOnlyList<T> items, Func<T, double> weight)
    {
        var total = 0.0;
        foreach (var item in items) total += weight(item);
        var left = NextUnit() * total;
        foreach (var item in items)
        {
            left -= weight(item);
            if (left < 0) return item;
        }

        return items[^1];
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
