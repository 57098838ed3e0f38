using System.Collections.Concurrent;
using Analytics.Topology;
using Analytics.Topology.Containers;
using Docker.DotNet;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;
using Hub.Operations.Patroni;
using Npgsql;
using Xunit;

namespace Hub.Testing;

/// <summary>
/// The whole topology in containers, from the same specs as every other host, on free ports. Whatever it started is gone when it is
/// disposed of, also when it did not become healthy.
/// </summary>
public sealed class HubCluster : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);
    private readonly ConcurrentDictionary<string, IContainer> containers = [];
    private readonly INetwork network;
    private readonly string caFile = Path.Combine(Path.GetTempPath(), $"hub-ca-{Guid.NewGuid():N}.crt");

    private HubCluster(TestDeployment deployment, INetwork network)
    {
        Deployment = deployment;
        this.network = network;
        File.WriteAllText(caFile, deployment.Authority.CertificatePem);
    }

    public TestDeployment Deployment { get; }

    public ClusterTopology Topology => Deployment.Topology;

    /// <summary>Path of the CA's certificate on this machine.</summary>
    public string CaFile => caFile;

    public IContainer this[string name] => containers[name];

    /// <summary>Starts everything and waits until all members stream and the set-up jobs have ended well.</summary>
    /// <param name="topology">The cluster.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <param name="given">Place and keys of the object storage, where backups lie in one.</param>
    /// <param name="change">What a test needs otherwise of a container; null: nothing.</param>
    /// <param name="dataVolume">What a member's data volume holds at most; null: as much as this machine's disk.</param>
    public static async Task<HubCluster> StartAsync(
        ClusterTopology topology, CancellationToken cancel, IReadOnlyDictionary<string, string>? given = null, Func<ContainerSpec, ContainerSpec>? change = null, ByteSize? dataVolume = null)
    {
        ArgumentNullException.ThrowIfNull(topology);
        var deployment = new TestDeployment(topology.With(cluster => cluster with
        {
            Images = cluster.Images.WithDatabase(Environment.GetEnvironmentVariable(Images.DatabaseVariable)),
        }), given, change)
        { SharedVolumes = $"hub-test-{Guid.NewGuid():N}", DataVolume = dataVolume };
        var cluster = new HubCluster(deployment, await Engine.CreateNetworkAsync(cancel));
        try
        {
            // The members of one component start together, as everywhere else; a component after what it needs.
            var waiting = deployment.Containers.Where(spec => !spec.OnDemand).ToList();
            while (waiting.Count > 0)
            {
                var next = waiting.Where(spec => spec.After.All(cluster.containers.ContainsKey)).ToArray();
                await Task.WhenAll(next.Select(async spec => cluster.containers[spec.Name] = await Engine.StartAsync(deployment, spec, cluster.network, _ => Task.FromResult(true), cancel)));
                waiting.RemoveAll(next.Contains);
            }

            await cluster.UntilHealthyAsync(cancel);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command in the container that a spec describes, in the cluster's network and on its volumes, and waits for its end.</summary>
    public Task<CheckResult> RunAsync(Analytics.Topology.Containers.ContainerSpec spec, IReadOnlyList<string> command, CancellationToken cancel) =>
        Engine.RunAsync(Deployment, spec, command, network, cancel);

    /// <summary>A container is gone with its volumes, as with the disk it ran on, and a new one takes its place.</summary>
    public async Task ReplaceAsync(string name, CancellationToken cancel)
    {
        // Whoever else mounts the volumes holds them; a server beside a member does.
        var volumes = Deployment.Container(name).Volumes.Where(volume => volume.Path is Paths.PgVolume or Paths.SocketDirectory or Paths.BackupSpool or Paths.EtcdData).ToList();
        var names = Deployment.Containers.Where(spec => spec.Volumes.Any(volume => volumes.Any(lost => lost.Name == volume.Name))).Select(spec => spec.Name).ToList();
        foreach (var gone in names)
        {
            if (containers.TryRemove(gone, out var container))
                await Engine.RemoveAsync(container);
        }

        await Engine.RemoveVolumesAsync(volumes.Select(Deployment.NameOf).OfType<string>());
        foreach (var again in names)
            containers[again] = await Engine.StartAsync(Deployment, Deployment.Container(again), network, _ => Task.FromResult(true), cancel);
    }

    /// <summary>The port of 127.0.0.1 that leads to a container's port.</summary>
    public int Port(string container, int port) => containers[container].GetMappedPublicPort(port);

    /// <summary>A connection string over verified TLS, to HAProxy's or PgBouncer's port on this machine.</summary>
    public string ConnectionString(string container, int port, string role, string secret) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port(container, port),
        Database = ClusterNames.Database,
        Username = role,
        Password = Deployment.Passwords[secret],
        SslMode = SslMode.VerifyFull,
        RootCertificate = caFile,
        Pooling = false,
        Timeout = 5,
        CommandTimeout = 30,
    }.ConnectionString;

    /// <summary>SQL as superuser inside a member's container, where no gateway is needed; what psql wrote.</summary>
    public async Task<ExecResult> SuperuserAsync(string member, string sql, CancellationToken cancel) => await containers[member].ExecAsync(
        ["env", "PGPASSWORD=" + Deployment.Passwords[Secrets.Superuser], "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", Paths.SocketDirectory,
            "-U", Roles.Superuser, "-d", ClusterNames.Database, "-c", sql], cancel);

    /// <summary>As <see cref="SuperuserAsync"/>; the test fails when the statement does.</summary>
    public async Task<string> SqlAsync(string member, string sql, CancellationToken cancel)
    {
        var result = await SuperuserAsync(member, sql, cancel);
        Assert.True(result.ExitCode == 0, $"{member}: {result.Stderr}");
        return result.Stdout.Trim();
    }

    /// <summary>Patroni's list of members, from any that answers.</summary>
    public async Task<IReadOnlyList<PatroniMember>> MembersAsync(CancellationToken cancel)
    {
        foreach (var host in Topology.Database.Hosts)
        {
            if (await ListAsync(host, cancel) is { ExitCode: 0 } result && PatroniMember.ParseList(result.Stdout) is { } members)
                return members;
        }

        return [];
    }

    /// <summary>Null from a container that does not run: a killed one, in a fault test.</summary>
    private async Task<ExecResult?> ListAsync(string host, CancellationToken cancel)
    {
        try
        {
            return await containers[host].ExecAsync(["patronictl", "list", "--format", "json"], cancel);
        }
        catch (DockerApiException)
        {
            return null;
        }
    }

    /// <summary>Waits for one leader, all others streaming and at least one of them synchronous; fails with what is there instead.</summary>
    public async Task UntilStreamingAsync(CancellationToken cancel)
    {
        IReadOnlyList<PatroniMember> members = [];
        await Eventually.TrueAsync(async () =>
        {
            members = await MembersAsync(cancel);
            return members.Count == Topology.Database.Members && members.Count(member => member.Role == "Leader") == 1
                && members.Count(member => member.State == "streaming") == Topology.Database.Members - 1
                && (members.Count == 1 || members.Any(member => member.Role.EndsWith("Standby", StringComparison.Ordinal)));
        }, Timeout, () => "not all members stream: " + string.Join(", ", members), cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(containers.Values.Select(Engine.RemoveAsync));
        await network.DisposeAsync();
        await Engine.RemoveVolumesAsync(Deployment.Containers.SelectMany(spec => spec.Volumes).Select(Deployment.NameOf).OfType<string>().Distinct());
        File.Delete(caFile);
    }

    private async Task UntilHealthyAsync(CancellationToken cancel)
    {
        await UntilStreamingAsync(cancel);
        foreach (var job in Deployment.Containers.Where(spec => spec is { RunsOnce: true, OnDemand: false }))
        {
            var exitCode = await containers[job.Name].GetExitCodeAsync(cancel).WaitAsync(Timeout, cancel);
            var (output, error) = await containers[job.Name].GetLogsAsync(timestampsEnabled: false, ct: cancel);
            Assert.True(exitCode == 0, $"{job.Name} failed: {output}{error}");
        }

        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var ready = new Uri($"http://127.0.0.1:{Port(ClusterNames.Ingest, Ports.Rest)}/health/ready");
        var last = "";
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                using var response = await http.GetAsync(ready, cancel);
                last = await response.Content.ReadAsStringAsync(cancel);
                return response.IsSuccessStatusCode;
            }
            catch (Exception problem) when (problem is HttpRequestException || (problem is TaskCanceledException && !cancel.IsCancellationRequested))
            {
                // Not there yet, or too busy to answer within the client's patience.
                last = problem.Message;
                return false;
            }
        }, Timeout, () => "ingest is not ready: " + last, cancel);
    }
}
