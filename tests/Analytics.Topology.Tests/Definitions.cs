using CsCheck;

namespace Analytics.Topology.Tests;

/// <summary>Definitions to start from, and definitions of any size.</summary>
internal static class Definitions
{
    /// <summary>A definition that keeps every rule.</summary>
    public static ClusterDefinition Sound => Topology.Presets.Development.Definition;

    /// <summary>The named presets, by the name under which their files are committed.</summary>
    public static IReadOnlyDictionary<string, ClusterTopology> Presets { get; } = new Dictionary<string, ClusterTopology>
    {
        ["development"] = Topology.Presets.Development,
        ["development-single"] = Topology.Presets.DevelopmentSingle,
        ["minimum"] = Topology.Presets.Minimum,
        ["recommended"] = Topology.Presets.Recommended,
    };

    /// <summary>Their names, for theories.</summary>
    public static TheoryData<string> PresetNames => [.. Presets.Keys];

    /// <summary>From a laptop to the largest machines: 0.5 to 192 cores, 512 MiB to 2 TiB, any disk, any number of connections that
    /// fits.</summary>
    public static Gen<ClusterDefinition> OfAnySize { get; } =
        from millis in Gen.Int[500, 192_000]
        from memory in Gen.OneOf(Gen.Long[512, 8 * 1024], Gen.Long[8 * 1024, 2048 * 1024])
        from disk in Gen.Enum<DiskKind>()
        from members in Gen.Int[0, 3].Select(i => i * 2 + 1)
        from connections in Gen.Int[50, (int)Math.Min(5000, memory * 3 / 4 / 4)]
        from wal in Gen.Int[1, 2000]
        from objective in Gen.Int[30, 3600]
        from gateways in Gateways(connections)
        select Sound with
        {
            Database = Sound.Database with
            {
                Members = members,
                Resources = new Resources(500, millis, ByteSize.MiB(256), ByteSize.MiB(memory)),
                Disk = disk,
                WalVolume = ByteSize.GiB(wal),
                MaxConnections = connections,
                ReservedConnections = Math.Min(30, connections / 3),
            },
            Gateway = gateways,
            Backup = new BackupPolicy { RecoveryPointObjective = TimeSpan.FromSeconds(objective) },
        };

    private static Gen<GatewayTier> Gateways(int connections) =>
        from most in Gen.Int[1, 10]
        from least in Gen.Int[1, most]
        from server in Gen.Int[2 * most, Math.Max(2 * most, connections - Math.Min(30, connections / 3))]
        from clients in Gen.Int[server, 20_000]
        select Sound.Gateway with { MinReplicas = least, MaxReplicas = most, ServerConnections = server, ClientConnections = clients };

    /// <summary>The sound definition with another database tier.</summary>
    public static ClusterDefinition With(Func<DatabaseTier, DatabaseTier> change) => Sound with { Database = change(Sound.Database) };

    /// <summary>The sound definition with an override of one PostgreSQL setting.</summary>
    public static ClusterDefinition WithSetting(string name, string value) =>
        With(database => database with { Settings = new Dictionary<string, string> { [name] = value } });
}
