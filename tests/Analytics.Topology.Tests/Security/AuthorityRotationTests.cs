using System.Security.Cryptography.X509Certificates;
using Analytics.Topology.Local;
using Analytics.Topology.Security;

namespace Analytics.Topology.Tests.Security;

/// <summary>A CA is replaced with nobody ever distrusting anybody.</summary>
public sealed class AuthorityRotationTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Dictionary<string, string> files = [];

    public AuthorityRotationTests()
    {
        var authority = Certificates.CreateAuthority("hub", Now);
        files[LocalFiles.AuthorityCertificate] = authority.CertificatePem;
        files[LocalFiles.AuthorityKey] = authority.KeyPem;
    }

    [Fact]
    public void Whoever_has_taken_a_step_and_whoever_has_not_trust_each_other()
    {
        var (bundle, leaf, first) = (files[LocalFiles.AuthorityCertificate], Leaf(), files[LocalFiles.AuthorityCertificate]);
        var steps = new List<RotationStep>();
        for (RotationStep? step = RotationStep.Trust; step is { } next; step = AuthorityRotation.Pending(Read))
        {
            steps.Add(next);
            Write(AuthorityRotation.Apply(next, "hub", Read, Now));
            var (newBundle, newLeaf) = (files[LocalFiles.AuthorityCertificate], Leaf());
            Assert.True(Trusts(bundle, newLeaf), $"{next}: who is behind distrusts who is ahead");
            Assert.True(Trusts(newBundle, leaf), $"{next}: who is ahead distrusts who is behind");
            (bundle, leaf) = (newBundle, newLeaf);
        }

        Assert.Equal([RotationStep.Trust, RotationStep.Issue, RotationStep.Forget], steps);
        Assert.False(Trusts(first, leaf));
        Assert.Equal([LocalFiles.AuthorityCertificate, LocalFiles.AuthorityKey], files.Keys.Order(StringComparer.Ordinal));
        Assert.Single(Split(bundle));
    }

    [Fact]
    public void A_step_that_was_interrupted_between_two_files_is_applied_again()
    {
        Write(AuthorityRotation.Apply(RotationStep.Trust, "hub", Read, Now));
        var issue = AuthorityRotation.Apply(RotationStep.Issue, "hub", Read, Now);
        files[LocalFiles.AuthorityCertificate] = issue.Written.Single(file => file.Path == LocalFiles.AuthorityCertificate).Content;
        Assert.False(AuthorityRotation.CanIssue(Read));
        Assert.Equal(RotationStep.Issue, AuthorityRotation.Pending(Read));
        Write(AuthorityRotation.Apply(RotationStep.Issue, "hub", Read, Now));
        Assert.True(AuthorityRotation.CanIssue(Read));
        Assert.Equal(2, Split(files[LocalFiles.AuthorityCertificate]).Count);
        Assert.Equal(RotationStep.Forget, AuthorityRotation.Pending(Read));
    }

    [Fact]
    public void Beginning_again_keeps_the_authority_that_was_made_first()
    {
        Write(AuthorityRotation.Apply(RotationStep.Trust, "hub", Read, Now));
        var made = files[AuthorityRotation.NextCertificate];
        files[LocalFiles.AuthorityCertificate] = Split(files[LocalFiles.AuthorityCertificate])[0];
        Assert.Equal(RotationStep.Trust, AuthorityRotation.Pending(Read));
        Write(AuthorityRotation.Apply(RotationStep.Trust, "hub", Read, Now));
        Assert.Equal(made, files[AuthorityRotation.NextCertificate]);
    }

    [Fact]
    public void Nothing_is_pending_and_nothing_can_be_issued_out_of_turn()
    {
        Assert.Null(AuthorityRotation.Pending(Read));
        Assert.Throws<InvalidOperationException>(() => AuthorityRotation.Apply(RotationStep.Issue, "hub", Read, Now));
        Assert.Throws<InvalidOperationException>(() => AuthorityRotation.Apply(RotationStep.Trust, "hub", _ => null, Now));
    }

    private string? Read(string path) => files.GetValueOrDefault(path);

    private void Write((IReadOnlyList<OutputFile> Written, IReadOnlyList<string> Removed) changed)
    {
        foreach (var file in changed.Written)
        {
            Assert.Equal(file.Path.EndsWith(".key", StringComparison.Ordinal), file.Private);
            files[file.Path] = file.Content;
        }

        foreach (var path in changed.Removed)
            files.Remove(path);
    }

    private string Leaf() => Certificates.Issue(new KeyPair(files[LocalFiles.AuthorityCertificate], files[LocalFiles.AuthorityKey]), "etcd",
        ["etcd-1"], Now).CertificatePem;

    private static bool Trusts(string bundle, string leaf)
    {
        using var certificate = X509Certificate2.CreateFromPem(leaf);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(bundle);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = Now.LocalDateTime;
        return chain.Build(certificate);
    }

    private static List<string> Split(string pem)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(pem);
        return [.. all.Select(certificate => certificate.ExportCertificatePem() + "\n")];
    }
}
