using Analytics.Topology.Containers;

namespace Analytics.Topology.Tests.Native;

/// <summary>pgBackRest says nothing about an option it does not know or need beyond a warning: none is let through.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public class PgBackRestTests
{
    /// <summary>An empty repository, asked by the runner: every option of the file is read, and what follows from them is looked for.</summary>
    [Theory]
    [InlineData("development")]
    [InlineData("development-single")]
    public async Task Accepts_the_runners_file_without_a_warning(string preset)
    {
        var deployment = NativeDeployments.For(preset);
        var result = (await RunAsync(deployment, Runner(deployment), "info")).Accepted();
        Assert.Equal("No stanzas exist in the repository.", (result.Output + result.Error).Trim());
    }

    [Theory]
    [InlineData("development")]
    [InlineData("development-single")]
    public async Task Accepts_the_members_file_without_a_warning(string preset)
    {
        var deployment = NativeDeployments.For(preset);
        var result = (await RunAsync(deployment, deployment.Container("timescaledb-1"), "info")).Accepted();
        Assert.Equal("No stanzas exist in the repository.", (result.Output + result.Error).Trim());
    }

    [Fact]
    public async Task Serves_with_the_servers_file()
    {
        var cancel = TestContext.Current.CancellationToken;
        var deployment = NativeDeployments.For("development");
        var spec = deployment.Container("backup-server-1");
        await using var network = await Engine.CreateNetworkAsync(cancel);
        await using var server = await Engine.StartAsync(deployment, spec, network, async container => (await container.ExecAsync([.. spec.Health!.Command], cancel)).ExitCode == 0, cancel);
        var (output, error) = await server.GetLogsAsync(timestampsEnabled: false, ct: cancel);
        Assert.DoesNotContain("WARN", output + error, StringComparison.Ordinal);
    }

    /// <summary>Nobody answers under the name: the whole of the S3 settings was read before that was found.</summary>
    [Fact]
    public async Task Accepts_the_settings_of_a_bucket()
    {
        var deployment = NativeDeployments.For("recommended");
        var runner = Runner(deployment);
        var environment = new Dictionary<string, SecretText>(runner.Environment);
        foreach (var (name, value) in new[] { ("BUCKET", "b"), ("ENDPOINT", "storage.invalid:9000"), ("REGION", "r"), ("KEY", "k"), ("KEY_SECRET", "s") })
            environment["PGBACKREST_REPO1_S3_" + name] = value;
        var result = await RunAsync(deployment, runner with { Environment = environment }, "--io-timeout=1", "info");
        var said = result.Output + result.Error;
        Assert.Contains("storage.invalid", said, StringComparison.Ordinal);
        Assert.DoesNotContain("WARN", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_in_the_file_is_noticed()
    {
        var deployment = NativeDeployments.For("development-single");
        var runner = Runner(deployment).WithFile("/etc/hub/test", "pgbackrest.conf", "[global]\nrepo1-tpye=posix\n");
        var environment = new Dictionary<string, SecretText>(runner.Environment) { ["PGBACKREST_CONFIG"] = "/etc/hub/test/pgbackrest.conf" };
        var result = await RunAsync(deployment, runner with { Environment = environment }, "--log-level-console=warn", "info");
        Assert.Contains("invalid option 'repo1-tpye'", result.Output + result.Error, StringComparison.Ordinal);
    }

    /// <summary>The runner's own image adds Hub's program, which has no part in this.</summary>
    private static ContainerSpec Runner(TestDeployment deployment) => deployment.Container(ClusterNames.Backup) with { Image = deployment.Topology.Images.Database };

    private static Task<CheckResult> RunAsync(TestDeployment deployment, ContainerSpec spec, params string[] arguments) =>
        Engine.RunAsync(deployment, spec, ["pgbackrest", .. arguments], cancel: TestContext.Current.CancellationToken);
}
