using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.State;

/// <summary>
/// Gives the mounted secret files to the user that the containers run as (uid 1000): PostgreSQL takes a key only when it is its
/// own, and mode 600 keeps everybody else out.
/// </summary>
internal static class Ownership
{
    public static async Task ApplyAsync(Deployment deployment, ContainerEngine engine, CancellationToken cancellation)
    {
        // Docker Desktop maps ownership by itself.
        if (!OperatingSystem.IsLinux())
            return;
        var owner = $"{ClusterNames.Uid}:{ClusterNames.Uid}";
        switch ((await ProcessRunner.RunAsync("id", ["-u"], cancellation)).Output.Trim())
        {
            case "1000": // writes as the containers' user already
                return;
            case "0":
                (await ProcessRunner.RunAsync("chown", ["-R", owner, Path.Combine(deployment.Directory, "tls"), Path.Combine(deployment.Directory, "secret")], cancellation))
                    .OrThrow("The owner of the key files could not be changed to the containers' user (uid 1000)");
                return;
            default: // may not give files away, but the engine may
                (await engine.RunAsync(cancellation, "run", "--rm", "--user", "0", "--entrypoint", "chown",
                    "--volume", $"{deployment.Directory}:/state", deployment.Topology.Images.Database, "-R", owner, "/state/tls", "/state/secret"))
                    .OrThrow("The owner of the key files could not be changed to the containers' user (uid 1000)");
                return;
        }
    }
}
