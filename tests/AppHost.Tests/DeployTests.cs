namespace AppHost.Tests;

/// <summary><c>aspire deploy</c> by the real command, against a kubectl and a helm that only write down what they are asked.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class Deploying : IDisposable
{
    private readonly FakePrograms programs = new FakePrograms("docker", "podman").WithCluster();

    private string Output => Path.Combine(programs.State, "out");

    public void Dispose() => programs.Dispose();

    [Fact]
    public async Task A_dry_run_checks_everything_and_changes_nothing()
    {
        var run = await RunAsync([], "--dry-run", "--size", "dev");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("would write Secret timescaledb-credentials", run.Text, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", run.Text, StringComparison.Ordinal);
        var upgrade = Assert.Single(programs.Questions(), question => question.StartsWith("helm upgrade", StringComparison.Ordinal));
        Assert.EndsWith(" --dry-run=server", upgrade, StringComparison.Ordinal);
        NothingChanged();
    }

    [Fact]
    public async Task Installs_the_chart_with_the_bucket_that_it_is_told_into_the_context_that_it_is_told()
    {
        var run = await RunAsync([("HUB_S3_KEY", "the-key"), ("HUB_S3_SECRET", "the-secret")],
            "--yes", "--context", "staging", "--namespace", "timescaledb", "--s3-bucket", "backups", "--s3-region", "eu", "--set",
            "images.pullPolicy=Always");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Equal(["helm upgrade", "wait statefulset/etcd", "wait statefulset/timescaledb", "wait deployment/gateway",
            "wait deployment/ingest"],
            programs.Changes().SkipWhile(change => change != "helm upgrade"));
        Assert.Contains("secret timescaledb-credentials", programs.Changes());
        Assert.Equal("backups", programs.Secret("backup-s3", "PGBACKREST_REPO1_S3_BUCKET"));
        Assert.Equal("the-secret", programs.Secret("backup-s3", "PGBACKREST_REPO1_S3_KEY_SECRET"));
        Assert.All(programs.Questions()
            .Where(question => question != "version --client" && !question.StartsWith("helm ", StringComparison.Ordinal)),
            question => Assert.StartsWith("--context staging ", question, StringComparison.Ordinal));
        Assert.Contains(programs.Questions(), question => question.StartsWith("helm upgrade", StringComparison.Ordinal)
            && question.Contains("--kube-context staging ", StringComparison.Ordinal) && question.EndsWith("--set images.pullPolicy=Always",
                StringComparison.Ordinal));

        // Each part of deploy.sh is a task with its end, and a secret is in none of them.
        Assert.Matches("✓ +Helm release hub", run.Text);
        Assert.Matches("✓ +statefulset/timescaledb", run.Text);
        Assert.Matches("✓ +Verifying", run.Text);
        Assert.DoesNotContain("the-secret", run.Text, StringComparison.Ordinal);
        Assert.Contains($"{Output}/kubernetes/deploy.sh --context staging --api-key PROJECT", run.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(programs.Temporary, "tmp.*"));
        Assert.Empty(programs.Calls());
    }

    [Fact]
    public async Task With_nobody_to_ask_it_wants_a_yes()
    {
        var run = await RunAsync([], "--size", "dev");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("Nobody is there to ask", run.Text, StringComparison.Ordinal);
        NothingChanged();
    }

    [Fact]
    public async Task Without_a_place_for_backups_it_says_how_to_name_one()
    {
        var run = await RunAsync([], "--yes");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("backups have no place to go", run.Text, StringComparison.Ordinal);
        Assert.Contains("--s3-bucket", run.Text, StringComparison.Ordinal);
        NothingChanged();
    }

    [Fact]
    public async Task A_failure_ends_it_with_its_reason()
    {
        var run = await RunAsync([("STUB_NOT_READY", "statefulset/timescaledb")], "--yes", "--timeout", "1", "--size", "dev");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("statefulset/timescaledb is not ready", run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("wait deployment/gateway", programs.Changes());
    }

    private void NothingChanged()
    {
        Assert.NotEmpty(programs.Questions());
        Assert.Empty(programs.Changes());
        Assert.False(Directory.Exists(Path.Combine(programs.State, "secrets")));
        Assert.Empty(Directory.GetDirectories(programs.Temporary, "tmp.*"));
    }

    private Task<(int ExitCode, string Text)> RunAsync((string Name, string Value)[] environment, params string[] arguments)
    {
        var all = programs.Environment;
        foreach (var (name, value) in environment)
            all[name] = value;
        return AspireCli.RunAsync(all, "deploy", ["--output-path", Output], arguments);
    }
}
