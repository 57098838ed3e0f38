namespace Hub.Shared;

/// <summary>
/// The numbers of the advisory locks that Hub's programs take in the database. One number is one lock for all of them, so each stands here.
/// The scripts lock by name (<c>hashtextextended('hub.apply_retention', 0)</c>).
/// </summary>
internal static class AdvisoryLocks
{
    /// <summary>One migration runner at a time: "hub.migr" in ASCII.</summary>
    public const long Migrations = 0x6875_622e_6d69_6772;

    /// <summary>One backup job at a time: "hubbacku" in ASCII.</summary>
    public const long Backup = 0x6875_6262_6163_6b75;

    /// <summary>One instance of ingest at a time, for each task of its maintenance: "hub" in ASCII, then the task.</summary>
    public const long Retention = 0x68_7562_0001, ModelPerformance = 0x68_7562_0002, StuckJobs = 0x68_7562_0003,
        RollUps = 0x68_7562_0004, OldCalls = 0x68_7562_0005;
}
