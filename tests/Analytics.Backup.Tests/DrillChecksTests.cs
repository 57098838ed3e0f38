using Analytics.Backup.Drill;
using Analytics.Backup.Manifests;

namespace Analytics.Backup.Tests;

public class A_drill_compares
{
    private static readonly DateTimeOffset At = Samples.Utc("2026-11-22T02:00:00Z");

    private static readonly Dictionary<string, TimeSpan> Keep = new() { ["analytics.llm_requests"] = TimeSpan.FromDays(365) };

    [Fact]
    public void And_finds_the_same_state_the_same()
    {
        var results = DrillChecks.Compare(State(), State(), Keep);
        Assert.Equal(["schema_metadata", "extensions", "hypertables", "chunks", "policies", "jobs", "aggregates", "rows", "checksums"],
            results.Select(result => result.Name));
        Assert.All(results, result => Assert.True(result.Passed && result.Compared > 0, result.Name));
        Assert.True(DrillChecks.RowsAtTarget(State(), State()) is { Passed: true, Compared: 1 });
    }

    [Fact]
    public void And_allows_what_happens_while_a_backup_runs()
    {
        var old = new ChunkState("_timescaledb_internal._hyper_1_0_chunk", At.AddDays(-370), At.AddDays(-369), true)
        {
            Rows = 5,
            Checksum = "5"
        };
        // More rows in the open chunk, a new chunk, and one that retention dropped.
        var expected = WithChunks(State(), [old, .. Chunks()]);
        var restored = WithChunks(State(),
            [Chunks()[0], Chunks()[1] with { Rows = 250 },
                new ChunkState("_timescaledb_internal._hyper_1_3_chunk", At, At.AddDays(1), false) { Rows = 1 }]);
        Assert.All(DrillChecks.Compare(expected, restored, Keep), result => Assert.True(result.Passed, result.Name));
    }

    public static TheoryData<string> Broken => ["schema_metadata", "extensions", "hypertables", "chunks", "policies", "jobs", "aggregates",
        "rows", "checksums"];

    [Theory]
    [MemberData(nameof(Broken))]
    public void And_fails_only_the_check_that_is_broken(string check)
    {
        foreach (var restored in Break(check))
        {
            var failed = DrillChecks.Compare(State(), restored, Keep).Where(result => !result.Passed).ToList();
            Assert.Equal([check], failed.Select(result => result.Name));
            Assert.All(failed[0].Problems, problem => Assert.NotEqual("", problem));
        }
    }

    [Fact]
    public void Row_counts_may_grow_after_recovery_continues()
    {
        Assert.False(DrillChecks.RowsAtTarget(State(), WithChunks(State(), [Chunks()[0], Chunks()[1] with { Rows = 99 }])).Passed);
        Assert.False(DrillChecks.RowsAtTarget(State(), WithChunks(State(), [Chunks()[0], Chunks()[1] with { Rows = null }])).Passed);
        Assert.True(DrillChecks.RowsAtTarget(State(), WithChunks(State(), [Chunks()[0], Chunks()[1] with { Rows = 101 }])).Passed);
    }

    [Fact]
    public void And_detects_a_recovery_that_went_too_far_or_restored_nothing()
    {
        Assert.True(DrillChecks.Target(State(), new Newest(At, At.AddHours(1)), At) is { Passed: true, Compared: 1 });
        Assert.True(DrillChecks.Target(State(), new Newest(null, At), null).Passed);
        Assert.False(DrillChecks.Target(State(), new Newest(At.AddMilliseconds(1), At), At).Passed);
        Assert.False(DrillChecks.Target(State(), new Newest(null, null), null).Passed);
    }

    [Fact]
    public void And_accepts_that_a_new_hub_has_stored_nothing()
    {
        Assert.True(DrillChecks.Target(WithChunks(State(), []), new Newest(null, null), null).Passed);
        Assert.True(DrillChecks.Target(WithChunks(State(), [Chunks()[1] with { Rows = 0 }]), new Newest(null, null), null).Passed);
    }

    /// <summary>Every way in which a check may be broken, each alone.</summary>
    private static IEnumerable<DatabaseManifest> Break(string check)
    {
        var state = State();
        var (closed, open) = (Chunks()[0], Chunks()[1]);
        return check switch
        {
            "schema_metadata" => [state with { Metadata = ["edition=apache"] }, state with { Metadata = [.. state.Metadata, "new=1"] },
                state with { Metadata = ["edition=apache", "schema_version=07"] }],
            "extensions" =>
            [
                state with { Server = state.Server with { Timescale = "2.20.0" } },
                state with { Server = state.Server with { Edition = "timescale" } },
                state with { Server = state.Server with { Postgres = 16 } },
                state with { Server = state.Server with { Extensions = ["timescaledb 2.19.3"] } },
            ],
            "hypertables" => [state with { Hypertables = [.. state.Hypertables, new HypertableState("events.error_logs", [])] },
                state with { Hypertables = [state.Hypertables[0]] }],
            "chunks" => [WithChunks(state, [open]), WithChunks(state, [closed with { End = closed.End.AddDays(1) }, open]),
                WithChunks(state, [closed with { Start = closed.Start.AddDays(-1) }, open])],
            "policies" => [state with { Policies = [] },
                state with { Policies = ["policy_retention on analytics.llm_requests every 1 day, {\"drop_after\": \"1 day\"}"] }],
            "jobs" => [state with { Jobs = [] }, state with { Jobs = [.. state.Jobs, "public.other every 1 hour, {}"] },
                state with { Jobs = ["public.job every 1 hour, {}, stopped"] }],
            "aggregates" => [state with { Aggregates = [] },
                state with { Aggregates = [state.Aggregates[0] with { Definition = new string('f', 64) }] },
                state with { Aggregates = [state.Aggregates[0] with { Kind = "view" }] }],
            // Fewer in an open chunk; any other number in a sealed one.
            "rows" => [WithChunks(state, [closed, open with { Rows = 99 }]), WithChunks(state, [closed with { Rows = 99 }, open]),
                WithChunks(state, [closed with { Rows = 101 }, open]), WithChunks(state, [closed with { Rows = null }, open])],
            "checksums" => [WithChunks(state, [closed with { Checksum = "-1" }, open]),
                WithChunks(state, [closed with { Checksum = null }, open])],
            _ => throw new ArgumentOutOfRangeException(nameof(check), check, "is not broken here"),
        };
    }

