using Analytics.Topology.Postgres;

namespace Analytics.Topology.Tests.Postgres;

public class PostgresSettingsTests
{
    /// <summary>The settings that Patroni drops from a member's own file (Patroni 4.0, postgresql/config.py, CMDLINE_OPTIONS).</summary>
    private static readonly string[] TakenFromTheDcsOnly =
    [
        "cluster_name", "hot_standby", "listen_addresses", "max_connections", "max_locks_per_transaction", "max_prepared_transactions",
        "max_replication_slots", "max_wal_senders", "max_worker_processes", "port", "track_commit_timestamp", "wal_keep_segments",
        "wal_keep_size", "wal_level", "wal_log_hints",
    ];

    [Theory]
    [InlineData("shared_buffers", "8GB")]
    [InlineData("effective_cache_size", "24GB")]
    [InlineData("random_page_cost", "1.1")]
    [InlineData("effective_io_concurrency", "200")]
    [InlineData("max_parallel_workers", "8")]
    [InlineData("max_parallel_workers_per_gather", "4")]
    public void Eight_cores_and_32_GB_give_the_figures_asked_for(string name, string value) =>
    Assert.Equal(value, All(Presets.Recommended.Settings)[name]);

    [Fact]
    public void Spinning_disks_get_their_own_costs()
    {
        var settings = All(PostgresSettings.Derive(Definitions.With(database => database with { Disk = DiskKind.Hdd })));
        Assert.Equal("4", settings["random_page_cost"]);
        Assert.Equal("2", settings["effective_io_concurrency"]);
    }

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public void What_Patroni_takes_from_the_DCS_only_is_in_the_DCS_and_nothing_else_is(string preset)
    {
        var settings = Definitions.Presets[preset].Settings;
        Assert.Empty(settings.Dcs.Keys.Except(TakenFromTheDcsOnly));
        Assert.Empty(settings.Local.Keys.Intersect(TakenFromTheDcsOnly));
        Assert.Contains("wal_keep_size", settings.Dcs.Keys);
    }

    [Fact]
    public void An_override_wins_over_what_is_derived() =>
        Assert.Equal("64MB", All(PostgresSettings.Derive(Definitions.WithSetting("work_mem", "64MB")))["work_mem"]);

    [Fact]
    public void An_override_of_something_not_derived_is_added() =>
        Assert.Equal("on", PostgresSettings.Derive(Definitions.WithSetting("log_connections", "on")).Local["log_connections"]);

    [Fact]
    public void An_override_of_a_DCS_setting_goes_to_the_DCS() =>
        Assert.Equal("40", PostgresSettings.Derive(Definitions.WithSetting("max_wal_senders", "40")).Dcs["max_wal_senders"]);

    [Theory]
    [InlineData("ssl", "on")]
    [InlineData("fsync", "on")]
    [InlineData("password_encryption", "scram-sha-256")]
    [InlineData("wal_level", "replica")]
    [InlineData("shared_preload_libraries", "timescaledb,pg_stat_statements")]
    public void What_Hub_depends_on_wins_over_an_override(string name, string value) =>
        Assert.Equal(value, All(PostgresSettings.Derive(Definitions.WithSetting(name, "something else")))[name]);

    [Fact]
    public void An_override_of_max_connections_counts_for_the_gateways_budget()
    {
        Assert.Equal(60, PostgresSettings.Derive(Definitions.WithSetting("max_connections", "60")).MaxConnections);
        var refused = Assert.Throws<TopologyException>(() => new ClusterTopology(Definitions.WithSetting("max_connections", "60")));
        Assert.StartsWith("Gateway.ServerConnections = 50: must be at most 30 ", Assert.Single(refused.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void WAL_is_archived_well_within_the_recovery_point_objective()
    {
        var backup = new BackupPolicy { RecoveryPointObjective = TimeSpan.FromMinutes(1) };
        Assert.Equal("12s", All(PostgresSettings.Derive(Definitions.Sound with { Backup = backup }))["archive_timeout"]);
        Assert.Equal("60s", All(Presets.Recommended.Settings)["archive_timeout"]);
    }

    internal static Dictionary<string, string> All(PostgresSettings settings) => settings.Dcs.Concat(settings.Local).ToDictionary();
}
