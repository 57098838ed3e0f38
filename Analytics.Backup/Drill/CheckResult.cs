namespace Analytics.Backup.Drill;

/// <summary>One check of a drill.</summary>
/// <param name="Name">Its name, the same in the log, in the row and in the runbook.</param>
/// <param name="Compared">How many things it compared.</param>
/// <param name="Problems">What was not as it should be; empty when the check passes.</param>
public sealed record CheckResult(string Name, int Compared, IReadOnlyList<string> Problems)
{
    /// <summary>Whether it passed.</summary>
    public bool Passed => Problems.Count == 0;
}
