using Analytics.Topology;
using Analytics.Topology.Dashboards;
using Hub.Cli.Cluster;
using Hub.Cli.Commands;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations;
using Hub.Operations.Patroni;

namespace Hub.Cli.Status;

/// <summary>
/// Asks every part of a hub at once, each within <see cref="AnswerTimeout"/>: status is for the moment in which something does not answer, and must
/// not be what does not answer next.
/// </summary>
internal sealed class StatusCollector(Deployment deployment, IReadOnlyDictionary<string, ContainerState> containers)
{
    /// <summary>How long any one source is waited for.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(8);

    private readonly List<string> problems = [];
    private readonly SortedSet<string> unanswered = new(StringComparer.Ordinal);

    /// <exception cref="CliException">No hub runs, or no engine answers.</exception>
    public static async Task<HubStatus> CollectAsync(CancellationToken cancellation)
    {
        var deployment = Deployment.Load();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(AnswerTimeout);
        try
        {
            var engine = await ContainerEngine.ConnectAsync(bound.Token);
            var containers = await engine.ContainersAsync(deployment.Choices.Name, bound.Token);
            if (containers.Count == 0)
                throw new CliException($"The hub '{deployment.Choices.Name}' is not running.", "Start it with `./hub up`.");
            return await new StatusCollector(deployment, containers).CollectAllAsync(cancellation);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CliException($"The container engine does not answer within {AnswerTimeout.TotalSeconds:0} s.", "See `docker info`. The machine may be overloaded.");
        }
    }

    private async Task<HubStatus> CollectAllAsync(CancellationToken cancellation)
    {
        var cluster = new ClusterClient(deployment, containers);
        using var http = PrometheusClient.At(deployment.HostPort(Ports.Prometheus));
        var prometheus = new PrometheusClient(http);
        var members = AskAsync<IReadOnlyList<PatroniMember>>("patroni", cluster.MembersAsync, [], cancellation);
        var pools = AskAsync<IReadOnlyList<Dictionary<string, string>>>("pgbouncer", cluster.PoolsAsync, [], cancellation);
        var database = AskAsync("database", token => DatabaseAsync(token)!, null, cancellation);
        var checks = AskAsync<IReadOnlyList<CheckStatus>>("database", ChecksAsync, [], cancellation);
        var alerts = AskAsync<IReadOnlyList<AlertStatus>>("prometheus", prometheus.AlertsAsync, [], cancellation);
        var figures = Figures.All.Select(async figure => (figure, Value: await AskAsync(
            figure.Query is Sql ? "database" : "prometheus", token => ValueAsync(prometheus, figure.Query, token), null, cancellation))).ToList();
        await Task.WhenAll([members, pools, database, checks, alerts, .. figures]);

        Containers();
        if (!unanswered.Contains("patroni") && HealthWait.Missing(deployment.Topology.Database.Members, await members) is { } missing)
            problems.Add("database: " + missing);
        if (!unanswered.Contains("pgbouncer") && (await pools).Count == 0)
            problems.Add("pgbouncer: its console does not answer");
        problems.AddRange((await checks).Where(check => check.Status == "critical").Select(check => $"{check.Name}: {check.Detail}"));
        problems.AddRange((await alerts).Where(alert => alert is { State: "firing", Severity: "critical" }).Select(alert => $"alert {alert.Name}: {alert.Summary}"));
        return new HubStatus(deployment.Choices.Name, problems.Count == 0, [.. problems.Distinct()], [.. unanswered], await alerts,
            [.. (await Task.WhenAll(figures)).GroupBy(item => item.figure.Component).Select(group => new ComponentStatus(group.Key,
                [.. group.Select(item => new FigureStatus(item.figure.Name, item.Value, item.figure.Unit))]))],
            await database,
            [.. (await members).Select(member => new MemberStatus(member.Name, member.Role, member.State, member.Timeline, member.LagText))],
            [.. containers.Values.OrderBy(state => state.Service, StringComparer.Ordinal).Select(state => new ContainerStatus(state.Service, state.Status, state.Health))],
            [.. (await pools).Where(pool => pool["database"] != "pgbouncer").Select(pool => new PoolStatus(pool["database"], pool["user"],
                int.Parse(pool["cl_active"], null), int.Parse(pool["cl_waiting"], null), int.Parse(pool["sv_active"], null), int.Parse(pool["sv_idle"], null)))],
            await checks);
    }

    /// <summary>An answer within <see cref="AnswerTimeout"/>; otherwise what stands for none, and one problem for the source.</summary>
    private async Task<T> AskAsync<T>(string source, Func<CancellationToken, Task<T>> ask, T otherwise, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(AnswerTimeout);
        try
        {
            return await ask(bound.Token).WaitAsync(bound.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            NoAnswer(source, $"no answer within {AnswerTimeout.TotalSeconds:0} s");
        }
        catch (Exception problem) when (problem is OperationException or Npgsql.NpgsqlException or HttpRequestException)
        {
            NoAnswer(source, problem.Message);
        }

        return otherwise;
    }

    private void NoAnswer(string source, string reason)
    {
        lock (unanswered)
        {
            if (unanswered.Add(source))
                problems.Add($"{source}: {reason}");
        }
    }

    private void Containers()
    {
        foreach (var container in deployment.Containers.Where(container => !container.OnDemand))
        {
            if (!containers.TryGetValue(container.Name, out var state))
                problems.Add($"{container.Name}: no container");
            else if (container.RunsOnce ? state.Status == "exited" && state.ExitCode != 0 : !state.IsRunning)
                problems.Add($"{container.Name}: {state.Status}, exit code {state.ExitCode}");
        }
    }

    private async Task<DatabaseStatus> DatabaseAsync(CancellationToken cancellation)
    {
        var facts = (await QueryAsync("SELECT key, value FROM analytics.schema_metadata UNION ALL SELECT 'server_version', current_setting('server_version')", cancellation))
            .ToDictionary(row => (string)row[0]!, row => (string)row[1]!);
        return new DatabaseStatus(facts.GetValueOrDefault("edition", "unknown"), facts.GetValueOrDefault("timescaledb_version", "unknown"),
            facts["server_version"], facts.GetValueOrDefault("schema_version", "none"));
    }

    private async Task<IReadOnlyList<CheckStatus>> ChecksAsync(CancellationToken cancellation) =>
        [.. (await QueryAsync("SELECT check_name, status, detail FROM analytics.system_health_check()", cancellation))
            .Select(row => new CheckStatus((string)row[0]!, (string)row[1]!, row[2]?.ToString() ?? ""))];

    private async Task<double?> ValueAsync(PrometheusClient prometheus, Query query, CancellationToken cancellation) =>
        query is Sql sql ? (await QueryAsync(sql.Text, cancellation))[0][0] as double? : await prometheus.ValueAsync(((Prometheus)query).Text, cancellation);

    private Task<IReadOnlyList<object?[]>> QueryAsync(string sql, CancellationToken cancellation) =>
        new DatabaseClient(deployment).QueryAsync(Roles.ReadOnly, Secrets.ReadOnly, sql, cancellation);
}
