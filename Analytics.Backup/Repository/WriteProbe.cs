namespace Analytics.Backup.Repository;

/// <summary>
/// Whether the repository takes anything at all. A full one, or keys that may only read, would otherwise first be met by the server's WAL, and
/// a backup would only see after <c>archive-timeout</c> that its WAL did not arrive.
/// </summary>
internal sealed class WriteProbe(PgBackRest pgBackRest)
{
    /// <summary>Removes an annotation that does not exist: nothing changes, but backup.info and its copy are rewritten.</summary>
    private const string NoAnnotation = "--annotation=hub-probe=";

    /// <summary>Writes. Only under the lock against other jobs, which write the same file.</summary>
    /// <param name="info">What the repository holds.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>False when nothing could be tried: without a set there is nothing to annotate, and no other command writes without a reason.</returns>
    /// <exception cref="BackupException">It takes nothing; the message says why.</exception>
    public async Task<bool> TryAsync(RepositoryInfo info, CancellationToken cancel)
    {
        if (info.Sets.Count == 0) return false;
        await pgBackRest.RequireAsync("annotate", ["--repo=1", $"--set={info.Sets[^1].Label}", NoAnnotation], cancel);
        return true;
    }
}
