using System.Globalization;
using Analytics.Topology.Postgres;
using CsCheck;

namespace Analytics.Topology.Tests.Postgres;

/// <summary>What must hold on a laptop and on the largest machine alike.</summary>
public class SettingsAtAnySizeTests
{
    /// <summary>TimescaleDB's launcher, PostgreSQL's logical replication launcher, and one to spare.</summary>
    private const int ReservedWorkers = 3;

    [Fact]
    public void Shared_buffers_take_at_most_40_percent_of_memory() =>
        Holds((definition, settings) =>
            Assert.True(settings.Size("shared_buffers") <= definition.Database.Resources.MemoryLimit.Bytes * 0.4));

    [Fact]
    public void The_planner_is_not_told_of_more_memory_than_there_is() =>
        Holds((definition, settings) => Assert.InRange(settings.Size("effective_cache_size"), settings.Size("shared_buffers"),
            definition.Database.Resources.MemoryLimit.Bytes));

    [Fact]
    public void Every_connection_sorting_at_once_stays_within_memory() =>
        Holds((definition, settings) => Assert.True(
            settings.Size("work_mem") * settings.Number("max_connections")
                + settings.Size("shared_buffers") <= definition.Database.Resources.MemoryLimit.Bytes));

    [Fact]
    public void Maintenance_of_every_autovacuum_worker_stays_within_half_of_memory() =>
        Holds((definition, settings) => Assert.True(
            settings.Size("maintenance_work_mem") * settings.Number("autovacuum_max_workers")
                <= definition.Database.Resources.MemoryLimit.Bytes / 2));

    [Fact]
    public void Worker_processes_suffice_for_jobs_and_parallel_queries_together() =>
        Holds((_, settings) => Assert.True(settings.Number("max_worker_processes")
            >= settings.Number("timescaledb.max_background_workers") + settings.Number("max_parallel_workers") + ReservedWorkers));

    [Fact]
    public void A_query_takes_no_more_workers_than_there_are() =>
        Holds((_, settings) =>
        {
            Assert.InRange(settings.Number("max_parallel_workers_per_gather"), 1, settings.Number("max_parallel_workers"));
            Assert.InRange(settings.Number("max_parallel_maintenance_workers"), 1, settings.Number("max_parallel_workers"));
        });

    [Fact]
    public void All_that_keeps_WAL_fits_the_volume_together() =>
        Holds((definition, settings) =>
        {
            Assert.True(settings.Size("max_wal_size")
                + settings.Size("max_slot_wal_keep_size") <= definition.Database.WalVolume.Bytes * 0.9);
            Assert.True(settings.Size("wal_keep_size") <= settings.Size("max_slot_wal_keep_size"));
            Assert.True(settings.Size("min_wal_size") < settings.Size("max_wal_size"));
        });

    [Fact]
    public void Every_member_can_stream_from_every_other_with_room_for_a_backup() =>
        Holds((definition, settings) =>
        {
            Assert.True(settings.Number("max_wal_senders") >= definition.Database.Members + 2);
            Assert.True(settings.Number("max_replication_slots") >= definition.Database.Members);
        });

    [Fact]
    public void Archiving_keeps_the_recovery_point_objective() =>
        Holds((definition, settings) => Assert.InRange(settings.Number("archive_timeout"), 1,
            (int)definition.Backup.RecoveryPointObjective.TotalSeconds / 2));

    [Fact]
    public void Gateways_stay_within_the_budget_at_the_smallest_and_the_largest_scale() =>
        Definitions.OfAnySize.Sample(definition =>
        {
            var topology = new ClusterTopology(definition);
            var gateway = topology.Gateway;
            Assert.True(gateway.ServerConnectionsEach * gateway.MaxReplicas <= gateway.ServerConnections);
            Assert.True(
                gateway.ServerConnectionsEach * gateway.MaxReplicas <= topology.Settings.MaxConnections
                    - topology.Database.ReservedConnections);
            Assert.True(gateway.ClientConnectionsEach * gateway.MinReplicas >= gateway.ClientConnections);
            Assert.Equal(gateway.ServerConnectionsEach, gateway.PrimaryConnectionsEach + gateway.ReplicaConnectionsEach);
            Assert.True(gateway is { PrimaryConnectionsEach: >= 1, ReplicaConnectionsEach: >= 1 });
        });

    [Fact]
    public void A_thousand_clients_share_a_hundred_connections_at_three_gateways_and_at_ten()
    {
        var gateway = Presets.Recommended.Gateway;
        Assert.Equal((3, 10, 1000, 100), (gateway.MinReplicas, gateway.MaxReplicas, gateway.ClientConnections, gateway.ServerConnections));
        Assert.Equal((334, 8, 2), (gateway.ClientConnectionsEach, gateway.PrimaryConnectionsEach, gateway.ReplicaConnectionsEach));
    }

    private static void Holds(Action<ClusterDefinition, Values> invariant) =>
        Definitions.OfAnySize.Sample(definition => invariant(definition,
            new Values(PostgresSettingsTests.All(PostgresSettings.Derive(definition)))));

    private sealed class Values(Dictionary<string, string> settings)
    {
        public int Number(string name) => int.Parse(settings[name].TrimEnd('s'), CultureInfo.InvariantCulture);

        public long Size(string name)
        {
            var text = settings[name];
            return long.Parse(text[..^2], CultureInfo.InvariantCulture) << text[^2..] switch
            {
                "kB" => 10,
                "MB" => 20,
                "GB" => 30,
                "TB" => 40,
                var unit => throw new FormatException(unit)
            };
        }
    }
}
