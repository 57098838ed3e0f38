using System.Net;
using Analytics.Topology.Security;
using static Analytics.Topology.Kubernetes.KubernetesNames;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// The same certificates as deploy.sh makes, by cert-manager, which also renews them: a CA of the namespace's own and a leaf for each
/// component, into the Secrets that the pods mount.
/// </summary>
internal static class CertManager
{
    private const string Api = "cert-manager.io/v1";

    public static IEnumerable<CustomObject> All(ManifestContext context)
    {
        yield return Issuer(context, "self-signed", new Map { ["selfSigned"] = new Map() });
        yield return Object(context, "Certificate", "hub-ca", new Map
        {
            ["secretName"] = "hub-ca",
            ["isCA"] = true,
            ["commonName"] = $"{context.Topology.Name} CA",
            ["duration"] = Hours(Certificates.AuthorityLife),
            ["renewBefore"] = Hours(Certificates.LeafLife),
            ["privateKey"] = new Map { ["algorithm"] = "ECDSA", ["size"] = 256 },
            ["issuerRef"] = Reference("self-signed"),
        });
        yield return Issuer(context, "hub-ca", new Map { ["ca"] = new Map { ["secretName"] = "hub-ca" } });
        foreach (var (component, names) in CertificateNames.For(context.Topology))
            yield return Leaf(context, component, names);

        // Ingest shows no certificate; it mounts the CA out of this one.
        yield return Leaf(context, ClusterNames.Ingest, [ClusterNames.Ingest]);
    }

    /// <summary>Without a common name for most: etcd's gateway refuses one once authentication is on.</summary>
    private static CustomObject Leaf(ManifestContext context, string component, IReadOnlyList<string> names)
    {
        var addresses = names.Where(name => IPAddress.TryParse(name, out _)).ToArray();
        var spec = new Map
        {
            ["secretName"] = Tls(component),
            ["subject"] = new Map { ["organizations"] = new[] { "Hub" }, ["organizationalUnits"] = new[] { component } },
            ["duration"] = Hours(Certificates.LeafLife),
            ["renewBefore"] = Hours(Certificates.RenewBefore),
            ["privateKey"] = new Map { ["algorithm"] = "ECDSA", ["size"] = 256, ["rotationPolicy"] = "Always" },
            ["usages"] = new[] { "digital signature", "server auth", "client auth" },
            ["dnsNames"] = names.Except(addresses).ToArray(),
        };
        if (CertificateNames.CommonNameOf(component) is { } commonName)
            spec["commonName"] = commonName;
        if (addresses.Length > 0)
            spec["ipAddresses"] = addresses;
        spec["issuerRef"] = Reference("hub-ca");
        return Object(context, "Certificate", component, spec);
    }

    private static CustomObject Issuer(ManifestContext context, string name, Map spec) => Object(context, "Issuer", name, spec);

    private static CustomObject Object(ManifestContext context, string kind, string name, Map spec) =>
        new() { ApiVersion = Api, Kind = kind, Metadata = context.Meta(name, ClusterNames.TimescaleDb), Spec = spec };

    private static Map Reference(string issuer) => new() { ["name"] = issuer, ["kind"] = "Issuer", ["group"] = "cert-manager.io" };

    private static string Hours(TimeSpan span) => $"{(int)span.TotalHours}h0m0s";
}
