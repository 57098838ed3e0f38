using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Analytics.Topology.Security;

namespace Analytics.Topology.Tests.Security;

public class CertificatesTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] Names = ["timescaledb-1", "*.timescaledb", "127.0.0.1", "::1"];
    private static readonly KeyPair Authority = Certificates.CreateAuthority("hub", Now);

    [Fact]
    public void A_leaf_chains_to_its_authority_and_may_serve_and_connect()
    {
        using var leaf = Load(Issue());
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(Authority.CertificatePem));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = Now.LocalDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        Assert.True(chain.Build(leaf), string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
    }

    [Fact]
    public void A_leaf_is_no_authority_and_an_authority_signs_leaves_only()
    {
        using var leaf = Load(Issue());
        Assert.False(Constraints(leaf).CertificateAuthority);
        using var authority = X509Certificate2.CreateFromPem(Authority.CertificatePem);
        Assert.True(Constraints(authority) is { CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0 });
    }

    [Fact]
    public void The_key_belongs_to_the_certificate()
    {
        var pair = Issue();
        using var certificate = X509Certificate2.CreateFromPem(pair.CertificatePem);
        using var key = ECDsa.Create();
        key.ImportFromPem(pair.KeyPem);
        using var inCertificate = certificate.GetECDsaPublicKey()!;
        Assert.True(inCertificate.VerifyData("text"u8, key.SignData("text"u8, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256));
    }

    [Fact]
    public void Names_and_addresses_are_alternative_names_of_their_kind()
    {
        using var leaf = Load(Issue());
        var alternative = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["timescaledb-1", "*.timescaledb"], alternative.EnumerateDnsNames());
        Assert.Equal(["127.0.0.1", "::1"], alternative.EnumerateIPAddresses().Select(address => address.ToString()));
    }

    [Fact]
    public void No_two_certificates_are_the_same()
    {
        using var one = Load(Issue());
        using var other = Load(Issue());
        Assert.NotEqual(one.SerialNumber, other.SerialNumber);
        Assert.NotEqual(Issue().KeyPem, Issue().KeyPem);
    }

    [Fact]
    public void A_clock_that_shows_the_time_of_another_zone_accepts_a_new_certificate()
    {
        using var leaf = Load(Issue());
        Assert.True(leaf.NotBefore.ToUniversalTime() <= Now.UtcDateTime - TimeSpan.FromHours(14));
    }

    [Fact]
    public void A_leaf_begins_no_earlier_than_its_authority()
    {
        using var leaf = Load(Certificates.Issue(Authority, "early", Names, Now - TimeSpan.FromHours(12)));
        using var authority = X509Certificate2.CreateFromPem(Authority.CertificatePem);
        Assert.Equal(authority.NotBefore, leaf.NotBefore);
    }

    [Fact]
    public void A_leaf_never_outlives_its_authority()
    {
        var late = Now + Certificates.AuthorityLife - TimeSpan.FromDays(100);
        using var leaf = Load(Certificates.Issue(Authority, "late", Names, late));
        using var authority = X509Certificate2.CreateFromPem(Authority.CertificatePem);
        Assert.Equal(authority.NotAfter, leaf.NotAfter);
    }

    [Fact]
    public void A_new_leaf_is_current() => Assert.True(Certificates.IsCurrent(Issue().CertificatePem, Authority, Names, Now));

    [Fact]
    public void A_leaf_for_more_names_than_needed_is_current() =>
        Assert.True(Certificates.IsCurrent(Issue().CertificatePem, Authority, ["timescaledb-1", "::1"], Now));

    [Fact]
    public void A_leaf_is_renewed_sixty_days_before_its_end()
    {
        var leaf = Issue().CertificatePem;
        var end = Now + Certificates.LeafLife;
        Assert.True(Certificates.IsCurrent(leaf, Authority, Names, end - Certificates.RenewBefore - TimeSpan.FromMinutes(1)));
        Assert.False(Certificates.IsCurrent(leaf, Authority, Names, end - Certificates.RenewBefore + TimeSpan.FromMinutes(1)));
        Assert.False(Certificates.IsCurrent(leaf, Authority, Names, end + TimeSpan.FromDays(1)));
    }

    [Fact]
    public void A_leaf_of_another_authority_is_not_current_even_under_the_same_name() =>
        Assert.False(Certificates.IsCurrent(Issue().CertificatePem, Certificates.CreateAuthority("hub", Now), Names, Now));

    [Theory]
    [InlineData("timescaledb-2")]
    [InlineData("10.0.0.1")]
    public void A_leaf_that_lacks_a_name_is_not_current(string name) =>
    Assert.False(Certificates.IsCurrent(Issue().CertificatePem, Authority, [.. Names, name], Now));

    [Fact]
    public void A_leaf_that_is_not_valid_yet_is_not_current() =>
    Assert.False(Certificates.IsCurrent(Issue().CertificatePem, Authority, Names, Now - TimeSpan.FromDays(2)));

    private static KeyPair Issue() => Certificates.Issue(Authority, "timescaledb", Names, Now);

    private static X509Certificate2 Load(KeyPair pair) => X509Certificate2.CreateFromPem(pair.CertificatePem);

    private static X509BasicConstraintsExtension Constraints(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
}
