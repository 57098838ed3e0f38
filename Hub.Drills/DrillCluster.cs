using System.Diagnostics;
using System.Text.Json;
using Analytics.Topology;
using Hub.Drills.Engine;
using Npgsql;

namespace Hub.Drills;

/// <summary>The cluster that a drill works on: its containers, addresses and members.</summary>
public sealed class DrillCluster
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly DrillTarget target;
    private readonly IDrillHost host;

    /// <param name="target">A hub in containers of this machine.</param>
    public DrillCluster(DrillTarget target)
        : this(target, null)
    {
    }

    /// <param name="target">The hub.</param>
    /// <param name="host">Where it runs; null: in the target's containers.</param>
    internal DrillCluster(DrillTarget target, IDrillHost? host)
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
    /// <exception cref="DrillException">There is none.</exception>
    public string Container(string name) => target.Containers.TryGetValue(name, out var container)
        ? container
        : throw new DrillException($"The hub has no container {name}.", "Start it again: `./hub up`.");

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
    internal async Task<NpgsqlConnection> OpenAsync(string service, int port, string role, string secret, CancellationToken cancel)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = await HostPortAsync(service, port, cancel),
            Database = ClusterNames.Database,
            Username = role,
            Password = target.Secret(secret),
            SslMode = SslMode.VerifyFull,
            RootCertificate = target.CaFile,
            Pooling = false,
            Timeout = 10,
            CommandTimeout = 60,
            ApplicationName = "hub drill",
        }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The owner at the primary, straight through HAProxy.</summary>
    internal Task<NpgsqlConnection> OwnerAsync(CancellationToken cancel) => OpenAsync(ClusterNames.HaProxy, Ports.ReadWrite, Roles.Owner, Secrets.Owner, cancel);

    /// <inheritdoc cref="IDrillHost.HostPortAsync"/>
    internal Task<int> HostPortAsync(string service, int port, CancellationToken cancel) => host.HostPortAsync(service, port, cancel);

    /// <inheritdoc cref="IDrillHost.ForgetPorts"/>
    internal void ForgetPorts() => host.ForgetPorts();

    /// <summary>Starts a shell's command in a part, with its streams redirected.</summary>
    internal Process Shell(string name, string command)
    {
        var (file, arguments) = host.Command(name, "sh", "-c", command);
        return Programs.Start(file, arguments);
    }

    /// <summary>Patroni's view, from the first member that answers; empty while none does.</summary>
    public async Task<IReadOnlyList<DrillMember>> MembersAsync(CancellationToken cancel)
    {
        foreach (var member in Members)
        {
            if (await ExecAsync(member, cancel, "patronictl", "list", "--format", "json") is not { ExitCode: 0 } list || !list.Output.TrimStart().StartsWith('['))
                continue;
            using var document = JsonDocument.Parse(list.Output);
            return [.. document.RootElement.EnumerateArray().Select(row =>
                new DrillMember(row.GetProperty("Member").GetString()!, row.GetProperty("Role").GetString()!, row.GetProperty("State").GetString()!))];
        }

        return [];
    }

    /// <summary>Patroni's view with a leader in it. A busy machine may take several attempts to say what it knows.</summary>
    /// <exception cref="DrillException">Nobody leads within a minute.</exception>
    internal async Task<IReadOnlyList<DrillMember>> LedMembersAsync(CancellationToken cancel)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1))
        {
            if (await MembersAsync(cancel) is var members && members.Any(member => member.IsLeader))
                return members;
            await Task.Delay(Pause, cancel);
        }

        throw new DrillException("The cluster has no leader.", "See `./hub status`.");
    }

    /// <summary>Runs a command in a container, at most ten seconds: in a frozen one it would wait for ever.</summary>
    internal async Task<ProgramResult> ExecAsync(string name, CancellationToken cancel, params string[] command)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            var (file, arguments) = host.Command(name, command);
            return await Programs.RunAsync(file, arguments, bound.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new ProgramResult($"{command[0]} in {name}", 124, "", "no answer within 10 s");
        }
    }

    /// <summary>What the cluster lacks, in words; null when it lacks nothing: a leader, all others streaming, a synchronous one, and ingest ready.</summary>
    public async Task<string?> MissingAsync(CancellationToken cancel)
    {
        var members = await MembersAsync(cancel);
        var others = Members.Count - 1;
        if (!members.Any(member => member.IsLeader))
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

    /// <exception cref="DrillException">Not healthy in time.</exception>
    public Task UntilHealthyAsync(TimeSpan patience, Action<string> report, CancellationToken cancel) => UntilNothingIsMissingAsync(MissingAsync, patience, report, cancel);

    /// <summary>Waits for a leader only.</summary>
    /// <exception cref="DrillException">Nobody leads in time.</exception>
    internal Task UntilLedAsync(TimeSpan patience, Action<string> report, CancellationToken cancel) => UntilNothingIsMissingAsync(
        async token => (await MembersAsync(token)).Any(member => member.IsLeader) ? null : "nobody leads", patience, report, cancel);

    private static async Task UntilNothingIsMissingAsync(Func<CancellationToken, Task<string?>> ask, TimeSpan patience, Action<string> report, CancellationToken cancel)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (await ask(cancel) is { } missing)
        {
            report(missing);
            if (TimeProvider.System.GetElapsedTime(began) > patience)
                throw new DrillException($"The cluster is not healthy after {patience.TotalSeconds:0} s: {missing}.", "`./hub status` shows its parts, `./hub logs` their logs; `./hub up` starts stopped containers.");
            await Task.Delay(Pause, cancel);
        }
    }

    private async Task<string?> NotReadyAsync(CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{await HostPortAsync(ClusterNames.Ingest, Ports.Rest, cancel)}/health/ready"), cancel);
            return response.IsSuccessStatusCode ? null : $"ingest is not ready: {(int)response.StatusCode}";
        }
        catch (Exception problem) when (problem is HttpRequestException or DrillException || (problem is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            ForgetPorts();
            return "ingest does not answer: " + problem.Message;
        }
    }

    private static string Describe(IEnumerable<DrillMember> members) => string.Join(", ", members.Select(member => $"{member.Name} {member.Role} {member.State}"));
}
