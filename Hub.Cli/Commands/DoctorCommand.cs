using System.CommandLine;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations;
using Hub.Operations.Processes;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub doctor</c>: every prerequisite, whether it is there, and how to get it.</summary>
internal static class DoctorCommand
{
    public static Command Create(Ui ui)
    {
        var command = new Command("doctor", "Check the prerequisites. Exit code 0: complete, 1: something is missing.");
        command.SetAction(async (_, cancellation) =>
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns("Prerequisite", "State", "Found", "How to get it");
            var complete = true;
            foreach (var check in await CheckAsync(cancellation))
            {
                complete &= check.Ok || !check.Needed;
                table.AddRow(Markup.Escape(check.Name), check.Ok ? "[green]ok[/]" : check.Needed ? "[red]missing[/]" : "[yellow]optional[/]", Markup.Escape(check.Found), Markup.Escape(check.Ok ? "" : check.Remedy));
            }

            ui.Console.Write(table);
            return complete ? 0 : 1;
        });
        return command;
    }

    private static async Task<IReadOnlyList<Check>> CheckAsync(CancellationToken cancellation)
    {
        var deployment = Deployment.Load();
        var checks = new List<Check>
        {
            await ProgramAsync(".NET SDK 10", "dotnet", ["--version"], needed: true, "https://dotnet.microsoft.com/download/dotnet/10.0", cancellation, version => version.StartsWith("10.", StringComparison.Ordinal)),
            await ProgramAsync("docker", "docker", ["--version"], needed: true, "Debian/Ubuntu: apt-get install docker.io; elsewhere Docker Engine or Docker Desktop", cancellation),
        };
        try
        {
            var engine = await ContainerEngine.ConnectAsync(cancellation);
            checks.Add(new Check("container engine", true, true, engine.Version.ToString(), ""));
            checks.Add(new Check("compose", true, true, engine.ComposeCommand, ""));
            if (Directory.Exists(engine.RootDirectory))
            {
                var free = new DriveInfo(engine.RootDirectory).AvailableFreeSpace >> 30;
                checks.Add(new Check("disk", free >= 6, true, $"{free} GB free in {engine.RootDirectory}", "6 GB for images and data; docker system prune removes unused images"));
            }
        }
        catch (OperationException problem)
        {
            checks.Add(new Check("container engine", false, true, problem.Message, problem.Hint ?? ""));
        }

        checks.Add(await ProgramAsync("mmdebstrap", "mmdebstrap", ["--version"], needed: false, "apt-get install mmdebstrap (only where no image registry answers)", cancellation));
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30;
        checks.Add(new Check("memory", memory >= 4, true, $"{memory} GB", "the full hub takes about 2 GB when idle; ./hub up --profile single takes less"));
        var aspire = AspirePackages.Load(deployment.Repository);
        checks.AddRange(AspirePackages.All.Select(package => new Check(package.Id, aspire.Has(package.Property), false,
            aspire.Has(package.Property) ? "yes" : Environment.GetEnvironmentVariable("HubAspire") == "false" ? "left out by HubAspire=false" : "not in this machine's package registry",
            $"a package registry that has it; missing without it: {package.Use}")));
        checks.Add(await ProgramAsync("aspire", "sh", ["-c", "cd \"$0\" && dotnet tool run aspire -- --version", deployment.Repository], needed: false,
            "dotnet tool restore; only `aspire run`, `aspire publish` and `aspire deploy` need it", cancellation));
        checks.Add(new Check("state", true, false, deployment.Exists ? deployment.Directory : "no hub has been started yet", ""));
        return checks;
    }

    private static async Task<Check> ProgramAsync(string name, string program, string[] arguments, bool needed, string remedy, CancellationToken cancellation, Func<string, bool>? accept = null)
    {
        if (ProcessRunner.Find(program) is null)
            return new Check(name, false, needed, "not on the PATH", remedy);
        var result = await ProcessRunner.RunAsync(program, arguments, cancellation);
        var version = result.Output.Split('\n')[0].Trim();
        return new Check(name, result.ExitCode == 0 && accept?.Invoke(version) != false, needed, version, remedy);
    }

    private sealed record Check(string Name, bool Ok, bool Needed, string Found, string Remedy);
}
