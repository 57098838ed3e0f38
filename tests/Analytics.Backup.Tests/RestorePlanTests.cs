using Analytics.Backup.Repository;
using Analytics.Backup.Restore;

namespace Analytics.Backup.Tests;

/// <summary>What a target means, and which one is refused with which words.</summary>
public class RestorePlanTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 20, 0, 0, TimeSpan.Zero);
    private static readonly BackupSet Old = Set("20261120-020000F", 2);
    private static readonly BackupSet Middle = Set("20261121-020000F", 1);
    private static readonly BackupSet Newest = Set("20261122-020000F", 0);

    [Fact]
    public void Time_target_uses_the_newest_earlier_set_and_abandons_later_ones()
    {
        var plan = RestorePlan.Resolve(Info(Old, Middle, Newest), "2026-11-21T14:00:00+02:00", Now);
        Assert.Equal((Middle.Label, RestoreType.Time), (plan.Set, plan.Type));
        Assert.Equal([Newest.Label], plan.Abandons);
        Assert.Equal(["--repo=1", $"--set={Middle.Label}", "--type=time", "--target=2026-11-21 12:00:00.000000+00", "--target-exclusive", "--target-action=promote"], plan.Arguments);
    }

    [Fact]
    public void Latest_replays_everything_and_abandons_nothing()
    {
        var plan = RestorePlan.Resolve(Info(Old, Newest), "latest", Now);
        Assert.Equal(["--repo=1", $"--set={Newest.Label}", "--type=default"], plan.Arguments);
        Assert.Empty(plan.Abandons);
    }

    [Fact]
    public void A_label_ends_with_its_set()
    {
        var plan = RestorePlan.Resolve(Info(Old, Middle, Newest), Old.Label, Now);
        Assert.Equal(["--repo=1", $"--set={Old.Label}", "--type=immediate", "--target-action=promote"], plan.Arguments);
        Assert.Equal([Middle.Label, Newest.Label], plan.Abandons);
    }

    [Fact]
    public void A_set_that_the_cluster_left_behind_is_taken_by_its_label_only_and_stays_on_its_timeline()
    {
        var left = Noted(Newest, BackupSet.AbandonedKey);
        Assert.Equal(Middle.Label, RestorePlan.Resolve(Info(Middle, left), "latest", Now).Set);
        Assert.Equal(Middle.Label, RestorePlan.Resolve(Info(Middle, left), "2026-11-22T12:00:00Z", Now).Set);
        Assert.Contains("--target-timeline=current", RestorePlan.Resolve(Info(Middle, left), left.Label, Now).Arguments);
    }

    [Fact]
    public void A_damaged_set_is_passed_over_and_refused_by_its_label()
    {
        var damaged = Noted(Newest, BackupSet.DamagedKey);
        Assert.Equal(Middle.Label, RestorePlan.Resolve(Info(Middle, damaged), "latest", Now).Set);
        Assert.Contains("damaged", Refused(Info(Middle, damaged), damaged.Label), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-11-19T00:00:00Z", "before the end of the oldest backup: 20261120-020000F")]
    [InlineData("2026-11-22T20:00:01Z", "in the future; it is 2026-11-22 20:00:00Z")]
    [InlineData("20261119-020000F", "neither a moment, nor the label of a set")]
    public void Invalid_input_is_refused(string to, string words) => Assert.Contains(words, Refused(Info(Old, Middle), to), StringComparison.Ordinal);

    [Fact]
    public void An_empty_repository_is_refused() => Assert.Contains("no backup yet", Refused(Info(), "latest"), StringComparison.Ordinal);

    private static string Refused(RepositoryInfo info, string to) => Assert.Throws<BackupException>(() => RestorePlan.Resolve(info, to, Now)).Message;

    private static BackupSet Set(string label, int daysAgo) => new(label, BackupType.Full, Now.AddDays(-daysAgo).AddHours(-18), Now.AddDays(-daysAgo).AddHours(-17)) { Size = 1000 };

    private static BackupSet Noted(BackupSet set, string key) => set with { Annotations = new Dictionary<string, string> { [key] = "2026-11-22T19:00:00Z" } };

    private static RepositoryInfo Info(params BackupSet[] sets) => new("hub", StanzaStatus.Ok, "ok") { Sets = sets };
}
