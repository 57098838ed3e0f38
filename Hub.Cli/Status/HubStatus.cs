namespace Hub.Cli.Status;

/// <summary>What <c>hub status --json</c> writes, in camel case; docs/OPERATIONS.md describes it. Fields are added, never renamed.</summary>
/// <param name="Name">The hub.</param>
/// <param name="Healthy">Whether there is no problem.</param>
/// <param name="Problems">What is wrong, in words.</param>
/// <param name="Unanswered">Sources that did not answer in time; what they would have said is missing below.</param>
/// <param name="Alerts">Alerts that fire or are about to.</param>
/// <param name="Components">The most useful figures of each component.</param>
/// <param name="Database">Null while the primary does not answer.</param>
/// <param name="Members">Patroni's list.</param>
/// <param name="Containers">The engine's list.</param>
/// <param name="Pools">PgBouncer's list.</param>
/// <param name="Checks"><c>analytics.system_health_check()</c>.</param>
internal sealed record HubStatus(
    string Name, bool Healthy, IReadOnlyList<string> Problems, IReadOnlyList<string> Unanswered, IReadOnlyList<AlertStatus> Alerts,
    IReadOnlyList<ComponentStatus> Components, DatabaseStatus? Database, IReadOnlyList<MemberStatus> Members, IReadOnlyList<ContainerStatus> Containers,
    IReadOnlyList<PoolStatus> Pools, IReadOnlyList<CheckStatus> Checks);

/// <param name="Name">The alert.</param>
/// <param name="Severity">critical, warning or info.</param>
/// <param name="State">firing, or pending: its time has not come yet.</param>
/// <param name="Since">Since when its condition holds.</param>
/// <param name="Summary">What it says.</param>
internal sealed record AlertStatus(string Name, string Severity, string State, DateTimeOffset Since, string Summary);

internal sealed record ComponentStatus(string Name, IReadOnlyList<FigureStatus> Figures);

/// <param name="Name">What it is.</param>
/// <param name="Value">Null: unknown.</param>
/// <param name="Unit">A unit of <see cref="Analytics.Topology.Dashboards.Units"/>.</param>
internal sealed record FigureStatus(string Name, double? Value, string Unit);

internal sealed record DatabaseStatus(string Edition, string TimescaleDb, string PostgreSql, string Schema);

internal sealed record MemberStatus(string Name, string Role, string State, int? Timeline, string Lag);

internal sealed record ContainerStatus(string Name, string State, string Health);

internal sealed record PoolStatus(string Database, string User, int ClientsActive, int ClientsWaiting, int ServersActive, int ServersIdle);

internal sealed record CheckStatus(string Name, string Status, string Detail);
