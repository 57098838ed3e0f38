using Analytics.Topology;

namespace Hub.Drills.Faults;

/// <summary>What faults write into a shell of a member's container.</summary>
internal static class MemberShell
{
    /// <summary>psql as the superuser over the member's own socket; the options and commands follow.</summary>
    public const string Psql = $"""psql --no-psqlrc --host={Paths.SocketDirectory} --username="$PATRONI_SUPERUSER_USERNAME" --dbname=postgres""";

    /// <summary>
    /// Both outputs in one, and the former second one kept open as a third: containerd ends the input of a program that closes its error stream.
    /// </summary>
    public const string Together = "3>&2 2>&1";

    public const string Password = "PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD";
}
