using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;

namespace Analytics.Backup.Tests.Integration;

/// <summary>Brings hub-backup and the runtime that runs this test into a container, wherever its engine is.</summary>
internal static class DotNetRuntime
{
    private const UnixFileModes Executable = UnixFileModes.UserRead | UnixFileModes.UserWrite | UnixFileModes.UserExecute
        | UnixFileModes.GroupRead | UnixFileModes.GroupExecute | UnixFileModes.OtherRead | UnixFileModes.OtherExecute;

    public static async Task CopyAsync(IContainer container, string home)
    {
        var cancel = TestContext.Current.CancellationToken;
        // …/dotnet/shared/Microsoft.NETCore.App/10.0.12
        var shared = new DirectoryInfo(Path.GetDirectoryName(typeof(object).Assembly.Location)!);
        var root = shared.Parent!.Parent!.Parent!;
        await container.CopyAsync(shared, $"{home}/dotnet/shared/Microsoft.NETCore.App/{shared.Name}", fileMode: Executable, ct: cancel);
        await container.CopyAsync(new DirectoryInfo(Path.Combine(root.FullName, "host")), $"{home}/dotnet/host", fileMode: Executable,
            ct: cancel);
        await container.CopyAsync(new FileInfo(Path.Combine(root.FullName, "dotnet")), $"{home}/dotnet", fileMode: Executable, ct: cancel);
        foreach (var file in ProgramFiles())
            await container.CopyAsync(file, $"{home}/program", fileMode: Executable, ct: cancel);
    }

    /// <summary>The program, and what its own list of dependencies names; not the tests and theirs.</summary>
    private static IEnumerable<FileInfo> ProgramFiles()
    {
        var dependencies = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hub-backup.deps.json"));
        return new DirectoryInfo(AppContext.BaseDirectory).GetFiles().Where(file =>
            file.Name.StartsWith("hub-backup.", StringComparison.Ordinal)
                || (file.Extension == ".dll" && dependencies.Contains($"/{file.Name}\"", StringComparison.Ordinal)));
    }
}
