using Analytics.Topology;
using Analytics.Topology.Config;
using Analytics.Topology.Containers;
using Analytics.Topology.Security;

namespace Hub.Testing;

/// <summary>A topology with what an installation adds to it: a CA, a certificate for each component, and passwords. All in memory.</summary>
public sealed class TestDeployment
{
    private readonly Dictionary<string, KeyPair> leaves;

    public TestDeployment(ClusterTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        Topology = topology;
        var now = TimeProvider.System.GetUtcNow();
        Authority = Certificates.CreateAuthority(topology.Name, now);
        leaves = CertificateNames.For(topology).ToDictionary(names => names.Key, names => Certificates.Issue(Authority, names.Key, names.Value, now));
        Containers = ClusterContainers.For(topology);
    }

    public ClusterTopology Topology { get; }

    public KeyPair Authority { get; }

    public SecretValues Passwords { get; } = SecretValues.Complete(null);

    public IReadOnlyList<ContainerSpec> Containers { get; }

    public ContainerSpec Container(string name) => Containers.Single(container => container.Name == name);

    /// <summary>The certificate of a component of <see cref="CertificateNames"/>.</summary>
    public KeyPair Certificate(string component) => leaves[component];

    /// <summary>Content of a mounted file: rendered, or made for this deployment.</summary>
    /// <exception cref="KeyNotFoundException">Nobody makes this secret file.</exception>
    public string Content(MountedDirectory directory, MountedFile file)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(file);
        return file switch
        {
            { Secret: false, Text: { } text } => text,
            { Name: "ca.crt" } => Authority.CertificatePem,
            { Name: "tls.crt" } => leaves[Component(directory)].CertificatePem,
            { Name: "tls.key" } => leaves[Component(directory)].KeyPem,
            { Name: PgBouncerConfig.UserListFileName } => PgBouncerConfig.UserList(name => Passwords[name]),
            _ => throw new KeyNotFoundException($"Nobody makes the secret file {directory.Source}/{file.Name}."),
        };
    }

    private static string Component(MountedDirectory directory) => directory.Source[(directory.Source.IndexOf('/') + 1)..];
}
