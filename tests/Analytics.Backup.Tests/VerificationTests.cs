using Analytics.Backup.Repository;
using Analytics.Backup.Verification;

namespace Analytics.Backup.Tests;

public class A_verification
{
    private static readonly RepositoryInfo Info = InfoParser.Parse(Samples.Capture("info-two-sets-annotated.json"), "hub");

    [Fact]
    public void Finds_every_set_whole()
    {
        var report = Report("verify-ok");
        var findings = Findings.Judge(report, Info, Info.Sets[0]);
        Assert.True(report.IsOk);
        Assert.Equal(Info.Sets.Select(set => set.Label), findings.Whole);
        Assert.Empty(findings.Damaged);
        Assert.Empty(findings.Problems);
        Assert.True(report.WalChecked > 0);
    }

    [Fact]
    public void Names_the_altered_file_the_altered_WAL_and_the_missing_WAL()
    {
        var findings = Findings.Judge(Report("verify-damaged"), Info, Info.Sets[0]);
        Assert.Empty(findings.Whole);
        Assert.Contains("invalid checksum: 20261122-203858F/bundle/2", findings.Problems);
        Assert.Contains(findings.Problems, problem => problem.StartsWith("invalid result: 17-1/0000000100000000/000000010000000000000005-", StringComparison.Ordinal));
        Assert.Contains(findings.Problems, problem => problem.StartsWith("WAL 000000010000000000000004 is missing", StringComparison.Ordinal));
        Assert.Contains("pgbackrest verify reports invalid", findings.Damaged["20261122-203858F"], StringComparison.Ordinal);
        // pgBackRest calls the differential valid: the file that is altered is its full's.
        Assert.Contains("it builds on 20261122-203858F", findings.Damaged["20261122-203858F_20261122-203901D"], StringComparison.Ordinal);
    }

    [Fact]
    public void Finds_a_set_damaged_whose_WAL_is_altered_or_missing()
    {
        // As in the capture, with the full intact.
        var report = Report("verify-damaged");
        report = report with { Sets = report.Sets.Keys.ToDictionary(label => label, _ => "valid"), Faults = [.. report.Faults.Where(fault => !fault.File.Contains("bundle", StringComparison.Ordinal))] };
        var findings = Findings.Judge(report, Info, null);
        Assert.Equal(["20261122-203858F"], findings.Whole);
        Assert.Contains("WAL that makes it consistent is altered: 17-1/0000000100000000/000000010000000000000005-", findings.Damaged.Values.Single(), StringComparison.Ordinal);

        findings = Findings.Judge(report with { Faults = [], Ranges = [Range(1, 6, 9)] }, Info, null);
        Assert.Empty(findings.Whole);
        Assert.Contains("WAL 000000010000000000000003, which makes it consistent, is missing", findings.Damaged["20261122-203858F"], StringComparison.Ordinal);
    }

    [Fact]
    public void Says_that_something_is_wrong_when_pgBackRest_does_without_a_name()
    {
        var findings = Findings.Judge(Report("verify-ok") with { IsOk = false }, Info, null);
        Assert.Contains("does not name", Assert.Single(findings.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Checks_only_existing_sets()
    {
        var expired = Info with { Sets = [.. Info.Sets.Where(set => set.Type == BackupType.Full)] };
        var report = Report("verify-ok") with
        {
            IsOk = false,
            Sets = new Dictionary<string, string> { ["20261122-203858F"] = "valid", ["20261122-203858F_20261122-203901D"] = "manifest missing" },
            Faults = [new FileFault("20261122-203858F_20261122-203901D/bundle/1", "file missing")],
        };
        Assert.Empty(Findings.Judge(report, expired, null).Problems);
    }

    [Fact]
    public void Marks_no_set_that_it_has_not_read()
    {
        var report = Report("verify-ok") with { Sets = new Dictionary<string, string> { ["20261122-203858F"] = "in-progress" } };
        var findings = Findings.Judge(report, Info, null);
        Assert.Empty(findings.Whole);
        Assert.Empty(findings.Damaged);
    }

    [Fact]
    public void Without_a_usable_info_file_is_a_failure()
    {
        var report = VerifyReport.Parse("stanza: hub\nstatus: error\n  No usable backup.info file\n  No usable archive.info file\n", []);
        Assert.Equal(["No usable backup.info file", "No usable archive.info file"], Findings.Judge(report, Info, null).Problems);
        Assert.Throws<BackupException>(() => VerifyReport.Parse("", []));
    }

    private static VerifyReport Report(string name) => VerifyReport.Parse(Samples.Capture($"{name}.out"), PgBackRestLog.Parse(Samples.Capture($"{name}.log").Split('\n')));

    internal static WalRange Range(uint timeline, ulong first, ulong last) => new("17-1", new WalSegment(timeline, first), new WalSegment(timeline, last));
}

public class Missing_WAL
{
    private static readonly RepositoryInfo Info = InfoParser.Parse(Samples.Capture("info-two-sets-annotated.json"), "hub");

    [Fact]
    public void Gap_on_a_timeline_is_missing() => Assert.Equal(
        ["WAL 000000010000000000000006 to 000000010000000000000008 (3 segments) is missing: no recovery from an earlier time can pass it"],
        After(Range(1, 1, 5), Range(1, 9, 20)));

    [Fact]
    public void Start_of_the_window_is_missing() =>
        Assert.Contains("WAL 000000010000000000000003 is missing: set 20261122-203858F", Assert.Single(After(Range(1, 4, 9))), StringComparison.Ordinal);

    [Fact]
    public void Gap_that_older_sets_do_not_need_is_not_missing() => Assert.Empty(After(Range(1, 1, 1), Range(1, 3, 9)));

    [Fact]
    public void Abandoned_timeline_is_not_missing() =>
        // Switched in segment 5; the old primary wrote on to 7 and lost 6.
        Assert.Empty(After(Range(1, 3, 5), Range(1, 7, 7), Range(2, 5, 12), Range(3, 13, 20)));

    [Fact]
    public void Gap_between_two_timelines_is_missing() => Assert.Equal(
        ["WAL 000000010000000000000006 to 000000010000000000000007 (2 segments) is missing: no recovery from an earlier time can pass it"],
        After(Range(1, 3, 5), Range(2, 8, 12)));

    [Fact]
    public void Is_not_looked_for_in_another_database() =>
        Assert.Single(After([new WalRange("16-2", new WalSegment(1, 1), new WalSegment(1, 100))]));

    [Theory]
    [InlineData("0000000100000000000000FF", 1u, 255ul)]
    [InlineData("0000000A0000000100000000", 10u, 256ul)]
    [InlineData("00000001FFFFFFFF000000FF", 1u, 1099511627775ul)]
    public void Is_named_as_PostgreSQL_does(string name, uint timeline, ulong number)
    {
        Assert.Equal(new WalSegment(timeline, number), WalSegment.Parse(name));
        Assert.Equal(name, new WalSegment(timeline, number).ToString());
    }

    private static List<string> After(params WalRange[] ranges) => [.. WalGaps.After(Info.Sets[0], Info, ranges)];

    private static WalRange Range(uint timeline, ulong first, ulong last) => A_verification.Range(timeline, first, last);
}
