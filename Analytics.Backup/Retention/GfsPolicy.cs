namespace Analytics.Backup.Retention;

/// <summary>How many restorable sets of each tier are kept.</summary>
/// <param name="Daily">At least 1. Default 7.</param>
/// <param name="Weekly">0 or more. Default 4.</param>
/// <param name="Monthly">0 or more. Default 12.</param>
public sealed record GfsPolicy(int Daily, int Weekly, int Monthly)
{
    /// <summary>7, 4 and 12.</summary>
    public static GfsPolicy Default { get; } = new(7, 4, 12);

    /// <summary>
    /// How far a set may lie in the future before it counts as one whose clock was wrong. Two hosts of one cluster differ by less.
    /// </summary>
    public static TimeSpan ClockTolerance { get; } = TimeSpan.FromMinutes(10);

    /// <summary>The sets of all tiers.</summary>
    public int Total => Daily + Weekly + Monthly;
}
