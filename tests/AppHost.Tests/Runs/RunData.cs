using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Analytics.Topology;
using Analytics.Topology.Containers;
using AppHost.Cluster;

namespace AppHost.Tests.Runs;

/// <summary>
/// What runs of one hub keep between them: state directory, volumes, ports. All of it is this test's own, and removed at its end.
/// </summary>
/// <param name="profile">Of the hub.</param>
/// <param name="usedOffset">The offset of a hub that will run beside it; its ports may not be taken yet.</param>
internal sealed class RunData(string profile, int? usedOffset = null) : IAsyncDisposable
{
    // Fifty off the hundreds at which Hub.Cli's tests, which may run at the same time, put their hubs: two programs that look for free
    // ports at the same moment cannot choose the same one.
    private const int FirstOffset = 11050;
    private const int OffsetStep = 500;
    private const int Offsets = 20;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("hub-run-");

    public string Profile { get; } = profile;

    public string Volumes { get; } = $"hub-test-{Guid.NewGuid():N}"[..20];

    /// <summary>Where every fixed port of the hub is free.</summary>
    public int PortOffset { get; } = FreeOffset(profile, usedOffset);

    public Uri DashboardTelemetry { get; } = FreeAddress();

    public string State => root.FullName;

    public ClusterTopology Topology => HubModel.TopologyOf(Profile);

    /// <summary>The settings that keep this hub apart from any other on the machine.</summary>
    public IEnumerable<(string Name, string Value)> Settings =>
    [
        (HubProfile.Variable, Profile), (HubState.Variable, State), (HubProfile.VolumesVariable, Volumes),
        (HubProfile.PortOffsetVariable, PortOffset.ToString(System.Globalization.CultureInfo.InvariantCulture)),
    ];

    public async Task<string> ApiKeyAsync() =>
        (await File.ReadAllTextAsync(Path.Combine(State, "aspire", HubState.ApiKeyFile), TestContext.Current.CancellationToken)).Trim();

    public async ValueTask DisposeAsync()
    {
        try
        {
            var prefix = Profile == HubProfile.Cluster ? $"{Volumes}-" : $"{Volumes}-{Profile}-";
            var volumes = ClusterContainers.For(Topology).SelectMany(container => container.Volumes).Select(volume => prefix + volume.Name)
                .Distinct().ToList();

            // What was started without an end leaves its containers to the orchestrator, which takes its time.
            await Eventually.TrueAsync(async () => (await UsersAsync(prefix)).Length == 0, TimeSpan.FromMinutes(1),
                () => $"containers still use {prefix}*", CancellationToken.None);
            await Hub.Testing.Engine.RemoveVolumesAsync(volumes);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static async Task<string> UsersAsync(string prefix)
    {
        var (_, output) = await Startup.Engine.RunAsync("docker", ["ps", "--all", "--format", "{{.Mounts}}", "--no-trunc"],
            CancellationToken.None);
        return string.Concat(output.Split('\n').Where(mounts => mounts.Contains(prefix, StringComparison.Ordinal)));
    }

    /// <summary>An address whose port was free a moment ago.</summary>
    private static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }

    private static int FreeOffset(string profile, int? usedOffset)
    {
        var ports = ClusterContainers.For(HubModel.TopologyOf(profile)).SelectMany(container => container.Ports)
            .Select(port => port.HostPort).OfType<int>().ToList();
        var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(listener => listener.Port).ToHashSet();
        var first = Random.Shared.Next(Offsets);
        var free = Enumerable.Range(0, Offsets).Select(i => FirstOffset + (first + i) % Offsets * OffsetStep)
            .Where(offset => offset != usedOffset && ports.All(port => !taken.Contains(port + offset)));
        return free.Cast<int?>().FirstOrDefault() ?? throw new InvalidOperationException("No range of free ports for a hub.");
    }
}
