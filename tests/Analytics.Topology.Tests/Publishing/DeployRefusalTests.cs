using Analytics.Topology.Kubernetes;
namespace Analytics.Topology.Tests.Publishing;

/// <summary>What deploy.sh says, and that it says it before the cluster is touched.</summary>
public sealed class DeployRefusalTests : IDisposable
{
    private readonly DeployRun deploy = new();

    public void Dispose() => deploy.Dispose();

    [Theory]
    [InlineData("STUB_CLIENT", "1.25.3", "kubectl 1.25.3 is too old")]
    [InlineData("STUB_MINOR", "27", "runs Kubernetes 1.27")]
    [InlineData("STUB_NO_CONTEXT", "1", "kubectl has no current context")]
    [InlineData("STUB_DOWN", "stub", "the cluster of context stub does not answer")]
    [InlineData("STUB_DEFAULT_CLASS", "", "no default storage class")]
    public async Task Refuses_an_unsuitable_cluster(string variable, string value, string message) => await RefusesAsync(message, ["--yes"], (variable, value));

    [Theory]
    [InlineData("STUB_HELM", "other", "belongs to Helm release other")]
    [InlineData("STUB_RELEASES", "tsdb tsdb", "belongs to Helm release tsdb")]
    [InlineData("STUB_INSTALLED", "hub hub", "belongs to Helm release hub")]
    [InlineData("STUB_OWNER", "somebody", "belongs to somebody")]
    [InlineData("STUB_PHASE", "Terminating", "is being deleted")]
    public async Task Refuses_a_foreign_namespace(string variable, string value, string message)
    {
        deploy.Mark("namespace");
        await RefusesAsync(message, ["--yes"], (variable, value));
        if (variable != "STUB_PHASE")
            await RefusesAsync(message, ["--uninstall", "--yes"], (variable, value));
    }

    [Theory]
    [InlineData("kubectl")]
    [InlineData("openssl")]
    public async Task A_machine_without_its_programs(string program) =>
        await RefusesAsync($"{program} is not on the PATH", ["--yes"], ("PATH", deploy.PathWithout(program)));

    [Theory]
    [InlineData("nobody is there to ask")]
    [InlineData("nobody is there to ask", "--uninstall")]
    [InlineData("unknown option --force", "--force")]
    [InlineData("--timeout soon is no number of seconds", "--timeout", "soon")]
    [InlineData("--context needs a value", "--context")]
    [InlineData("--delete-volumes needs --uninstall", "--delete-volumes", "--yes")]
    [InlineData("secrets.yaml is no optional file", "--with", "secrets.yaml")]
    [InlineData("the S3 settings lack --s3-region --s3-key (or HUB_S3_KEY) --s3-secret (or HUB_S3_SECRET)", "--s3-bucket", "backups")]
    public async Task Refuses_invalid_options(string message, params string[] arguments)
    {
        if (arguments.Contains("--uninstall"))
            deploy.Mark("namespace");
        await RefusesAsync(message, arguments);
    }