    internal static DatabaseManifest State() => new(
        At, new ServerState(17, "2.19.3", "apache", ["pgcrypto 1.3", "timescaledb 2.19.3"]), ["edition=apache", "schema_version=08"],
        [new HypertableState("analytics.llm_requests", Chunks()), new HypertableState("metrics.model_performance", [])],
        ["policy_retention on analytics.llm_requests every 1 day, {\"drop_after\": \"365 days\"}"], ["public.job every 1 hour, {}"],
        [new AggregateState("aggregates.hourly_request_stats", "continuous", new string('a', 64))]);

    private static ChunkState[] Chunks() =>
    [
        new("_timescaledb_internal._hyper_1_1_chunk", At.AddDays(-10), At.AddDays(-9), true) { Rows = 100, Checksum = "-8213471823" },
        new("_timescaledb_internal._hyper_1_2_chunk", At.AddDays(-1), At, false) { Rows = 100 },
    ];

    private static DatabaseManifest WithChunks(DatabaseManifest state, ChunkState[] chunks) =>
        state with { Hypertables = [state.Hypertables[0] with { Chunks = chunks }, state.Hypertables[1]] };
}

public class A_manifest
{
    [Fact]
    public void Round_trips_through_text()
    {
        var text = A_drill_compares.State().ToText();
        Assert.Equal(text, DatabaseManifest.Parse(text).ToText());
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", DatabaseManifest.Hash(""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    public void Malformed_input_is_refused(string text) => Assert.Throws<BackupException>(() => DatabaseManifest.Parse(text));

    [Fact]
    public void Of_a_newer_layout_is_refused() =>
        Assert.Contains("layout 2",
            Assert.Throws<BackupException>(() => DatabaseManifest.Parse((A_drill_compares.State() with { Version = 2 }).ToText())).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Reads_open_and_young_chunks_first_and_the_others_in_turn()
    {
        var begin = Samples.Utc("2025-11-22T02:00:00Z");
        ChunkState[] chunks = [
            .. Enumerable.Range(0, 300).Select(day => new ChunkState($"c{day}", begin.AddDays(day), begin.AddDays(day + 1), day < 298))];
        var manifest = A_drill_compares.State() with
        {
            RecordedAt = begin.AddDays(300),
            Hypertables = [new HypertableState("t", chunks),
                new HypertableState("secret", [new ChunkState("s0", begin, begin.AddDays(1), true)])]
        };
        var turns = Enumerable.Range(0,
            300).Select(hours => ManifestRecorder.Turn(manifest with { RecordedAt = manifest.RecordedAt.AddHours(hours / 100.0) },
                new HashSet<string> { "t" }).Select(pair => pair.Chunk.Name).ToList()).ToList();
        Assert.All(turns, turn =>
        {
            Assert.Equal(["c299", "c298", "c297"], turn.Take(3));
            Assert.Equal(chunks.Select(chunk => chunk.Name).Order(), turn.Order());
        });
        // Six backups a day that each reach 50 of them reach all within a fortnight.
        var reached = Enumerable.Range(0,
            14 * 5).SelectMany(run => ManifestRecorder.Turn(manifest with { RecordedAt = manifest.RecordedAt.AddHours(run * 4.8) },
                new HashSet<string> { "t" }).Take(50)).Select(pair => pair.Chunk.Name).Distinct().Count();
        Assert.Equal(300, reached);
    }
}

public class A_drills_own_configuration
{
    [Fact]
    public void Knows_the_repository_and_nothing_of_the_cluster()
    {
        const string cluster = """
            # comment
            [global]
            repo1-type=s3
            repo1-s3-bucket=hub
            tls-server-auth=backup=hub
            spool-path=/var/spool/pgbackrest
            process-max=2
            [global:backup]
            start-fast=y
            [other]
            pg1-path=/other
            [hub]
            pg1-path=/home/postgres/pgdata/data
            pg1-host=timescaledb-1
            pg12-host=timescaledb-12
            recovery-option=x=y
            """;
        Assert.Equal(
            """
            [global]
            repo1-type=s3
            repo1-s3-bucket=hub
            process-max=2
            lock-path=/scratch/d/lock
            spool-path=/scratch/d/spool
            log-level-file=off

            [hub]
            recovery-option=x=y
            pg1-path=/scratch/d/data

            """.ReplaceLineEndings("\n"),
            DrillConfig.Render(cluster.ReplaceLineEndings("\r\n"), "hub", "/scratch/d", "/scratch/d/data"));
    }
}
