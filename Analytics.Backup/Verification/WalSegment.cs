using System.Globalization;

namespace Analytics.Backup.Verification;

/// <summary>A WAL segment by its name: <c>00000001 00000000 00000005</c> is timeline 1, the fifth segment.</summary>
/// <param name="Timeline">From 1.</param>
/// <param name="Number">Its place in the WAL, the same on every timeline.</param>
public readonly record struct WalSegment(uint Timeline, ulong Number)
{
    /// <summary>Segments of 16 MB in 4 GB: what initdb makes unless told otherwise, and what Hub's members have.</summary>
    private const uint PerLog = 256;

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static WalSegment Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length < 24) throw new FormatException($"'{name}' is not a WAL segment.");
        return new WalSegment(Hex(name[..8]), ((ulong)Hex(name[8..16]) * PerLog) + Hex(name[16..24]));
    }

    /// <inheritdoc />
    public override string ToString() => $"{Timeline:X8}{Number / PerLog:X8}{Number % PerLog:X8}";

    private static uint Hex(string digits) => uint.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}

/// <summary>WAL without a gap, on one timeline of one database.</summary>
/// <param name="ArchiveId"><c>17-1</c>.</param>
/// <param name="First">The first segment.</param>
/// <param name="Last">The last one.</param>
public sealed record WalRange(string ArchiveId, WalSegment First, WalSegment Last);
