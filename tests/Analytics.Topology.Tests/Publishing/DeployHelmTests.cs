namespace Analytics.Topology.Tests.Publishing;

/// <summary>deploy.sh --helm: the chart by helm, with the checks, secrets, waits and the verification of the manifests.</summary>
public sealed class DeployHelmTests : IDisposable
{
    private readonly DeployRun deploy = new();

    public void Dispose() => deploy.Dispose();

    [Fact]
    public async Task Makes_the_secrets_installs_the_chart_waits_and_verifies()
    {
        var run = await deploy.RunAsync("--yes", "--helm", deploy.Chart, "--context", "staging", "--values", "mine.yaml", "--set", "a=b");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Equal(["apply stdin", "secret timescaledb-credentials"], deploy.Changes[..2]);
        Assert.Equal(["helm upgrade", "wait statefulset/etcd", "wait statefulset/timescaledb", "wait deployment/gateway", "wait deployment/ingest"],
            deploy.Changes[2..].Where(change => !change.StartsWith("secret ", StringComparison.Ordinal)));
        var upgrades = deploy.Calls.Where(call => call.StartsWith("helm upgrade", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, upgrades.Count);
        Assert.Equal($"helm upgrade --install hub {deploy.Chart} --kube-context staging --namespace timescaledb --set createNamespace=false --set certManager.enabled=false --set monitoring.enabled=false --values mine.yaml --set a=b",
            upgrades[1]);
        Assert.Equal(upgrades[1] + " --dry-run=server", upgrades[0]);

        // The release's own jobs, whose names follow from its values, and no other.
        Assert.Contains(deploy.Calls, call => call.Contains("get job/etcd-auth-0a1b2c3d4e", StringComparison.Ordinal));
        Assert.Contains(deploy.Calls, call => call.Contains("get job/migrations-0a1b2c3d4e", StringComparison.Ordinal));
        Assert.Contains(deploy.Calls, call => call.Contains("get job/etcd-snapshot-0a1b2c3d4e", StringComparison.Ordinal));
        Assert.DoesNotContain(deploy.Calls, call => call.Contains("get job/", StringComparison.Ordinal) && call.Contains("-28912345", StringComparison.Ordinal));
        Assert.Contains("  STATUS: deployed\n", run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("--secrets-only", run.Text, StringComparison.Ordinal);
        Assert.Contains("is the primary", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_asks_the_server_and_changes_nothing()
    {
        var run = await deploy.RunAsync("--dry-run", "--helm", deploy.Chart);
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("  2 objects\n", run.Text, StringComparison.Ordinal);
        Assert.Empty(deploy.Changes);
        Assert.DoesNotContain(deploy.Calls, call => call.StartsWith("helm upgrade", StringComparison.Ordinal) && !call.EndsWith("--dry-run=server", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Upgrades_its_own_release_and_runs_a_failed_job_again()
    {
        deploy.Mark("namespace");
        deploy.Mark("released");
        deploy.Mark("failed-job");
        var run = await deploy.RunAsync(["--yes", "--helm", deploy.Chart], ("STUB_INSTALLED", "hub hub"));
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.InRange(deploy.Changes.IndexOf("delete job/etcd-auth-0a1b2c3d4e"), 0, deploy.Changes.IndexOf("helm upgrade"));
    }

    [Fact]
    public async Task What_the_cluster_does_not_know_is_left_out_of_the_chart_too()
    {
        using var recommended = new DeployRun("recommended");
        Assert.Equal(0, (await recommended.RunAsync("--yes", "--helm", recommended.Chart)).ExitCode);
        Assert.Contains(recommended.Calls, call => call.Contains("--set monitoring.enabled=false", StringComparison.Ordinal));
        recommended.Forget();
        Assert.Equal(0, (await recommended.RunAsync(["--yes", "--helm", recommended.Chart], ("STUB_CRDS", "all"), ("STUB_INSTALLED", "hub"))).ExitCode);
        Assert.DoesNotContain(recommended.Calls, call => call.Contains("monitoring.enabled", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("helm 3.12.3 is too old", "STUB_HELM_VERSION", "3.12.3")]
    [InlineData("belongs to Helm release other", "STUB_HELM", "other")]
    [InlineData("the cluster does not accept the chart; nothing was changed", "STUB_REFUSE", "1")]
    [InlineData("the chart was not installed", "STUB_CHART_FAILS", "1")]
    [InlineData("statefulset/etcd is not ready", "STUB_NOT_READY", "statefulset/etcd")]
    public async Task Says_why_it_stops(string message, string variable, string value)
    {
        deploy.Mark("namespace");
        var run = await deploy.RunAsync(["--yes", "--timeout", "1", "--helm", deploy.Chart], (variable, value));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(message, run.Text, StringComparison.Ordinal);
        if (variable is not ("STUB_CHART_FAILS" or "STUB_NOT_READY"))
            Assert.Empty(deploy.Changes);
    }

    [Fact]
    public async Task An_installation_from_the_manifests_is_not_taken_over()
    {
        deploy.Mark("namespace");
        deploy.Mark("manifests");
        var run = await deploy.RunAsync("--yes", "--helm", deploy.Chart);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("was installed in namespace timescaledb from the manifests", run.Text, StringComparison.Ordinal);
        Assert.Empty(deploy.Changes);
    }

    [Theory]
    [InlineData("--values and --set need --helm", "--set", "a=b")]
    [InlineData("--with is for the manifests", "--helm", ".", "--with", "external-service.yaml")]
    [InlineData("a release is removed by helm", "--helm", ".", "--uninstall")]
    [InlineData("nowhere holds no chart", "--helm", "nowhere")]
    [InlineData("--helm needs a value", "--helm")]
    public async Task Invalid_options_are_refused_with_the_reason(string message, params string[] arguments)
    {
        var run = await deploy.RunAsync(arguments);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(message, run.Text, StringComparison.Ordinal);
        Assert.Empty(deploy.Changes);
    }
}
