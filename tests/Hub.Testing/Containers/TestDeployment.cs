using Analytics.Topology;
using Analytics.Topology.Containers;
using Analytics.Topology.Local;
using Analytics.Topology.Security;

namespace Hub.Testing;

/// <summary>A topology with what an installation adds to it: a CA, a certificate for each component, and passwords. All in
/// memory.</summary>
public sealed class TestDeployment
{
    private readonly Dictionary<string, string> files;

    /// <param name="topology">The cluster.</param>
    /// <param name="given">Values of <see cref="Secrets.Given"/>; null: made up, for tests that never reach the storage.</param>
    /// <param name="change">What a test needs otherwise of a container; null: nothing.</param>
    public TestDeployment(ClusterTopology topology, IReadOnlyDictionary<string, string>? given = null,
        Func<ContainerSpec, ContainerSpec>? change = null)
    {
        ArgumentNullException.ThrowIfNull(topology);
        var secrets =
            string.Concat(
                Secrets.Given.Select(
                    name => $"{name}={(given ?? new Dictionary<string, string>()).GetValueOrDefault(name, "tests.invalid")}\n"));
        Topology = topology;
        Containers = [.. ClusterContainers.For(topology).Select(spec => change?.Invoke(spec) ?? spec)];
        var local = LocalFiles.Render(topology, Containers, path => path == SecretValues.FileName ? secrets : null,
            TimeProvider.System.GetUtcNow());
        Passwords = local.Secrets;
        files = local.Files.ToDictionary(file => file.Path, file => file.Content);
    }

    public ClusterTopology Topology { get; }

    public IReadOnlyList<ContainerSpec> Containers { get; }

    public SecretValues Passwords { get; }

    /// <summary>The deployment's own CA.</summary>
    public KeyPair Authority => new(files[LocalFiles.AuthorityCertificate], files["ca/ca.key"]);

    /// <summary>
    /// Begins the names of the volumes that several containers share. Null: every container gets fresh ones of its own, which go with it.
    /// </summary>
    public string? SharedVolumes { get; init; }

    /// <summary>
    /// What a member's data volume holds at most, and its WAL volume where a test gives it one, in memory: they fill up without this
    /// machine's disk. Null: as large as this machine's disk. Only where <see cref="SharedVolumes"/> names the volumes.
    /// </summary>
    public ByteSize? DataVolume { get; init; }

    /// <summary>The engine's name of a volume, or null where it belongs to one container alone.</summary>
    public string? NameOf(VolumeMount volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        return SharedVolumes is not null && Containers.Count(container => container.Volumes.Any(other => other.Name == volume.Name)) > 1
            ? $"{SharedVolumes}-{volume.Name}" : null;
    }

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
