using System.Globalization;
using AppHost.Cluster;

namespace AppHost.Startup;

/// <summary>The dashboard's addresses, which the launch profiles fix: they move with the hub's other ports, and must be free.</summary>
internal static class DashboardPorts
{
    /// <summary>Of the AppHost itself: it is free as soon as the last run has ended, however that ended.</summary>
    public const string ResourceService = "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL";

    private static readonly string[] Variables =
        [ResourceService, "ASPNETCORE_URLS", "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"];

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Adds HUB_PORT_OFFSET to the ports of Aspire's own addresses. Aspire reads these from the environment when its builder is made.
    /// </summary>
    public static void Move()
    {
        var text = Environment.GetEnvironmentVariable(HubProfile.PortOffsetVariable);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var offset) || offset > HubProfile.LargestPortOffset)
            return;
        foreach (var variable in Variables)
        {
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } addresses)
                Environment.SetEnvironmentVariable(variable, Moved(addresses, offset));
        }
    }

    /// <summary>
    /// Looks whether the dashboard can listen. The dashboard of a run that was killed gets time to end; another AppHost gets none.
    /// </summary>
    /// <param name="offset">The hub's own offset, which <see cref="Move"/> has added.</param>
    /// <param name="console">Is told what is waited for.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Which port is taken, and what to do; null: none is.</returns>
    public static async Task<string?> ProblemAsync(int offset, TextWriter console, TimeProvider time)
    {
        foreach (var variable in Variables)
        {
            foreach (var port in PortsOf(Environment.GetEnvironmentVariable(variable) ?? "").Where(port => !LocalPorts.IsFree(port)))
            {
                var wait = variable == ResourceService ? LocalPorts.WaitForPrograms : LocalPorts.WaitForLastRun;
                var problem = $"Port {port} of 127.0.0.1, which Aspire's dashboard needs ({variable}), is taken. "
                    + $"If another AppHost runs, stop it, or start this one beside it: {HubProfile.PortOffsetVariable}={offset + 10000} "
                    + $"{HubProfile.VolumesVariable}=another-name {HubState.Variable}=another-directory. "
                    + $"Otherwise see who listens: `{LocalPorts.ListenersOf(port)}`.";
                await console.WriteLineAsync(
                    $"{problem} The AppHost waits up to {wait.TotalSeconds:0} s: the last run may still be stopping.");
                var started = time.GetTimestamp();
                while (!LocalPorts.IsFree(port))
                {
                    if (time.GetElapsedTime(started) > wait)
                        return problem;
                    await Task.Delay(Pause, time);
                }
            }
        }

        return null;
    }

    /// <summary>The ports of addresses; 0, any free one, is none.</summary>
    internal static IEnumerable<int> PortsOf(string addresses) =>
        addresses.Split(';').Select(text => Uri.TryCreate(text, UriKind.Absolute, out var address) ? address.Port : 0)
            .Where(port => port > 0);

    /// <param name="addresses">Addresses, separated by semicolons; port 0 is any free one and stays.</param>
    /// <param name="offset">What is added.</param>
    internal static string Moved(string addresses, int offset) => string.Join(';', addresses.Split(';').Select(text =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Port > 0
            ? new UriBuilder(address) { Port = address.Port + offset }.Uri.GetLeftPart(UriPartial.Authority)
            : text));
}
