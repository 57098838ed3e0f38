using System.Diagnostics;
using Analytics.Topology;
using Hub.Operations.Patroni;
using Hub.Operations.Processes;
using Npgsql;

namespace Hub.Operations.Clusters;

/// <summary>A cluster that runs: its parts, addresses and members.</summary>
public sealed class RunningCluster
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly ClusterTarget target;
    private readonly IClusterHost host;

    /// <param name="target">A hub in containers of this machine.</param>
    public RunningCluster(ClusterTarget target)
        : this(target, null)
    {
    }

    /// <param name="target">The hub.</param>
    /// <param name="host">Where it runs; null: in the target's containers.</param>
    internal RunningCluster(ClusterTarget target, IClusterHost? host)
    {
        ArgumentNullException.ThrowIfNull(target);
        this.target = target;
        this.host = host ?? new ContainerHost(Container);
        Members = [.. target.Topology.Database.Hosts];
        Etcd = [.. target.Topology.Etcd.Hosts];
    }

    public ClusterTopology Topology => target.Topology;

    public IReadOnlyList<string> Members { get; }

    public IReadOnlyList<string> Etcd { get; }

    /// <summary>The engine's name of a container.</summary>
    /// <exception cref="OperationException">There is none.</exception>
    public string Container(string name) => target.Containers.TryGetValue(name, out var container)
        ? container
        : throw new OperationException($"The hub has no container {name}.", "Start it again: `./hub up`.");

    public bool Has(string name) => target.Containers.ContainsKey(name);

    internal string Secret(string name) => target.Secret(name);

    internal bool CanReplaceAuthority => target.ReplaceAuthority is not null;

    internal Task ReplaceAuthorityAsync(Action<string> report, CancellationToken cancel) =>
        (target.ReplaceAuthority ?? throw new InvalidOperationException("Nobody said how the CA is replaced."))(this, report, cancel);

    /// <summary>A connection through HAProxy or PgBouncer, over verified TLS, for one session without a pool.</summary>
    /// <param name="service">HAProxy or PgBouncer.</param>
    /// <param name="port">Its port in the container.</param>
    /// <param name="role">Who.</param>
    /// <param name="secret">Name of the role's password.</param>
    /// <param name="cancel">Stops asking for the port.</param>
    internal async Task<NpgsqlConnection> OpenAsync(string service, int port, string role, string secret, CancellationToken cancel) =>
        await new LocalConnection(await HostPortAsync(service, port, cancel), role, target.Secret(secret), target.CaFile)
        {
            Timeout = 10,
            CommandTimeout = 60,
            ApplicationName = "hub drill",
        }.OpenAsync(cancel);

    /// <summary>The owner at the primary, straight through HAProxy.</summary>
    internal Task<NpgsqlConnection> OwnerAsync(CancellationToken cancel) => OpenAsync(ClusterNames.HaProxy, Ports.ReadWrite, Roles.Owner,
        Secrets.Owner, cancel);

    /// <inheritdoc cref="IClusterHost.HostPortAsync"/>
    internal Task<int> HostPortAsync(string service, int port, CancellationToken cancel) => host.HostPortAsync(service, port, cancel);

    /// <inheritdoc cref="IClusterHost.ForgetPorts"/>
    internal void ForgetPorts() => host.ForgetPorts();

    /// <summary>Starts a shell's command in a part, with its streams redirected.</summary>
    internal Process Shell(string name, string command)
    {
        var (file, arguments) = host.Command(name, "sh", "-c", command);
        return ProcessRunner.Start(file, arguments);
    }

    /// <summary>Patroni's view, from the first member that answers; empty while none does.</summary>
    public Task<IReadOnlyList<PatroniMember>> MembersAsync(CancellationToken cancel) => Patronictl.MembersAsync(Members, ExecAsync, cancel);

    /// <summary>Patroni's view with a leader in it. A busy machine may take several attempts to say what it knows.</summary>
    /// <exception cref="OperationException">Nobody leads within a minute.</exception>
    internal async Task<IReadOnlyList<PatroniMember>> LedMembersAsync(CancellationToken cancel)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1))
        {
            if (await MembersAsync(cancel) is var members && members.Any(member => member.IsRunningLeader))
                return members;
            await Task.Delay(Pause, cancel);
        }

        throw new OperationException("The cluster has no leader.", "See `./hub status`.");
    }

    /// <summary>Runs a command in a container, at most ten seconds: in a frozen one it would wait for ever.</summary>
    internal Task<ProcessResult> ExecAsync(string name, CancellationToken cancel, params string[] command)
    {
        var (file, arguments) = host.Command(name, command);
        return ProcessRunner.RunWithinAsync(TimeSpan.FromSeconds(10), file, arguments, cancel);
    }

    /// <summary>
    /// What the cluster lacks, in words; null when it lacks nothing: a leader, all others streaming, a synchronous one, and ingest ready.
    /// </summary>
    public async Task<string?> MissingAsync(CancellationToken cancel)
    {
        var members = await MembersAsync(cancel);
        var others = Members.Count - 1;
        if (!members.Any(member => member.IsRunningLeader))
            return members.Count == 0 ? "Patroni does not answer" : "no leader: " + Describe(members);
        if (members.Count(member => member.IsStreaming) is var streaming && streaming < others)
            return $"{streaming} of {others} replicas stream: {Describe(members)}";
        if (others > 0 && !members.Any(member => member.IsSynchronous))
            return "no synchronous standby: " + Describe(members);
        foreach (var etcd in Etcd)
        {
            if (await host.DownAsync(etcd, cancel) is { } down)
                return down;
        }

        return await NotReadyAsync(cancel);
    }

    /// <exception cref="OperationException">Not healthy in time.</exception>
    public Task UntilHealthyAsync(TimeSpan timeout, Action<string> report, CancellationToken cancel) =>
        UntilNothingIsMissingAsync(MissingAsync, timeout, report, cancel);

    /// <summary>Waits for a leader only.</summary>
    /// <exception cref="OperationException">Nobody leads in time.</exception>
    internal Task UntilLedAsync(TimeSpan timeout, Action<string> report, CancellationToken cancel) => UntilNothingIsMissingAsync(
        async token => (await MembersAsync(token)).Any(member => member.IsRunningLeader) ? null : "nobody leads", timeout, report, cancel);

    private static async Task UntilNothingIsMissingAsync(Func<CancellationToken, Task<string?>> ask, TimeSpan timeout,
        Action<string> report, CancellationToken cancel)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (await ask(cancel) is { } missing)
        {
            report(missing);
            if (TimeProvider.System.GetElapsedTime(began) > timeout)
                throw new OperationException($"The cluster is not healthy after {timeout.TotalSeconds:0} s: {missing}.",
                    "`./hub status` shows its parts, `./hub logs` their logs; `./hub up` starts stopped containers.");
            await Task.Delay(Pause, cancel);
        }
    }

    private async Task<string?> NotReadyAsync(CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var response =
                await http.GetAsync(
                    new Uri($"http://127.0.0.1:{await HostPortAsync(ClusterNames.Ingest, Ports.Rest, cancel)}/health/ready"), cancel);
            return response.IsSuccessStatusCode ? null : $"ingest is not ready: {(int)response.StatusCode}";
        }
        catch (Exception problem) when (problem is HttpRequestException or OperationException
            || (problem is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            ForgetPorts();
            return "ingest does not answer: " + problem.Message;
        }
    }

    private static string Describe(IEnumerable<PatroniMember> members) =>
        string.Join(", ", members.Select(member => $"{member.Name} {member.Role} {member.State}"));
}
