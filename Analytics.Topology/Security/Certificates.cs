using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Analytics.Topology.Security;

/// <summary>A certificate and its private key, PEM.</summary>
public sealed record KeyPair(string CertificatePem, string KeyPem);

/// <summary>
/// The cluster's own certificate authority, by .NET's cryptography. ECDSA on P-256, SHA-256, which every component reads. For
/// machines without another PKI; in Kubernetes cert-manager may take its place.
/// </summary>
public static class Certificates
{
    /// <summary>Life of the CA: ten years.</summary>
    public static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650);

    /// <summary>Life of a leaf: one year.</summary>
    public static readonly TimeSpan LeafLife = TimeSpan.FromDays(365);

    /// <summary>A leaf is renewed when less than this is left: 60 days.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);

    private static readonly OidCollection ServerAndClient =
    [
        new Oid("1.3.6.1.5.5.7.3.1"), // serverAuth
        new Oid("1.3.6.1.5.5.7.3.2"), // clientAuth: etcd's gateway and peers present their server certificate as clients
    ];

    public static KeyPair CreateAuthority(string name, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name} CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(Since(now), now + AuthorityLife);
        return new KeyPair(certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>
    /// A leaf that may serve and connect under all the names given; IP addresses become IP SANs. It has a common name only where
    /// <see cref="CertificateNames.CommonNameOf"/> says so. It is valid for <paramref name="life"/> (default <see cref="LeafLife"/>), but never longer
    /// than the CA.
    /// </summary>
    public static KeyPair Issue(KeyPair authority, string component, IReadOnlyList<string> names, DateTimeOffset now, TimeSpan? life = null)
    {
        ArgumentNullException.ThrowIfNull(authority);
        ArgumentNullException.ThrowIfNull(names);
        using var issuer = X509Certificate2.CreateFromPem(authority.CertificatePem, authority.KeyPem);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"{(CertificateNames.CommonNameOf(component) is { } name ? $"CN={name}, " : "")}O=Hub, OU={component}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(ServerAndClient, false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        request.CertificateExtensions.Add(AlternativeNames(names));
        var expires = now + (life ?? LeafLife);
        expires = expires < issuer.NotAfter ? expires : issuer.NotAfter;
        var since = Since(now) > issuer.NotBefore ? Since(now) : issuer.NotBefore;
        using var certificate = request.Create(issuer, since, expires, RandomNumberGenerator.GetBytes(16));
        return new KeyPair(certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Whether a leaf still serves: issued by this CA, for at least these names, and not close to its end.</summary>
    public static bool IsCurrent(string certificatePem, KeyPair authority, IReadOnlyList<string> names, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(authority);
        using var certificate = X509Certificate2.CreateFromPem(certificatePem);
        using var issuer = X509Certificate2.CreateFromPem(authority.CertificatePem);
        if (certificate.NotAfter - now < RenewBefore)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(issuer);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        if (!chain.Build(certificate))
            return false;
        var alternative = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        var present = alternative is null
            ? []
            : alternative.EnumerateDnsNames().Concat(alternative.EnumerateIPAddresses().Select(address => address.ToString())).ToHashSet();
        return names.All(present.Contains);
    }

    /// <summary>
    /// A machine whose clock is behind treats a fresh certificate as not yet valid, and then reaches no other part: with one such member a
    /// failover finds no majority. A day is more than a clock can be off that shows the time of another zone.
    /// </summary>
    private static DateTimeOffset Since(DateTimeOffset now) => now - TimeSpan.FromDays(1);

    private static X509Extension AlternativeNames(IEnumerable<string> names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
                builder.AddIpAddress(address);
            else
                builder.AddDnsName(name);
        }

        return builder.Build();
    }
}
