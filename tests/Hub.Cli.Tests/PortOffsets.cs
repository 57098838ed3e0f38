using Hub.Cli.Commands;
using Hub.Cli.State;

namespace Hub.Cli.Tests;

/// <summary>Where a test's hub can listen: another hub may run on this machine, a developer's own or one that a killed test left.</summary>
internal static class PortOffsets
{
    private static int next = 20000;

    /// <summary>The first of 40 offsets whose ports are all free, all below the range from which the system lends ports to clients. None
    /// twice.</summary>
    public static int Free()
    {
        var taken = new List<string>();
        while (Interlocked.Add(ref next, 100) - 100 is < 24000 and var offset)
        {
            taken = [.. Preflight.TakenPorts(Deployment.Load(new Choices(PortOffset: offset)).Containers)];
            if (taken.Count == 0)
                return offset;
        }

        throw new InvalidOperationException(
            $"No offset from 20000 to 23900 has all its ports free; with the last: {string.Join(", ", taken)}.");
    }
}
