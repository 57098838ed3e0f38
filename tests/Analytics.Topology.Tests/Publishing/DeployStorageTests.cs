using Analytics.Topology.Kubernetes;

namespace Analytics.Topology.Tests.Publishing;

/// <summary>A bucket, or other keys of it, named when Hub runs already: members read it when they start, and archiving needs a
/// stanza.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public sealed class DeployStorageTests : IDisposable
{
    private const string Restart = "restart statefulset/timescaledb", Stanza = "stanza-create";
    private static readonly string[] Bucket = ["--s3-bucket", "b", "--s3-region", "r", "--s3-key", "k", "--s3-secret"];
    private readonly DeployRun deploy = new(bucket: false);

    public void Dispose() => deploy.Dispose();

    [Fact]
    public async Task A_new_bucket_and_new_keys_restart_the_members_once()
    {
        Assert.Empty(await ChangesAsync());
        Assert.Equal([Restart, Stanza], await ChangesAsync([.. Bucket, "s"]));
        Assert.Empty(await ChangesAsync([.. Bucket, "s"]));
        Assert.Equal([Restart, Stanza], await ChangesAsync([.. Bucket, "other"]));
        Assert.Empty(await ChangesAsync());
    }

    [Fact]
    public async Task A_cluster_that_begins_with_a_bucket_is_not_restarted()
    {
        Assert.Empty(await ChangesAsync([.. Bucket, "s"]));
        Assert.Empty(await ChangesAsync([.. Bucket, "s"]));
    }

    [Fact]
    public async Task What_somebody_else_wrote_into_the_Secret_is_seen()
    {
        await ChangesAsync([.. Bucket, "s"]);
        deploy.SetSecret(KubernetesNames.BackupStorage, "PGBACKREST_REPO1_S3_KEY", "rotated");
        Assert.Equal([Restart, Stanza], await ChangesAsync());
    }

    [Fact]
    public async Task A_setting_that_is_taken_back_is_removed()
    {
        await ChangesAsync([.. Bucket, "s", "--s3-path-style"]);
        Assert.Equal([Restart, Stanza], await ChangesAsync([.. Bucket, "s"]));
        Assert.Null(deploy.Secret(KubernetesNames.BackupStorage, "PGBACKREST_REPO1_S3_URI_STYLE"));
    }

    [Fact]
    public async Task A_run_that_was_interrupted_is_taken_up_by_the_next()
    {
        await ChangesAsync();
        var run = await deploy.RunAsync(["--yes", "--timeout", "1", .. Bucket, "s"], ("STUB_NOT_READY", "statefulset/etcd"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("kubectl -n timescaledb rollout restart statefulset/timescaledb", run.Text, StringComparison.Ordinal);
        Assert.Equal([Restart, Stanza], await ChangesAsync());
    }

    [Fact]
    public async Task A_repository_that_cannot_be_used_is_told_and_tried_again()
    {
        await ChangesAsync();
        var run = await deploy.RunAsync(["--yes", .. Bucket, "s"], ("STUB_STANZA", "28"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("error: the backup repository cannot be used", run.Text, StringComparison.Ordinal);
        deploy.Mark("busy");
        Assert.Equal([Restart, Stanza, Stanza], await ChangesAsync());
    }

    /// <summary>Without a bucket each job would fail, day after day.</summary>
    [Fact]
    public async Task Backup_jobs_are_suspended_until_a_bucket_is_named()
    {
        await ChangesAsync();
        Assert.Equal(4, deploy.Applied("backup-cronjob.yaml").Split("\n  suspend: true\n").Length - 1);
        await ChangesAsync([.. Bucket, "s"]);
        Assert.DoesNotContain("suspend: true", deploy.Applied("backup-cronjob.yaml"), StringComparison.Ordinal);
        Assert.Equal(4, deploy.Applied("backup-cronjob.yaml").Split("\n  suspend: false\n").Length - 1);
        deploy.Forget();
        var run = await deploy.RunAsync("--yes");
        Assert.Contains("Nothing had to be changed", run.Text, StringComparison.Ordinal);
    }

    /// <summary>Helm and kubectl apply -k restart nothing by themselves.</summary>
    [Fact]
    public async Task Secrets_alone_say_what_is_left_to_do()
    {
        await ChangesAsync();
        var run = await deploy.RunAsync(["--yes", "--secrets-only", .. Bucket, "s"]);
        Assert.Contains("rollout restart statefulset/timescaledb", run.Text, StringComparison.Ordinal);
        Assert.Contains("sh -c 'PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD exec pgbackrest --stanza=hub stanza-create'", run.Text,
            StringComparison.Ordinal);
        Assert.Contains("backup.suspend=false", run.Text, StringComparison.Ordinal);
    }

    /// <summary>Runs the script and gives what it restarted or made of the repository.</summary>
    private async Task<IReadOnlyList<string>> ChangesAsync(params string[] arguments)
    {
        deploy.Forget();
        var run = await deploy.RunAsync(["--yes", .. arguments]);
        Assert.True(run.ExitCode == 0, run.Text);
        return [.. deploy.Changes.Where(change => change is Restart or Stanza)];
    }
}
