namespace Analytics.Topology.Containers;

/// <summary>The topology as containers, in the order in which they start.</summary>
public static class ClusterContainers
{
    public static IReadOnlyList<ContainerSpec> For(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return
        [
            .. EtcdContainers.For(topology),
            .. DatabaseContainers.For(topology),
            .. BackupContainers.Servers(topology),
            .. GatewayContainers.For(topology),
            .. ServiceContainers.For(topology),
            BackupContainers.Runner(topology),
            .. MonitoringContainers.For(topology),
        ];
    }

    /// <summary>The CA, and the component's own certificate and key where it serves TLS or shows a certificate.</summary>
    internal static MountedDirectory TlsFiles(string component, bool withKey = true) => new($"tls/{component}", Paths.Tls,
    [
        new MountedFile("ca.crt", null, Secret: true),
        .. withKey ? [new MountedFile("tls.crt", null, Secret: true),
            new MountedFile("tls.key", null, Secret: true)] : Array.Empty<MountedFile>(),
    ]);

    internal static MountedDirectory ConfigFiles(string component, params (string Name, string Text)[] files) =>
        new($"config/{component}", Paths.Config, [.. files.Select(file => new MountedFile(file.Name, file.Text))]);

    internal static string Secret(string name) => "${" + name + "}";
}
