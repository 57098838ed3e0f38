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

    public Dictionary<string, string> Environment => new() { ["PATH"] = $"{Bin}:{System.Environment.GetEnvironmentVariable("PATH")}", ["CALLS"] = CallsFile };

    private string Bin => Path.Combine(root.FullName, "bin");

    private string CallsFile => Path.Combine(root.FullName, "calls");

    public void Add(string program, string script) =>
        OutputFiles.Write(Bin, [new OutputFile(program, $"#!/bin/bash\nprintf '%s\\n' \"{program} $*\" >> \"$CALLS\"\n{script}\n", Executable: true)]);

    public string[] Calls() => File.Exists(CallsFile) ? File.ReadAllLines(CallsFile) : [];

    public void Dispose() => root.Delete(recursive: true);
}
