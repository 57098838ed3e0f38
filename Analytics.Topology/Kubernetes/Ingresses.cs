using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>Telemetry and queries from outside, over TLS. Health and metrics stay inside.</summary>
internal static class Ingresses
{
    /// <summary>A reserved name (RFC 2606), to be replaced.</summary>
    public const string Host = "hub.example.com";

    public static V1Ingress Ingest(ManifestContext context) => new()
    {
        ApiVersion = "networking.k8s.io/v1",
        Kind = "Ingress",
        Metadata = context.Meta(ClusterNames.Ingest, ClusterNames.Ingest),
        Spec = new V1IngressSpec
        {
            Tls = [new V1IngressTLS { Hosts = [Host], SecretName = "ingest-public-tls" }],
            Rules =
            [
                new V1IngressRule
                {
                    Host = Host,
                    Http = new V1HTTPIngressRuleValue
                    {
                        Paths = [Path("/v1/", PortNames.OtlpHttp), Path("/api/", PortNames.Rest)],
                    },
                },
            ],
        },
    };

    private static V1HTTPIngressPath Path(string path, string port) => new()
    {
        Path = path,
        PathType = "Prefix",
        Backend = new V1IngressBackend { Service = new V1IngressServiceBackend { Name = ClusterNames.Ingest, Port = new V1ServiceBackendPort { Name = port } } },
    };
}
