using System.Runtime.CompilerServices;
using Analytics.Topology.Config;
using Analytics.Topology.Containers;

namespace Analytics.Topology.Tests.Native;

/// <summary>lease_witness.py in the image's own Python and Patroni.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public class LeaseWitnessTests
{
    private static readonly TestDeployment Deployment = new(Presets.Development.With(cluster => cluster with
    {
        Images = Images.Local.WithDatabase(Environment.GetEnvironmentVariable(Images.DatabaseVariable)),
        Database = cluster.Database.WithLeaseWitnesses(),
    }));

    /// <summary>The seeds are fixed: what fails here fails again. The model says itself when it saw no lease removed, no fence lifted or no restart.</summary>
    [Fact]
    public async Task No_standby_confirms_to_a_leader_whose_lease_was_removed()
    {
        var model = await File.ReadAllTextAsync(Path.Combine(Here(), "lease_witness_model.py"), TestContext.Current.CancellationToken);
        var result = await RunAsync(model, ["python3", "/etc/hub/test/test.py", "100", "1"]);
        TestContext.Current.TestOutputHelper!.WriteLine(result.Output);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }

    [Fact]
    public async Task This_Patroni_can_have_witnesses()
    {
        const string Program = """
            import importlib, sys
            sys.path.insert(0, "/etc/hub/config")
            import patroni.postgresql
            from patroni.ha import Ha
            before = Ha.__init__
            importlib.import_module("start-patroni")
            print(Ha.__init__ is not before)
            """;
        var result = await RunAsync(Program, ["python3", "/etc/hub/test/test.py"]);
        Assert.Equal(("True", ""), (result.Accepted().Output.Trim(), result.Error));
    }

    [Fact]
    public async Task Patroni_without_support_says_so_and_starts_unchanged()
    {
        const string Program = """
            import importlib, sys
            sys.path.insert(0, "/etc/hub/config")
            import patroni.postgresql
            from patroni.ha import Ha
            del Ha._get_node_to_follow
            before = Ha.__init__
            importlib.import_module("start-patroni")
            print(Ha.__init__ is before)
            """;
        var result = await RunAsync(Program, ["python3", "/etc/hub/test/test.py"]);
        Assert.Equal("True", result.Accepted().Output.Trim());
        Assert.StartsWith("This Patroni cannot have witnesses (", result.Error, StringComparison.Ordinal);
    }

    private static Task<CheckResult> RunAsync(string program, IReadOnlyList<string> command)
    {
        var member = Deployment.Container("timescaledb-1").WithFile("/etc/hub/test", "test.py", program);
        return Engine.RunAsync(Deployment, member with { Environment = new Dictionary<string, SecretText>(member.Environment) { ["PYTHONPATH"] = Paths.Config } }, command,
            cancel: TestContext.Current.CancellationToken);
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
