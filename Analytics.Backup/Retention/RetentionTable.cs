using System.Globalization;
using Analytics.Backup.Repository;
using Spectre.Console;

namespace Analytics.Backup.Retention;

/// <summary>What a person sees of a plan.</summary>
public static class RetentionTable
{
    /// <summary>One row for each set, newest first, with the reason in words.</summary>
    public static Table Render(RetentionPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var table = new Table().Border(TableBorder.Simple).AddColumns("set", "ended (UTC)", "size", "stored", "verified", "", "why");
        foreach (var (set, keep, because) in plan.Decisions.Reverse())
        {
            table.AddRow(
                new Text(set.Label),
                new Text(set.Stop.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)),
                new Text(Bytes(set.Size)),
                new Text(Bytes(set.StoredSize)),
                set.IsDamaged ? new Markup("[red]damaged[/]") : new Markup(set.IsVerified ? "[green]yes[/]" : "[grey]not yet[/]"),
                new Markup(keep ? "[green]keep[/]" : "[yellow]expire[/]"),
                new Text(string.Join(", ", because.Select(Words))));
        }

        return table;
    }

    /// <summary>The sums under the table.</summary>
    public static string Summary(RetentionPlan plan, GfsPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(policy);
        var expired = plan.Decisions.Count(decision => !decision.Keep);
        var wal = plan.ContinuousFrom is { } from
            ? $"any time since {from.Stop.UtcDateTime:yyyy-MM-dd HH:mm} UTC can be recovered (all WAL from {from.WalStart ?? "its start"} on stays)"
            : "no WAL is dropped";
        return string.Create(CultureInfo.InvariantCulture,
            $"{plan.Count(Reason.Daily)} of {policy.Daily} daily, {plan.Count(Reason.Weekly)} of {policy.Weekly} weekly, {plan.Count(Reason.Monthly)} of {policy.Monthly} monthly sets; {expired} to expire; {wal}.");
    }

    /// <summary>A reason in words.</summary>
    public static string Words(DecisionReason because) => because.Reason switch
    {
        Reason.Daily => $"daily {because.Of}",
        Reason.Weekly => $"weekly {because.Of}",
        Reason.Monthly => $"monthly {because.Of}",
        Reason.NewestFull => "newest full",
        Reason.LastVerifiedFull => "last verified full",
        Reason.FromTheFuture => "from the future",
        Reason.Damaged => "damaged, kept for inspection",
        Reason.GoesWithFull => $"goes with {because.Of}",
        Reason.Orphan => $"its full {because.Of} is gone",
        Reason.Surplus => "no tier needs it",
        _ => because.Reason.ToString(),
    };

    /// <summary>A size for people: <c>22.3 MB</c>.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB"];
        var (size, unit) = ((double)bytes, 0);
        for (; size >= 1024 && unit < units.Length - 1; unit++) size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }
}
