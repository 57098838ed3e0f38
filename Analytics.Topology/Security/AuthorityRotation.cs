using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Analytics.Topology.Security;

/// <summary>What replacing a CA has still before it.</summary>
public enum RotationStep
{
    /// <summary>Everybody is to trust the new CA beside the old one, which goes on issuing.</summary>
    Trust,

    /// <summary>The new CA issues; the old one is still trusted.</summary>
    Issue,

    /// <summary>The old CA is trusted no more.</summary>
    Forget,
}

/// <summary>
/// Replaces a CA without a moment at which two components do not trust each other: the new one is trusted before it issues, and the old one
/// until nothing is left that it has issued. After each step every component has to take the new files before the next may begin. How far
/// it came stands in the files themselves, so a rotation that was interrupted goes on. Of several certificates in one file the first is the
/// CA that issues; the others are only trusted.
/// </summary>
public static class AuthorityRotation
{
    public const string NextCertificate = "ca/next.crt";
    public const string NextKey = "ca/next.key";
    private const string Certificate = Local.LocalFiles.AuthorityCertificate;
    private const string Key = Local.LocalFiles.AuthorityKey;

    /// <summary>The step that an earlier rotation left undone, or null when none is under way.</summary>
    /// <param name="read">A file's text by its path, or null where there is none.</param>
    public static RotationStep? Pending(Func<string, string?> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        var trusted = Split(read(Certificate) ?? "");
        if (read(NextCertificate) is not { } next || read(NextKey) is null)
            return trusted.Count > 1 ? RotationStep.Forget : null;
        return trusted.Contains(Split(next).Single()) ? RotationStep.Issue : RotationStep.Trust;
    }

    /// <summary>The CA's files as a step leaves them.</summary>
    /// <param name="step">What to do: the pending step, or <see cref="RotationStep.Trust"/> to begin.</param>
    /// <param name="name">Of the new CA, as in <see cref="Certificates.CreateAuthority"/>.</param>
    /// <param name="read">A file's text by its path, or null where there is none.</param>
    /// <param name="now">Start of the new CA's life.</param>
    /// <returns>What is to be written, and then the paths of what goes.</returns>
    /// <exception cref="InvalidOperationException">There is no CA, or the step does not follow from what is there.</exception>
    public static (IReadOnlyList<OutputFile> Written, IReadOnlyList<string> Removed) Apply(RotationStep step, string name,
        Func<string, string?> read, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(read);
        var trusted = Split(read(Certificate) ?? "");
        if (trusted.Count == 0)
            throw new InvalidOperationException($"{Certificate} holds no certificate.");
        var next = read(NextCertificate) is { } certificate && read(NextKey) is { } key ? new KeyPair(certificate, key) : null;
        switch (step)
        {
            case RotationStep.Trust:
                next ??= Certificates.CreateAuthority(name, now);
                return (
                    [
                        new(NextKey, next.KeyPem, Private: true),
                        new(NextCertificate, next.CertificatePem),
                        new(Certificate, string.Concat(trusted[0], Split(next.CertificatePem).Single())),
                    ], []);
            case RotationStep.Issue when next is not null:
                var issuing = Split(next.CertificatePem).Single();
                return (
                    [
                        new(Key, next.KeyPem, Private: true),
                        new(Certificate, string.Concat(trusted.Where(other => other != issuing).Prepend(issuing))),
                    ], [NextCertificate, NextKey]);
            case RotationStep.Forget when next is null:
                return ([new(Certificate, trusted[0])], []);
            default:
                throw new InvalidOperationException($"Step {step} does not follow from the files of the CA.");
        }
    }

    /// <summary>
    /// Whether the CA's key belongs to the certificate that issues. Where it does not, a rotation was interrupted while it wrote
    /// <see cref="RotationStep.Issue"/>: nothing can be issued before that step is applied again, and what the step before it gave out is
    /// in use.
    /// </summary>
    /// <param name="read">A file's text by its path, or null where there is none.</param>
    public static bool CanIssue(Func<string, string?> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            using var issuer = X509Certificate2.CreateFromPem(read(Certificate) ?? "", read(Key) ?? "");
            return true;
        }
        catch (Exception mismatch) when (mismatch is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Every certificate of a file, in its order, in one form.</summary>
    private static List<string> Split(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        try
        {
            return [.. certificates.Select(item => item.ExportCertificatePem() + "\n")];
        }
        finally
        {
            foreach (var item in certificates)
                item.Dispose();
        }
    }
}
