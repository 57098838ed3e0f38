namespace Analytics.Topology.Containers;

/// <summary>What psql in a database container is told to connect to. The password comes in PGPASSWORD, never in the text.</summary>
public static class PsqlTarget
{
    /// <summary>The primary, whichever member it is now, through HAProxy with verified TLS.</summary>
    /// <param name="role">A role of the database that may log in from another machine.</param>
    public static string Primary(string role) =>
        $"host={ClusterNames.HaProxy} port={Ports.ReadWrite} user={role} dbname={ClusterNames.Database} sslmode=verify-full "
        + $"sslrootcert={Paths.CaFile}";

    /// <summary>The member in whose container psql runs, by its socket.</summary>
    /// <param name="role">A role of the database.</param>
    public static string ThisMember(string role) => $"host={Paths.SocketDirectory} user={role} dbname={ClusterNames.Database}";
}
