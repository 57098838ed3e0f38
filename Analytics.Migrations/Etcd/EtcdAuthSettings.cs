using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;

namespace Analytics.Migrations.Etcd;

/// <summary>What the verb <c>etcd-auth</c> is told, by environment variables.</summary>
/// <param name="Endpoints">ETCD_ENDPOINTS: client URLs, all https, comma-separated. One that answers is enough.</param>
/// <param name="Authority">ETCD_CA: a PEM file; only what it signed is trusted.</param>
/// <param name="Client">ETCD_CERT and ETCD_KEY: PEM files.</param>
/// <param name="RootPassword">ETCD_ROOT_PASSWORD, for the user root.</param>
/// <param name="PatroniPassword">PATRONI_ETCD3_PASSWORD, for the user patroni.</param>
/// <param name="Timeout">ETCD_TIMEOUT: how long to wait for a quorum, in seconds. Default 120, 1 to 3600.</param>
public sealed record EtcdAuthSettings(
    IReadOnlyList<Uri> Endpoints, X509Certificate2Collection Authority, X509Certificate2 Client, string RootPassword, string PatroniPassword, TimeSpan Timeout)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="ConfigurationException">One is missing or wrong; the message names it.</exception>
    public static EtcdAuthSettings Read(IConfiguration configuration)
    {
        var endpoints = Required(configuration, "ETCD_ENDPOINTS").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var authority = new X509Certificate2Collection();
        Load("ETCD_CA", () => authority.ImportFromPemFile(Required(configuration, "ETCD_CA")));
        X509Certificate2? client = null;
        Load("ETCD_CERT, ETCD_KEY", () =>
            client = X509Certificate2.CreateFromPemFile(Required(configuration, "ETCD_CERT"), Required(configuration, "ETCD_KEY")));
        return new EtcdAuthSettings([.. endpoints.Select(Endpoint)], authority, client!, Required(configuration, "ETCD_ROOT_PASSWORD"),
            Required(configuration, "PATRONI_ETCD3_PASSWORD"), Seconds(configuration["ETCD_TIMEOUT"]));
    }

    private static Uri Endpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps
            ? uri
            : throw new ConfigurationException($"ETCD_ENDPOINTS: '{text}' is not an https URL.");

    private static string Required(IConfiguration configuration, string name) =>
        configuration[name] is { Length: > 0 } value ? value : throw new ConfigurationException($"{name} is not set.");

    private static TimeSpan Seconds(string? text)
    {
        if (string.IsNullOrEmpty(text)) return TimeSpan.FromMinutes(2);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw new ConfigurationException($"ETCD_TIMEOUT: '{text}' is not a number of seconds from 1 to 3600.");
    }

    private static void Load(string names, Action load)
    {
        try
        {
            load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ConfigurationException($"{names}: {e.Message}");
        }
    }
}
