using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Config;

/// <summary>web.yml of the Prometheus exporters: they serve TLS only (exporter-toolkit, "web-configuration").</summary>
public static class WebConfig
{
    public const string FileName = "web.yml";

    public static string Render() => Yaml.Write(new Map
    {
        ["tls_server_config"] = new Map { ["cert_file"] = Paths.CertFile, ["key_file"] = Paths.KeyFile, ["min_version"] = "TLS12" },
    });
}
