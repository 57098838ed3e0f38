using Analytics.Topology.Compose;
using Analytics.Topology.Config;
using Analytics.Topology.Containers;
using Analytics.Topology.Security;

namespace Analytics.Topology.Local;

/// <summary>
/// Every file that the containers of one local hub mount: rendered configuration, certificates and the secrets of its components.
/// Compose, Aspire and the tests use the same.
/// </summary>
public sealed class LocalFiles
{
    public const string AuthorityCertificate = "ca/ca.crt";
    public const string AuthorityKey = "ca/ca.key";

    private LocalFiles(SecretValues secrets, IReadOnlyList<OutputFile> files)
    {
        Secrets = secrets;
        Files = files;
    }

    public SecretValues Secrets { get; }

    /// <summary>Paths are relative to the state directory; a container's mount is the part below its <see cref="MountedDirectory.Source"/>.</summary>
    public IReadOnlyList<OutputFile> Files { get; }

    /// <summary>The files below one source, by their name.</summary>
    public IEnumerable<OutputFile> Of(MountedDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        return Files.Where(file => file.Path.StartsWith(directory.Source + "/", StringComparison.Ordinal));
    }

    /// <summary>Renders what is missing or outdated and keeps the rest: above all the passwords and the CA.</summary>
    /// <param name="topology">The cluster.</param>
    /// <param name="containers">Its containers, as this host runs them.</param>
    /// <param name="read">An earlier file's text by its path, or null where there is none.</param>
    /// <param name="now">Start of the life of new certificates.</param>
    /// <param name="renew">Issue a new certificate for every component, even if the old one is still valid.</param>
    public static LocalFiles Render(ClusterTopology topology, IReadOnlyList<ContainerSpec> containers, Func<string, string?> read, DateTimeOffset now, bool renew = false)
    {
        ArgumentNullException.ThrowIfNull(topology);
        ArgumentNullException.ThrowIfNull(read);
        var secrets = SecretValues.Complete(read(SecretValues.FileName));
        List<OutputFile> files =
        [
            secrets.ToFile(),
            new($"secret/{ClusterNames.PgBouncer}/{PgBouncerConfig.UserListFileName}", PgBouncerConfig.UserList(name => secrets[name]), Private: true),
            .. ComposeFile.Configuration(containers),
            .. CertificateFiles(topology, containers, read, now, renew),
        ];
        return new LocalFiles(secrets, files);
    }

    private static IEnumerable<OutputFile> CertificateFiles(ClusterTopology topology, IReadOnlyList<ContainerSpec> containers, Func<string, string?> read, DateTimeOffset now, bool renew)
    {
        var authority = read(AuthorityCertificate) is { } certificate && read(AuthorityKey) is { } key
            ? new KeyPair(certificate, key)
            : Certificates.CreateAuthority(topology.Name, now);
        yield return new OutputFile(AuthorityCertificate, authority.CertificatePem);
        yield return new OutputFile(AuthorityKey, authority.KeyPem, Private: true);
        foreach (var (component, names) in CertificateNames.For(topology))
        {
            var (certificateFile, keyFile) = ($"tls/{component}/tls.crt", $"tls/{component}/tls.key");
            var leaf = !renew && read(certificateFile) is { } pem && read(keyFile) is { } leafKey && Certificates.IsCurrent(pem, authority, names, now)
                ? new KeyPair(pem, leafKey)
                : Certificates.Issue(authority, component, names, now);
            yield return new OutputFile(certificateFile, leaf.CertificatePem);
            yield return new OutputFile(keyFile, leaf.KeyPem, Private: true);
        }

        foreach (var directory in containers.SelectMany(container => container.Directories).Where(directory => directory.Path == Paths.Tls).Select(directory => directory.Source).Distinct())
            yield return new OutputFile($"{directory}/ca.crt", authority.CertificatePem);
    }
}
