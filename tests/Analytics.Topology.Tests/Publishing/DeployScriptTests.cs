using System.Diagnostics;
using System.Runtime.CompilerServices;
using Analytics.Topology.Publishing;

namespace Analytics.Topology.Tests.Publishing;

/// <summary>deploy.sh against a kubectl that only writes down what it is asked: order, a second run, and what it refuses.</summary>
public sealed class DeployScriptTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("hub-deploy-").FullName;

    public DeployScriptTests()
    {
        foreach (var tool in new[] { "bash", "openssl" }.Where(tool => !IsThere(tool)))
            Prerequisites.Missing($"{tool} is not on the PATH.");
        OutputFiles.Write(directory, PublishedFiles.For(PublishSize.Named("dev")));
        var stub = Path.Combine(directory, "bin", "kubectl");
        OutputFiles.Write(directory, [new OutputFile("bin/kubectl", File.ReadAllText(Path.Combine(Here(), "kubectl-stub.sh")), Executable: true)]);
        Assert.True(File.Exists(stub));
        Directory.CreateDirectory(State);
    }

    private string State => Path.Combine(directory, "state");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Installs_in_order_and_a_second_run_changes_nothing()
    {
        var first = await RunAsync("--yes");
        Assert.True(first.ExitCode == 0, first.Text);
        Assert.Contains("timescaledb-2 is the primary", first.Text, StringComparison.Ordinal);
        Assert.Contains("replication | ok | two standbys", first.Text, StringComparison.Ordinal);
        var changes = Changes();
        Assert.Equal(["namespace.yaml", "namespace.yaml", "priorityclass.yaml", "configmap.yaml", "init-scripts-configmap.yaml", "network-policy.yaml", "patroni-config.yaml",
            "services.yaml", "statefulset.yaml", "pgbouncer.yaml", "migrations-job.yaml", "ingest.yaml", "backup-cronjob.yaml"],
            changes.Where(change => change.StartsWith("apply ", StringComparison.Ordinal)).Select(change => change["apply ".Length..]));
        Assert.True(changes.IndexOf("secret timescaledb-credentials") < changes.IndexOf("apply patroni-config.yaml"));
        Assert.True(changes.FindIndex(change => change.StartsWith("wait rollout status statefulset/etcd", StringComparison.Ordinal)) < changes.IndexOf("apply statefulset.yaml"));
        var secrets = Secrets();

        File.Delete(Path.Combine(State, "changes"));
        var second = await RunAsync("--yes");
        Assert.True(second.ExitCode == 0, second.Text);
        Assert.DoesNotContain(Changes(), change => change.StartsWith("secret", StringComparison.Ordinal));
        Assert.Equal(secrets, Secrets());
    }

    [Fact]
    public async Task Makes_every_secret_that_the_pods_mount_and_loses_no_password()
    {
        Assert.Equal(0, (await RunAsync("--yes", "--secrets-only")).ExitCode);
        var made = Kubernetes.Published.Of("dev").All<k8s.Models.V1Secret>().SelectMany(secret =>
            secret.Metadata.Annotations["analytics-hub/keys"].Split(',').Select(key => $"{secret.Metadata.Name}/{key}")).ToList();
        Assert.All(made, path => Assert.True(new FileInfo(Path.Combine(State, "secrets", path)) is { Exists: true, Length: > 0 }, path));
        Assert.DoesNotContain(Changes(), change => change == "apply statefulset.yaml");

        var password = File.ReadAllText(Path.Combine(State, "secrets/timescaledb-credentials/APP_PASSWORD"));
        File.Delete(Path.Combine(State, "secrets/timescaledb-credentials/OWNER_PASSWORD"));
        Assert.Equal(0, (await RunAsync("--yes", "--secrets-only")).ExitCode);
        Assert.Equal(password, File.ReadAllText(Path.Combine(State, "secrets/timescaledb-credentials/APP_PASSWORD")));
        Assert.True(File.Exists(Path.Combine(State, "secrets/timescaledb-credentials/OWNER_PASSWORD")));
    }

    [Fact]
    public async Task A_dry_run_checks_everything_and_changes_nothing()
    {
        var run = await RunAsync("--dry-run");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("  statefulset.yaml\n", run.Text, StringComparison.Ordinal);
        Assert.Empty(Changes());
        Assert.False(Directory.Exists(Path.Combine(State, "secrets")));
    }

    [Fact]
    public async Task Uninstall_leaves_the_volumes_and_what_opens_them()
    {
        File.WriteAllText(Path.Combine(State, "namespace"), "");
        Assert.Equal(0, (await RunAsync("--uninstall", "--yes")).ExitCode);
        Assert.DoesNotContain(Changes(), change => change.Contains("persistentvolumeclaim", StringComparison.Ordinal) || change.Contains("delete namespace", StringComparison.Ordinal)
            || change.Contains("timescaledb-credentials", StringComparison.Ordinal));
        Assert.Equal(0, (await RunAsync("--uninstall", "--yes", "--delete-volumes")).ExitCode);
        Assert.Contains(Changes(), change => change.StartsWith("delete persistentvolumeclaim", StringComparison.Ordinal));
        Assert.Contains("delete namespace timescaledb --ignore-not-found", Changes());
    }

    [Theory]
    [InlineData("STUB_MINOR", "27", "Kubernetes 1.27")]
    [InlineData("STUB_DEFAULT_CLASS", "", "no default storage class")]
    [InlineData("STUB_NODES", "0", "0 nodes")]
    [InlineData("STUB_MEMORY", "1000000Ki", "MiB of memory")]
    [InlineData("STUB_HELM", "other", "belongs to Helm release other")]
    [InlineData("STUB_OWNER", "somebody", "belongs to somebody")]
    [InlineData("STUB_REFUSE", "stdin.yaml", "is not accepted, nothing was changed")]
    public async Task Says_what_is_wrong_before_anything_is_applied(string variable, string value, string message)
    {
        if (variable is "STUB_HELM" or "STUB_OWNER")
            File.WriteAllText(Path.Combine(State, "namespace"), "");
        var run = await RunAsync(["--yes"], (variable, value), ("STUB_NODES", variable == "STUB_NODES" ? value : "1"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(message, run.Text, StringComparison.Ordinal);
        Assert.Empty(Changes());
    }

    [Fact]
    public async Task Does_not_touch_a_cluster_without_being_told_to()
    {
        var run = await RunAsync();
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Run it with --yes", run.Text, StringComparison.Ordinal);
        Assert.Empty(Changes());
    }

    [Fact]
    public async Task A_critical_health_check_is_a_failure()
    {
        var run = await RunAsync(["--yes"], ("STUB_HEALTH", "critical"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("the health check is critical", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_clean_to_shellcheck()
    {
        if (!IsThere("shellcheck"))
            Assert.Skip("shellcheck is not on this machine.");
        var run = await ProcessAsync(new ProcessStartInfo("shellcheck", Path.Combine(directory, "kubernetes/deploy.sh")));
        Assert.True(run.ExitCode == 0, run.Text);
    }

    private Task<(int ExitCode, string Text)> RunAsync(params string[] arguments) => RunAsync(arguments, []);

    private Task<(int ExitCode, string Text)> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(directory, "kubernetes/deploy.sh"), .. arguments]);
        start.Environment["PATH"] = $"{Path.Combine(directory, "bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["STUB"] = State;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return ProcessAsync(start);
    }

    private static async Task<(int ExitCode, string Text)> ProcessAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var cancellation = TestContext.Current.CancellationToken;
        var error = process.StandardError.ReadToEndAsync(cancellation);
        var output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, output + await error);
    }

    private List<string> Changes() => File.Exists(Path.Combine(State, "changes")) ? [.. File.ReadAllLines(Path.Combine(State, "changes"))] : [];

    private List<string> Secrets() =>
        [.. Directory.GetFiles(Path.Combine(State, "secrets"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => $"{file}={File.ReadAllText(file)}")];

    private static bool IsThere(string tool) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(directory => File.Exists(Path.Combine(directory, tool)));

    private static string Here([CallerFilePath] string source = "") => Path.GetDirectoryName(source)!;
}
