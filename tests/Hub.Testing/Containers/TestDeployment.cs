using Analytics.Topology;
using Analytics.Topology.Containers;
using Analytics.Topology.Local;
using Analytics.Topology.Security;

namespace Hub.Testing;

/// <summary>A topology with what an installation adds to it: a CA, a certificate for each component, and passwords. All in memory.</summary>
public sealed class TestDeployment
{
    private readonly Dictionary<string, string> files;

    public TestDeployment(ClusterTopology topology, Func<ContainerSpec, ContainerSpec>? change = null)
    {
        ArgumentNullException.ThrowIfNull(topology);
        Topology = topology;
        Containers = [.. ClusterContainers.For(topology).Select(spec => change?.Invoke(spec) ?? spec)];
        var local = LocalFiles.Render(topology, Containers, _ => null, TimeProvider.System.GetUtcNow());
        Passwords = local.Secrets;
        files = local.Files.ToDictionary(file => file.Path, file => file.Content);
    }

    public ClusterTopology Topology { get; }

    public IReadOnlyList<ContainerSpec> Containers { get; }

    public SecretValues Passwords { get; }

    /// <summary>The deployment's own CA.</summary>
    public KeyPair Authority => new(files[LocalFiles.AuthorityCertificate], files["ca/ca.key"]);

    public ContainerSpec Container(string name) => Containers.Single(container => container.Name == name);

    /// <summary>The certificate of a component of <see cref="CertificateNames"/>.</summary>
    public KeyPair Certificate(string component) => new(files[$"tls/{component}/tls.crt"], files[$"tls/{component}/tls.key"]);

    /// <summary>Content of a mounted file: its text, or what was made for this deployment.</summary>
    /// <exception cref="KeyNotFoundException">Nobody makes this secret file.</exception>
    public string Content(MountedDirectory directory, MountedFile file)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(file);
        return file.Text ?? files[$"{directory.Source}/{file.Name}"];
    }
}
