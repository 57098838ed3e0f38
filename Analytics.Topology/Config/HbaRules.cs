namespace Analytics.Topology.Config;

/// <summary>
/// Who may connect to PostgreSQL. Over the network only TLS and SCRAM; the superuser only from inside the container; everything
/// that is not named is refused, so a new role reaches nothing until it has a line.
/// </summary>
public static class HbaRules
{
    public static IReadOnlyList<string> Lines { get; } =
    [
        "local all all scram-sha-256",
        $"host all {Roles.Superuser} all reject",
        $"hostssl replication {Roles.Replication} all scram-sha-256",
        $"hostssl postgres {Roles.Rewind} all scram-sha-256",
        $"hostssl {ClusterNames.Database} {string.Join(',', Applications)} all scram-sha-256",
        $"hostssl postgres {Roles.Monitor} all scram-sha-256",
        "host all all all reject",
        "host replication all all reject",
    ];

    private static IEnumerable<string> Applications => [Roles.Owner, Roles.App, Roles.ReadOnly, Roles.Monitor, Roles.PgBouncer];
}
