using System.Diagnostics;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using Analytics.Topology.Tests.Kubernetes;
using k8s.Models;

namespace Analytics.Topology.Tests.Publishing;

/// <summary>deploy.sh against a kubectl that only writes down what it is asked: order, a second run, removal, and its text.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public sealed class DeployScriptTests : IDisposable
{
    private readonly DeployRun deploy = new();

    public void Dispose() => deploy.Dispose();

    [Fact]
    public async Task Says_when_a_setting_waits_for_a_restart()
    {
        var run = await deploy.RunAsync(["--yes"], ("STUB_PENDING", """, "Pending restart": "*" """.TrimEnd()));
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("a changed setting waits for a restart", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Installs_in_order()
    {
        var run = await deploy.RunAsync(["--yes"], ("STUB_PRIMARY", "2"));
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("timescaledb-2 is the primary", run.Text, StringComparison.Ordinal);
        Assert.Contains("replication | ok | two standbys", run.Text, StringComparison.Ordinal);
        Assert.Contains("kubectl get secret timescaledb-credentials -n timescaledb -o jsonpath='{.data.APP_PASSWORD}' | base64 -d",
            run.Text, StringComparison.Ordinal);
        Assert.Contains("port-forward service/pgbouncer 6432", run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("restart", run.Text, StringComparison.Ordinal);

        Assert.Equal(["apply stdin", "secret timescaledb-credentials"], deploy.Changes[..2]);
        Assert.Equal(["apply namespace.yaml", "apply priorityclass.yaml", "apply configmap.yaml", "apply init-scripts-configmap.yaml",
            "apply network-policy.yaml",
            "apply patroni-config.yaml", "wait statefulset/etcd", "apply services.yaml", "apply statefulset.yaml",
            "wait statefulset/timescaledb",
            "apply pgbouncer.yaml", "wait deployment/gateway", "apply migrations-job.yaml", "apply ingest.yaml", "wait deployment/ingest",
            "apply backup-cronjob.yaml",
            "apply grafana-dashboards.yaml"],
            deploy.Changes[2..].Where(change => !change.StartsWith("secret ", StringComparison.Ordinal)));
        Assert.True(deploy.Changes.FindLastIndex(change => change.StartsWith("secret ", StringComparison.Ordinal))
            < deploy.Changes.IndexOf("apply namespace.yaml"));
        Assert.InRange(LastCall("get job/etcd-auth-"), FirstCall("patroni-config.yaml"), FirstCall("services.yaml"));
        Assert.InRange(LastCall("get job/migrations-"), FirstCall("migrations-job.yaml"), FirstCall("ingest.yaml"));
    }

    [Fact]
    public async Task Checks_every_object_at_the_server_before_the_first_is_applied()
    {
        Assert.Equal(0, (await deploy.RunAsync("--yes")).ExitCode);
        var checks = deploy.Calls.FindLastIndex(call => call.Contains("--dry-run=server", StringComparison.Ordinal));
        Assert.Equal(13, deploy.Calls.Count(call => call.Contains("--dry-run=server", StringComparison.Ordinal)));
        Assert.InRange(checks, 0, FirstCall("apply --server-side"));
        Assert.InRange(checks, 0, FirstCall("namespace.yaml"));
    }

    [Fact]
    public async Task Names_the_context_in_every_call()
    {
        Assert.Equal(0, (await deploy.RunAsync("--yes", "--context", "staging")).ExitCode);
        Assert.All(deploy.Calls.Where(call => call != "version --client"),
            call => Assert.StartsWith("--context staging ", call, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_run_changes_nothing()
    {
        Assert.Equal(0,
            (await deploy.RunAsync("--yes", "--s3-bucket", "b", "--s3-region", "r", "--s3-key", "k", "--s3-secret", "s")).ExitCode);
        var secrets = deploy.Secrets();
        deploy.Forget();
        var second = await deploy.RunAsync("--yes", "--s3-bucket", "b", "--s3-region", "r", "--s3-key", "k", "--s3-secret", "s");
        Assert.True(second.ExitCode == 0, second.Text);
        Assert.All(deploy.Changes, change => Assert.StartsWith("wait ", change, StringComparison.Ordinal));
        Assert.Contains("Nothing had to be changed", second.Text, StringComparison.Ordinal);
        Assert.Equal(secrets, deploy.Secrets());
    }

    [Fact]
    public async Task Failed_job_is_run_again()
    {
        deploy.Mark("failed-job");
        var run = await deploy.RunAsync("--yes");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains(deploy.Changes, change => change.StartsWith("delete job/etcd-auth-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dry_run_checks_everything_and_changes_nothing(bool exists)
    {
        if (exists)
            deploy.Mark("namespace");
        var before = deploy.Secrets();
        var run = await deploy.RunAsync("--dry-run");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("  statefulset.yaml\n", run.Text, StringComparison.Ordinal);
        Assert.Contains("would write Secret timescaledb-credentials", run.Text, StringComparison.Ordinal);
        Assert.Equal(!exists, run.Text.Contains("checked as if in \"default\"", StringComparison.Ordinal));
        Assert.Empty(deploy.Changes);
        Assert.Equal(before, deploy.Secrets());
    }

    [Fact]
    public async Task Makes_the_secrets_alone_when_asked_even_for_a_release_of_the_chart()
    {
        deploy.Mark("namespace");
        var run = await deploy.RunAsync(["--yes", "--secrets-only"], ("STUB_HELM", "hub"));
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.All(deploy.Changes, change => Assert.StartsWith("secret ", change, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_cluster_does_not_know_is_left_out_and_said()
    {
        using var recommended = new DeployRun("recommended");
        var run = await recommended.RunAsync("--yes");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("monitoring.yaml is left out: the cluster does not know servicemonitors.monitoring.coreos.com", run.Text,
            StringComparison.Ordinal);
        Assert.DoesNotContain("apply monitoring.yaml", recommended.Changes);
        var other = await recommended.RunAsync(["--yes"], ("STUB_CRDS", "all"));
        Assert.True(other.ExitCode == 0, other.Text);
        Assert.Contains("apply monitoring.yaml", recommended.Changes);
    }

    [Fact]
    public async Task Cert_manager_takes_the_place_of_openssl()
    {
        var run = await deploy.RunAsync(["--yes", "--cert-manager"], ("STUB_CRDS", "all"));
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.InRange(deploy.Changes.IndexOf("apply cert-manager.yaml"), 1, deploy.Changes.IndexOf("apply patroni-config.yaml"));
        Assert.DoesNotContain(deploy.Secrets().Keys, key => key.Contains("-tls", StringComparison.Ordinal));
        Assert.Contains("does not know issuers.cert-manager.io", (await deploy.RunAsync("--yes", "--cert-manager")).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Optional_files_are_applied_when_named()
    {
        Assert.Equal(0, (await deploy.RunAsync("--yes", "--with", "openshift-scc.yaml")).ExitCode);
        Assert.InRange(deploy.Changes.IndexOf("apply openshift-scc.yaml"), 1, deploy.Changes.IndexOf("apply patroni-config.yaml"));
    }

    [Fact]
    public async Task Uninstall_leaves_the_volumes_and_what_opens_them()
    {
        Assert.Equal(0, (await deploy.RunAsync("--yes")).ExitCode);
        deploy.Forget();
        var run = await deploy.RunAsync("--uninstall", "--yes");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.DoesNotContain(deploy.Changes,
            change => change.Contains("persistentvolume", StringComparison.Ordinal) || change.Contains("delete namespace",
                StringComparison.Ordinal)
            || change.Contains("timescaledb-credentials", StringComparison.Ordinal) || change.Contains("backup-s3",
                StringComparison.Ordinal));
        var removed = string.Join(' ', deploy.Changes);
        foreach (var kind in Published.Of("dev").Objects.Where(item => item is not (V1PersistentVolumeClaim or V1Secret or V1Namespace
            or CustomObject)).Select(item => item.Kind).Distinct())
            Assert.Contains(kind.ToLowerInvariant(), removed, StringComparison.Ordinal);
        Assert.True(deploy.Changes.FindIndex(change => change.StartsWith("delete statefulset timescaledb", StringComparison.Ordinal))
            < deploy.Changes.FindIndex(change => change.StartsWith("delete statefulset,", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Delete_volumes_removes_the_disks_of_the_provisioner_and_the_namespace_too()
    {
        deploy.Mark("namespace");
        var run = await deploy.RunAsync("--uninstall", "--yes", "--delete-volumes");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains(deploy.Changes, change => change.StartsWith("patch persistentvolume pv-1", StringComparison.Ordinal));
        Assert.DoesNotContain(deploy.Changes, change => change.StartsWith("patch persistentvolume pv-2", StringComparison.Ordinal));
        Assert.Contains(deploy.Changes, change => change.StartsWith("delete persistentvolumeclaim", StringComparison.Ordinal));
        Assert.Contains("delete namespace timescaledb --ignore-not-found", deploy.Changes);

        deploy.Forget();
        Assert.Equal(0, (await deploy.RunAsync(["--uninstall", "--yes", "--delete-volumes"], ("STUB_LEFT", "pod/other"))).ExitCode);
        Assert.DoesNotContain(deploy.Changes, change => change.StartsWith("delete namespace", StringComparison.Ordinal));

        deploy.Forget();
        Assert.Equal(0, (await deploy.RunAsync("--uninstall", "--dry-run", "--delete-volumes")).ExitCode);
        Assert.Empty(deploy.Changes);
    }

    [Fact]
    public async Task An_interrupted_run_leaves_no_file_and_the_next_one_goes_on()
    {
        if (DeployRun.Find("setsid") is null)
            Prerequisites.Missing("setsid (util-linux).");
        using var process = deploy.StartInSession(["--yes"], ("STUB_HANG", "statefulset/etcd"));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (!deploy.IsMarked("hanging"))
            await Task.Delay(50, limit.Token);
        Assert.NotEmpty(Directory.GetFileSystemEntries(deploy.Temporary));
        await DeployRun.ToolAsync("bash", "-c",
            $"kill -INT -- -$(ps -o pid= --ppid {process.Id} | tr -d ' ') 2>/dev/null || kill -INT -- -{process.Id}");
        var run = await DeployRun.EndAsync(process);
        Assert.Equal(130, run.ExitCode);
        Assert.Contains("interrupted", run.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(deploy.Temporary));

        var secrets = deploy.Secrets();
        Assert.Equal(0, (await deploy.RunAsync("--yes")).ExitCode);
        Assert.Equal(secrets, deploy.Secrets());
    }

    [Fact]
    public async Task Uninstall_leaves_the_classes_that_another_hub_uses()
    {
        deploy.Mark("namespace");
        var shared = await deploy.RunAsync(["--uninstall", "--yes"], ("STUB_OTHERS", "elsewhere"));
        Assert.True(shared.ExitCode == 0, shared.Text);
        Assert.Contains("classes are left: Hub is in namespace elsewhere too", shared.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(deploy.Changes, change => change.Contains("priorityclass", StringComparison.Ordinal));
        Assert.Equal(0, (await deploy.RunAsync("--uninstall", "--yes")).ExitCode);
        Assert.Contains(deploy.Changes, change => change.Contains("delete priorityclass,storageclass", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Makes_an_api_key_of_which_only_the_hash_leaves_the_machine()
    {
        deploy.Mark("namespace");
        var run = await deploy.RunAsync(["--api-key", "checkout"], ("STUB_HELM", "hub"));
        Assert.True(run.ExitCode == 0, run.Text);
        var key = run.Text.Trim().Split(' ')[^1];
        Assert.Matches("^hub_[A-Za-z0-9]{32}$", key);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(key)));
        Assert.Contains(deploy.Calls,
            call => call.Contains($@"create_api_key('checkout', 'deploy.sh', '\x{hash}', '{key[..12]}', now() + interval '365 days')",
                StringComparison.Ordinal));
        Assert.DoesNotContain(deploy.Calls, call => call.Contains(key, StringComparison.Ordinal));
        Assert.Empty(deploy.Changes);
        Assert.Equal(1, (await deploy.RunAsync("--api-key", "a'b")).ExitCode);
    }

    [Theory]
    [InlineData("30", "now() + interval '30 days')", "good for 30 days")]
    [InlineData("never", "NULL)", "good until it is revoked")]
    public async Task Key_is_valid_for_the_given_days(string days, string sql, string said)
    {
        var run = await deploy.RunAsync("--api-key", "checkout", "--key-days", days);
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains(said, run.Text, StringComparison.Ordinal);
        Assert.Contains(deploy.Calls,
            call => call.Contains("create_api_key(", StringComparison.Ordinal) && call.Contains(sql, StringComparison.Ordinal));
        Assert.Equal(1, (await deploy.RunAsync("--api-key", "checkout", "--key-days", "0")).ExitCode);
    }

    [Fact]
    public async Task Limits_of_a_key_are_set_and_removed()
    {
        var run = await deploy.RunAsync("--limit-key", "7", "--requests-per-second", "0.5", "--bytes-per-second", "1000000",
            "--calls-per-day", "none");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("Limits of key 7: 20 requests/s.", run.Text, StringComparison.Ordinal);
        Assert.Contains(deploy.Calls, call => call.Contains(
            "SET max_requests_per_second = 0.5, max_bytes_per_second = 1000000, max_calls_per_day = NULL WHERE k.key_id = 7 ",
            StringComparison.Ordinal));
        Assert.Contains("there is no key 8", (await deploy.RunAsync("--limit-key", "8", "--calls-per-day", "1")).Text,
            StringComparison.Ordinal);
        Assert.Empty(deploy.Changes);
    }

    [Theory]
    [InlineData("needs a limit", "--limit-key", "7")]
    [InlineData("limits need --limit-key", "--calls-per-day", "1")]
    [InlineData("is no number of a key", "--limit-key", "7 OR true", "--calls-per-day", "1")]
    [InlineData("is no number, and not", "--limit-key", "7", "--calls-per-day", "1; DROP")]
    [InlineData("is no number, and not", "--limit-key", "7", "--requests-per-second", "1.2.3")]
    [InlineData("is no whole number", "--limit-key", "7", "--bytes-per-second", "1.5")]
    [InlineData("needs a value", "--limit-key", "7", "--bytes-per-second")]
    public async Task Limits_that_are_no_numbers_reach_no_database(string problem, params string[] options)
    {
        var run = await deploy.RunAsync(options);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(problem, run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(deploy.Calls, call => call.Contains("UPDATE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_are_listed_and_revoked()
    {
        Assert.Contains("7 | checkout | deploy.sh | hub_abcdefgh", (await deploy.RunAsync("--list-keys")).Text, StringComparison.Ordinal);
        var revoked = await deploy.RunAsync("--revoke-key", "7");
        Assert.True(revoked.ExitCode == 0, revoked.Text);
        Assert.Contains("Revoked key 7, hub_abcdefgh", revoked.Text, StringComparison.Ordinal);
        var unknown = await deploy.RunAsync("--revoke-key", "8");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("there is no key 8 that is not revoked", unknown.Text, StringComparison.Ordinal);
        Assert.Equal(1, (await deploy.RunAsync("--revoke-key", "7 OR true")).ExitCode);
        Assert.Empty(deploy.Changes);
    }

    [Fact]
    public void Its_lists_are_those_of_the_manifests()
    {
        foreach (var size in PublishSize.All)
        {
            var files = KubernetesManifests.For(size.Topology, size.Options);
            var text = DeployScript.Render(size, files).Content;
            Assert.All(files.Where(file => !file.Optional), file => Assert.Contains($"\n  '{file.Name}", text, StringComparison.Ordinal));
            Assert.All(Topology.Secrets.All, key => Assert.Contains($"\n  '{key}'\n", text, StringComparison.Ordinal));
            Assert.DoesNotContain("# @", text, StringComparison.Ordinal);
            Assert.IsType<V1Namespace>(files[0].Objects[0]);
        }
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("minimum")]
    [InlineData("recommended")]
    public async Task Is_clean_to_bash_and_shellcheck(string size)
    {
        using var other = new DeployRun(size);
        var parsed = await DeployRun.ToolAsync("bash", "-n", other.Script);
        Assert.True(parsed.ExitCode == 0, parsed.Text);
        if (DeployRun.Find("shellcheck") is null)
            Prerequisites.Missing("shellcheck on the PATH.");
        var run = await DeployRun.ToolAsync("shellcheck", other.Script);
        Assert.True(run.ExitCode == 0, run.Text);
    }

    private int FirstCall(string part) => Call(deploy.Calls.FindIndex(call => IsChange(call, part)), part);

    private int LastCall(string part) => Call(deploy.Calls.FindLastIndex(call => IsChange(call, part)), part);

    private static bool IsChange(string call, string part) => call.Contains(part, StringComparison.Ordinal)
        && !call.Contains("--dry-run", StringComparison.Ordinal);

    private static int Call(int index, string part)
    {
        Assert.True(index >= 0, $"kubectl was never called with {part}");
        return index;
    }
}
