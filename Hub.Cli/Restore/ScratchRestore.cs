using System.Globalization;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Spectre.Console;

namespace Hub.Cli.Restore;

/// <summary>Restores into an instance beside the cluster, in the runner's container, which stays until it is removed.</summary>
internal sealed class ScratchRestore(Ui ui, ContainerEngine engine, Deployment deployment)
{
    /// <summary>The runner's words before those of libpq.</summary>
    private const string Ready = "ready: ";

    private string Name => $"{deployment.Choices.Name}-restore";

    public async Task RunAsync(string to, bool live, CancellationToken cancellation)
    {
        if (await StatusAsync(cancellation) is not null)
            throw new CliException($"A scratch instance exists already: {Name}.", "Remove it first: `./hub restore drop-scratch`.");
        var target = await ui.StepAsync("Restoring into a scratch instance", async report =>
        {
            (await engine.ComposeAsync(deployment.Project, cancellation, null, ["run", "--detach", "--no-deps", "--name", Name, ClusterNames.Backup, "scratch", "--to", to, .. live ? ["--live"] : Array.Empty<string>()]))
                .OrThrow("The runner did not start");
            try
            {
                return await UntilReadyAsync(report, cancellation);
            }
            catch
            {
                await DropAsync(CancellationToken.None);
                throw;
            }
        }, _ => Name);
        ui.Console.WriteLine("Look into it:");
        ui.Console.WriteLine($"  docker exec -it {Name} psql \"{target}\"");
        ui.Console.WriteLine("Copy a table from it:");
        ui.Console.WriteLine($"  docker exec {Name} psql \"{target}\" -c 'COPY (SELECT * FROM some.table) TO STDOUT' | ./hub psql --role owner -- -c 'COPY some.table FROM STDIN'");
        ui.Console.WriteLine("Remove it:");
        ui.Console.WriteLine("  ./hub restore drop-scratch");
    }

    public async Task RemoveAsync(CancellationToken cancellation)
    {
        if (await StatusAsync(cancellation) is null)
            throw new CliException("There is no scratch instance.", exitCode: 2);
        await ui.StepAsync("Removing the scratch instance", _ => DropAsync(cancellation));
    }

    private async Task<string> UntilReadyAsync(Action<string> report, CancellationToken cancellation)
    {
        while (true)
        {
            var log = await engine.RunAsync(cancellation, "logs", Name);
            var lines = (log.Output + log.Error).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (lines.FirstOrDefault(line => line.StartsWith(Ready, StringComparison.Ordinal)) is { } ready)
                return ready[Ready.Length..];
            var exitCode = await StatusAsync(cancellation);
            if (exitCode is null or >= 0)
                throw RunnerClient.Failure(log.Error + log.Output, exitCode ?? 1);
            if (lines.Length > 0)
                report(lines[^1]);
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellation);
        }
    }

    /// <summary>Its exit code, -1 while it runs, null when it is not there.</summary>
    private async Task<int?> StatusAsync(CancellationToken cancellation)
    {
        var result = await engine.RunAsync(cancellation, "inspect", "--format", "{{.State.Running}} {{.State.ExitCode}}", Name);
        return result.ExitCode != 0 ? null : result.Output.Trim().Split(' ') is ["false", var code] ? int.Parse(code, CultureInfo.InvariantCulture) : -1;
    }

    private async Task DropAsync(CancellationToken cancellation)
    {
        // Stopped first: the runner takes its files away.
        (await engine.RunAsync(cancellation, "stop", "-t", "60", Name)).OrThrow("The scratch instance did not stop");
        (await engine.RunAsync(cancellation, "rm", "--force", Name)).OrThrow("The scratch instance was not removed");
    }
}
