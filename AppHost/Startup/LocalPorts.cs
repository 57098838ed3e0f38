using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace AppHost.Startup;

/// <summary>Ports of 127.0.0.1.</summary>
internal static class LocalPorts
{
    /// <summary>
    /// A run that was killed leaves its containers and the dashboard to the orchestrator, which needs some time to stop them.
    /// </summary>
    public static readonly TimeSpan WaitForLastRun = TimeSpan.FromSeconds(60);

    /// <summary>Programs of such a run end sooner.</summary>
    public static readonly TimeSpan WaitForPrograms = TimeSpan.FromSeconds(5);

    public static bool IsFree(int port)
    {
        // Sockets of closed connections do not count, because they do not prevent a program from listening.
        var addresses = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
            .Where(listener => listener.Port == port).Select(listener => listener.Address);
        if (addresses.Any(address => IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
            return false;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The command that shows who listens on a port.</summary>
    public static string ListenersOf(int port) => OperatingSystem.IsWindows() ? $"netstat -ano | findstr :{port}"
        : OperatingSystem.IsMacOS() ? $"lsof -nP -iTCP:{port} -sTCP:LISTEN" : $"ss -ltnp sport = :{port}";
}
