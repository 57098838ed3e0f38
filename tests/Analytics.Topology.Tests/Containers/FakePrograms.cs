namespace Analytics.Topology.Tests.Containers;

/// <summary>A directory in which a start script finds programs of the test in place of the real ones.</summary>
internal sealed class FakePrograms : IDisposable
{
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("hub-start-").FullName;

    /// <summary>For PATH: the fake programs before the real ones.</summary>
    public string SearchPath => $"{Path.Combine(Directory, "bin")}:{Environment.GetEnvironmentVariable("PATH")}";

    /// <returns>Where the program lies.</returns>
    public string Add(string name, string text)
    {
        var program = Path.Combine(System.IO.Directory.CreateDirectory(Path.Combine(Directory, "bin")).FullName, name);
        File.WriteAllText(program, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return program;
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
