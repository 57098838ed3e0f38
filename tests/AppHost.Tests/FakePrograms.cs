using System.Text;
using Analytics.Topology;

namespace AppHost.Tests;

/// <summary>Programs first on the PATH that write down their arguments, each on a line, and do what a test says.</summary>
internal sealed class FakePrograms : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("hub-programs-");

    /// <param name="refusing">Programs that only write down that they were called, and fail.</param>
    public FakePrograms(params string[] refusing)
    {
        foreach (var program in refusing)
            Add(program, "exit 1");
    }

    public Dictionary<string, string> Environment => new()
    {
        ["PATH"] = $"{Bin}:{System.Environment.GetEnvironmentVariable("PATH")}",
        ["CALLS"] = CallsFile,
        ["STUB"] = State,
        ["TMPDIR"] = Temporary,
        ["HUB_VERIFY_PAUSE"] = "0",
    };

    /// <summary>Where programs leave temporary files.</summary>
    public string Temporary => root.CreateSubdirectory("tmp").FullName;

    /// <summary>What the programs of <see cref="WithCluster"/> know of their cluster.</summary>
    public string State => root.CreateSubdirectory("state").FullName;

    private string Bin => Path.Combine(root.FullName, "bin");

    private string CallsFile => Path.Combine(root.FullName, "calls");

    public void Add(string program, string script) =>
        OutputFiles.Write(Bin,
            [new OutputFile(program, $"#!/bin/bash\nprintf '%s\\n' \"{program} $*\" >> \"$CALLS\"\n{script}\n", Executable: true)]);

    /// <summary>The kubectl and helm of deploy.sh's own tests: a cluster that writes down what is asked of it.</summary>
    public FakePrograms WithCluster()
    {
        var stubs = Path.Combine(AspireCli.Repository, "tests", "Analytics.Topology.Tests", "Publishing");
        OutputFiles.Write(Bin,
            [.. new[] { "kubectl",
                "helm" }.Select(program => new OutputFile(program, File.ReadAllText(Path.Combine(stubs, $"{program}-stub.sh")),
                    Executable: true))]);
        return this;
    }

    /// <summary>What would have changed the cluster, in order.</summary>
    public string[] Changes() => Lines("changes");

    /// <summary>What the cluster was asked.</summary>
    public string[] Questions() => Lines("calls");

    /// <summary>A value of a Secret in the cluster.</summary>
    public string Secret(string name, string key) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(File.ReadAllText(Path.Combine(State, "secrets", name, key))));

    private string[] Lines(string name) => File.Exists(Path.Combine(State, name)) ? File.ReadAllLines(Path.Combine(State, name)) : [];

    public string[] Calls() => File.Exists(CallsFile) ? File.ReadAllLines(CallsFile) : [];

    public void Dispose() => root.Delete(recursive: true);
}
