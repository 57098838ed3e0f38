using DotNet.Testcontainers.Containers;

namespace Analytics.Topology.Tests.Native;

internal static class Etcd
{
    /// <summary>The member's own health check says yes.</summary>
    public static Func<IContainer, Task<bool>> IsHealthyAsync(TestDeployment deployment)
    {
        var command = deployment.Container("etcd-1").Health!.Command;
        return async container => (await container.ExecAsync([.. command])).ExitCode == 0;
    }
}
