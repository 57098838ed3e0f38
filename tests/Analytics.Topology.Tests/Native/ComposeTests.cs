using System.Diagnostics;
using Analytics.Topology.Compose;
using Analytics.Topology.Security;

namespace Analytics.Topology.Tests.Native;

[Trait(Tiers.Trait, Tiers.Native)]
public class ComposeTests
{
    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task Accepts_the_file_with_the_secrets(string preset)
    {
        var deployment = NativeDeployments.For(preset);
        var directory = Directory.CreateTempSubdirectory("hub-compose-");
        try
        {
            OutputFiles.Write(directory.FullName,
                [.. ComposeFile.Configuration(deployment.Containers), ComposeFile.Render(deployment.Topology, deployment.Containers), deployment.Passwords.ToFile()]);
            string[] arguments = ["-p", deployment.Topology.Name, "--env-file", SecretValues.FileName, "-f", ComposeFile.FileName, "config", "-q"];
            var (exitCode, output) = await RunAsync(await FindAsync(), arguments, directory.FullName);
            Assert.True(exitCode == 0, output);
            Assert.Equal("", output);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>The plugin where there is one, else the program of old.</summary>
    private static async Task<string[]> FindAsync()
    {
        string[][] candidates = [["docker", "compose"], ["docker-compose"]];
        foreach (var candidate in candidates)
        {
            if ((await RunAsync(candidate, ["version"], Path.GetTempPath())).ExitCode == 0)
                return candidate;
        }

        Prerequisites.Missing("docker compose (or docker-compose)");
        return [];
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string[] program, string[] arguments, string directory)
    {
        var start = new ProcessStartInfo(program[0], [.. program.Skip(1), .. arguments]) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in Secrets.All.Concat(Secrets.Given))
            start.Environment.Remove(name);
        try
        {
            using var process = Process.Start(start)!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await output + await error);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, e.Message);
        }
    }
}