    /// <summary>
    /// What is committed names no registry. Pods would wait for images that nobody has, for as long as deploy.sh waits for a part.
    /// </summary>
    [Fact]
    public async Task Manifests_that_name_no_registry_for_hubs_own_images()
    {
        using var committed = new DeployRun("recommended", registry: null);
        var run = await committed.RunAsync("--yes");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Hub's own images (ingest, migrations, backup) have no registry", run.Text, StringComparison.Ordinal);
        Assert.Contains("./hub images --push --registry", run.Text, StringComparison.Ordinal);
        Assert.Empty(committed.Changes);

        // The chart's values may name one, so what comes out of them is looked at.
        run = await committed.RunAsync(["--yes", "--helm", committed.Chart], ("STUB_IMAGE", $"{Images.NoRegistry}/ingest:1"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("have no registry", run.Text, StringComparison.Ordinal);
        Assert.Equal(["apply stdin", "delete namespace"], committed.Changes.Select(change => string.Join(' ', change.Split(' ').Take(2))));
        Assert.Equal(0, (await committed.RunAsync(["--yes", "--helm", committed.Chart], ("STUB_IMAGE", "registry.example.com/hub/ingest:1"))).ExitCode);

        // Passwords are the same wherever the images are.
        Assert.Equal(0, (await committed.RunAsync("--yes", "--secrets-only")).ExitCode);
    }

    [Fact]
    public async Task Refuses_a_cluster_without_a_bucket_for_backups()
    {
        using var recommended = new DeployRun("recommended");
        recommended.DropSecret(KubernetesNames.BackupStorage);
        var run = await recommended.RunAsync("--yes");
        Assert.True(run.ExitCode == 1, run.Text);
        Assert.Contains("backups have no place to go", run.Text, StringComparison.Ordinal);
        Assert.Empty(recommended.Changes);
        await RefusesAsync("--s3-ca /nowhere cannot be read", ["--yes", "--s3-bucket", "b", "--s3-region", "r", "--s3-key", "k", "--s3-secret", "s", "--s3-ca", "/nowhere"]);
    }

    [Fact]
    public async Task Storage_classes_of_another_cloud()
    {
        using var recommended = new DeployRun("recommended");
        var run = await recommended.RunAsync(["--yes"], ("STUB_NO_DRIVER", "1"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("the cluster has no driver ebs.csi.aws.com", run.Text, StringComparison.Ordinal);
        Assert.Empty(recommended.Changes);
    }

    [Fact]
    public async Task A_volume_whose_passwords_are_lost()
    {
        deploy.Mark("namespace");
        await RefusesAsync("Restore the Secret from a copy", ["--yes"], ("STUB_CLAIMS", "persistentvolumeclaim/data-timescaledb-1"));
    }

    [Fact]
    public async Task Too_little_room_is_a_warning_with_figures()
    {
        var run = await deploy.RunAsync(["--yes"], ("STUB_NODES", "1"), ("STUB_MEMORY", "1048576Ki"), ("STUB_USED", "7900m"));
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("warning: 100m of CPU are free, and the pods ask for", run.Text, StringComparison.Ordinal);
        Assert.Contains("warning: 0 MiB of memory are free, and the pods ask for", run.Text, StringComparison.Ordinal);
        var none = await deploy.RunAsync(["--yes"], ("STUB_NODES", "0"));
        Assert.Contains("warning: 0 nodes take pods", none.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_that_the_server_does_not_accept_leaves_a_fresh_cluster_as_it_was()
    {
        var run = await deploy.RunAsync(["--yes"], ("STUB_REFUSE", "kind: StatefulSet"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("does not accept patroni-config.yaml", run.Text, StringComparison.Ordinal);
        Assert.Equal(["apply stdin", "delete namespace timescaledb --wait=false"], deploy.Changes);
    }

    [Fact]
    public async Task A_critical_health_check_is_a_failure()
    {
        var run = await deploy.RunAsync(["--yes"], ("STUB_HEALTH", "critical"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("the health check is critical", run.Text, StringComparison.Ordinal);
        Assert.Contains("no member is the primary", (await deploy.RunAsync(["--yes"], ("STUB_PRIMARY", "none"))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_that_does_not_become_ready_is_named()
    {
        var run = await deploy.RunAsync(["--yes", "--timeout", "1"], ("STUB_NOT_READY", "statefulset/timescaledb"));
        Assert.Equal(1, run.ExitCode);
        Assert.Matches("statefulset/timescaledb is not ready after [1-9] s", run.Text);
        Assert.DoesNotContain("apply pgbouncer.yaml", deploy.Changes);
    }

    /// <summary>Not after fifteen minutes of "Waiting for 3 pods".</summary>
    [Fact]
    public async Task Why_pods_do_not_run_is_said_while_they_are_waited_for()
    {
        const string States = "pod|timescaledb-1|Unschedulable|0/1 nodes are available: 1 Insufficient memory.\\n"
            + "pod|etcd-1||\\ncontainer|etcd|ImagePullBackOff|Back-off pulling image \"quay.io/nowhere\"\\n"
            + "pod|etcd-2||\\ncontainer|etcd|ContainerCreating|\\npod|etcd-3||\\ncontainer|etcd||\\n";
        var run = await deploy.RunAsync(["--yes", "--timeout", "2"], ("STUB_NOT_READY", "statefulset/timescaledb"), ("STUB_REASONS", States));
        var told = run.Text.Split('\n');
        var part = told[Array.IndexOf(told, "== statefulset.yaml")..];
        Assert.Single(part, "  timescaledb-1: Unschedulable: 0/1 nodes are available: 1 Insufficient memory.");
        Assert.Single(part, "  etcd-1/etcd: ImagePullBackOff: Back-off pulling image \"quay.io/nowhere\"");
        Assert.DoesNotContain("etcd-2", run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("etcd-3/", run.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" active: failed:", "waits for its pod")]
    [InlineData(" active:1 failed:", "attempt 1 runs")]
    [InlineData(" active:1 failed:2", "attempt 3 runs")]
    public async Task The_state_of_a_job_is_said_in_words(string state, string words)
    {
        var run = await deploy.RunAsync(["--yes"], ("STUB_RUNNING", state));
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Matches($@"  job/etcd-auth-[0-9a-f]+: {words} \([0-9]+ s\)\n", run.Text);
        Assert.DoesNotContain("active:", run.Text, StringComparison.Ordinal);
    }

    private async Task RefusesAsync(string message, string[] arguments, params (string, string)[] environment)
    {
        var run = await deploy.RunAsync(arguments, environment);
        Assert.True(run.ExitCode == 1, run.Text);
        Assert.Contains(message, run.Text, StringComparison.Ordinal);
        Assert.Empty(deploy.Changes);
        Assert.Empty(Directory.GetFileSystemEntries(deploy.Temporary));
    }
}
