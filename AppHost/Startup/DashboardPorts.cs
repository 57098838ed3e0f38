using System.Globalization;
using AppHost.Cluster;

namespace AppHost.Startup;

/// <summary>Moves the dashboard's addresses, which the launch profiles fix, with the hub's other ports.</summary>
internal static class DashboardPorts
{
    private static readonly string[] Variables =
        ["ASPNETCORE_URLS", "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL", "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"];

    /// <summary>Adds HUB_PORT_OFFSET to the ports of Aspire's own addresses. Aspire reads these from the environment when its builder is made.</summary>
    public static void Move()
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable(HubProfile.PortOffsetVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            || offset > HubProfile.LargestPortOffset)
            return;
        foreach (var variable in Variables)
        {
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } addresses)
                Environment.SetEnvironmentVariable(variable, Moved(addresses, offset));
        }
    }

    /// <param name="addresses">Addresses, separated by semicolons; port 0 is any free one and stays.</param>
    /// <param name="offset">What is added.</param>
    internal static string Moved(string addresses, int offset) => string.Join(';', addresses.Split(';').Select(text =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Port > 0
            ? new UriBuilder(address) { Port = address.Port + offset }.Uri.GetLeftPart(UriPartial.Authority)
            : text));
}
