using System.Globalization;

namespace Analytics.Topology;

/// <summary>An amount of memory or storage in whole bytes, written the way each reader wants it.</summary>
public readonly record struct ByteSize(long Bytes) : IComparable<ByteSize>
{
    private static readonly (string Postgres, string Kubernetes, long Factor)[] Units =
    [
        ("TB", "Ti", 1L << 40), ("GB", "Gi", 1L << 30), ("MB", "Mi", 1L << 20), ("kB", "Ki", 1L << 10),
    ];

    public static ByteSize MiB(long count) => new(count << 20);

    public static ByteSize GiB(long count) => new(count << 30);

    /// <summary>The notation of postgresql.conf (1 GB = 1024³ bytes), in the largest unit that divides evenly.</summary>
    public string ToPostgres() => Format(unit => unit.Postgres, "B");

    /// <summary>The notation of a Kubernetes quantity, in the largest binary unit that divides evenly.</summary>
    public string ToKubernetes() => Format(unit => unit.Kubernetes, "");

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    public override string ToString() => ToKubernetes();

    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    public static ByteSize operator +(ByteSize left, ByteSize right) => new(left.Bytes + right.Bytes);

    public static ByteSize operator *(ByteSize left, double factor) => new((long)(left.Bytes * factor));

    /// <summary>Rounded down to whole MiB, and held between the two bounds: settings read better and snapshots stay stable.</summary>
    public ByteSize Clamp(ByteSize min, ByteSize max) => new(Math.Clamp(Bytes >> 20 << 20, min.Bytes, max.Bytes));

    private string Format(Func<(string Postgres, string Kubernetes, long Factor), string> name, string bytes)
    {
        foreach (var unit in Units)
        {
            if (Bytes != 0 && Bytes % unit.Factor == 0)
                return (Bytes / unit.Factor).ToString(CultureInfo.InvariantCulture) + name(unit);
        }

        return Bytes.ToString(CultureInfo.InvariantCulture) + bytes;
    }
}
