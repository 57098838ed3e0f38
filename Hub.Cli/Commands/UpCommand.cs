using System.CommandLine;
using System.Diagnostics;
using Analytics.Topology;
using Analytics.Topology.Config;
using Hub.Cli.Cluster;
using Hub.Cli.Engine;
using Hub.Cli.Renewal;
using Hub.Cli.Restore;
using Hub.Cli.State;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub up</c>: from nothing to a healthy hub, and again without harm.</summary>
internal static class UpCommand
{
    private static readonly Option<string?> NameOption = new("--name") { Description = "Name of this hub, also of its Compose project and Patroni scope [default: hub, or as last time]." };
    private static readonly Option<string?> ProfileOption = new("--profile") { Description = "cluster: 3 etcd and 3 database members; single: one of each [default: cluster, or as last time]." };
    private static readonly Option<int?> OffsetOption = new("--port-offset") { Description = "Added to every port on 127.0.0.1, 0 to 50000 [default: 0, or as last time]." };
    private static readonly Option<bool?> WitnessesOption = new("--lease-witnesses")
    {
        Description = "Let the other members end the lease of a leader that has been silent for four seconds, so that it is replaced in five to ten seconds instead of twenty [default: false, or as last time].",
    };

    private static readonly Option<bool> RebuildOption = new("--rebuild") { Description = "Rebuild every image, even if nothing changed." };
    private static readonly Option<int> TimeoutOption = new("--timeout") { Description = "Seconds to wait for the hub to become healthy.", DefaultValueFactory = _ => 300 };

    public static Command Create(Ui ui)
    {
        ProfileOption.AcceptOnlyFromAmong("cluster", "single");
        OffsetOption.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var offset) && offset is (< 0 or > 50000))
                result.AddError("--port-offset must be between 0 and 50000.");
        });
        TimeoutOption.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var seconds) && seconds is (< 10 or > 3600))
                result.AddError("--timeout must be between 10 and 3600 seconds.");
        });
        var command = new Command("up", "Start the hub: build images, create secrets and certificates, start containers, run migrations, create an API key.")
        {
            NameOption, ProfileOption, OffsetOption, WitnessesOption, RebuildOption, TimeoutOption, BackupOptions.Bucket, BackupOptions.Endpoint, BackupOptions.Region,
            BackupOptions.PathStyle, BackupOptions.Authority,
        };
        command.SetAction((parse, cancellation) => RunAsync(ui, Chosen(parse), parse.GetValue(RebuildOption), TimeSpan.FromSeconds(parse.GetValue(TimeoutOption)), cancellation));
        return command;
    }

    private static Choices Chosen(ParseResult parse)
    {
        var last = Deployment.Load().Choices;
        return new Choices(parse.GetValue(NameOption) ?? last.Name, parse.GetValue(ProfileOption) ?? last.Profile, parse.GetValue(OffsetOption) ?? last.PortOffset,
            BackupOptions.Chosen(parse) ?? last.Backup, parse.GetValue(WitnessesOption) ?? last.LeaseWitnesses, Choices.DatabaseImageOfEnvironment() ?? last.DatabaseImage);
    }

    private static async Task<int> RunAsync(Ui ui, Choices choices, bool rebuild, TimeSpan timeout, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        RefuseOtherChoices(choices);
        var deployment = Deployment.Load(choices);
        using var alone = deployment.Lock();
        RefuseUnfinishedRestore(deployment);
        var engine = await ui.StepAsync("Checking the engine, ports and disk", _ => Preflight.CheckAsync(deployment, cancellation), engine => $"engine {engine.Version}, {engine.ComposeCommand}");
        await ui.StepAsync("Images", report => new ImageBuilder(engine, deployment.Repository, deployment.Topology.Images, report)
            .EnsureAsync(deployment.Containers.Where(container => !container.OnDemand).Select(container => container.Image).ToHashSet(), rebuild, cancellation), built => built == 0 ? "up to date" : $"{built} built");
        if (await DatabaseImageCheck.RunAsync(deployment, engine, cancellation) is { } other)
            ui.Console.WriteLine(other);
        var changed = await ui.StepAsync("Secrets, certificates, configuration", async _ =>
        {
            var written = deployment.Write(TimeProvider.System.GetUtcNow());
            await Ownership.ApplyAsync(deployment, engine, cancellation);
            return written;
        }, written => $"{written.Count} files written to {deployment.Directory}");
        var before = await engine.ContainersAsync(choices.Name, cancellation);
        await ui.StepAsync("Starting containers", report => StartAsync(engine, deployment, before.Count > 0, report, cancellation), $"{deployment.Containers.Count(container => !container.OnDemand)} containers");
        await RefreshAsync(engine, deployment, Kept(before, await engine.ContainersAsync(choices.Name, cancellation)), changed, cancellation);
        await HealthWait.UntilHealthyAsync(ui, engine, deployment, timeout, cancellation);
        (await DatabaseData.ReadAsync(deployment, engine, cancellation)).Save(deployment.Directory);
        await ui.StepAsync("API key", _ => ApiKeys.EnsureDevelopmentKeyAsync(deployment, cancellation), _ => $"project {ApiKeys.DevelopmentProject}, in {deployment.ApiKeyPath}");
        ui.Console.MarkupLineInterpolated($"[green]The hub is up[/] [grey](after {clock.Elapsed.TotalSeconds:0} s)[/]");
        PrintAddresses(ui, deployment);
        return 0;
    }

    /// <summary>Members that start now would each create a new cluster.</summary>
    private static void RefuseUnfinishedRestore(Deployment deployment)
    {
        if (RestoreState.Load(deployment) is { Phase: not RestorePhase.Restored } restore)
            throw new CliException($"The restore to {restore.To} is not complete.", "Repeat it, or return to the old data with `./hub restore undo`.");
    }

    /// <summary>Data made for three members does not turn into one by starting fewer containers.</summary>
    private static void RefuseOtherChoices(Choices choices)
    {
        var last = Deployment.Load();
        if (last.Exists && (last.Choices.Profile != choices.Profile || last.Choices.Name != choices.Name))
        {
            throw new CliException($"This checkout already has a hub '{last.Choices.Name}' with profile '{last.Choices.Profile}'.",
                $"Remove it first (`./hub down --volumes --state`), or keep the other hub elsewhere: {Deployment.StateVariable}=/some/directory ./hub up --name … --port-offset …");
        }

        if (last.Exists && last.Choices.Backup?.Repository is var before && before != choices.Backup?.Repository)
        {
            throw new CliException("This hub already stores its backups elsewhere, and naming another repository does not move them.",
                "Remove the hub first (`./hub down --volumes --state`), or omit the --backup-s3 options.");
        }
    }

    private static async Task StartAsync(ContainerEngine engine, Deployment deployment, bool wasThere, Action<string> report, CancellationToken cancellation)
    {
        var result = await engine.ComposeAsync(deployment.Project, cancellation, line => report(line.Trim()), "up", "--detach", "--remove-orphans");
        if (result.ExitCode == 0)
            return;

        // Nothing half-started: what this call created goes again, volumes stay. A hub that was there before is left as it is.
        if (!wasThere)
            await engine.ComposeAsync(deployment.Project, CancellationToken.None, null, "down", "--remove-orphans");
        result.OrThrow("The containers did not start");
    }

    /// <summary>
    /// Containers that ran before and still run. One that Compose recreated has read its files, and might not handle a signal yet.
    /// </summary>
    internal static IReadOnlyDictionary<string, ContainerState> Kept(IReadOnlyDictionary<string, ContainerState> before, IReadOnlyDictionary<string, ContainerState> now) =>
        now.Where(item => before.TryGetValue(item.Key, out var old) && old.IsRunning && old.Id == item.Value.Id).ToDictionary(item => item.Key, item => item.Value);

    /// <summary>
    /// Containers that ran before read files that changed since: each takes them by a signal where it can, and is restarted where it
    /// cannot, etcd's members only when the previous one serves again, because the cluster depends on the others meanwhile.
    /// </summary>
    private static async Task RefreshAsync(ContainerEngine engine, Deployment deployment, IReadOnlyDictionary<string, ContainerState> kept,
        IReadOnlyList<string> changed, CancellationToken cancellation)
    {
        foreach (var container in deployment.Containers.Where(container => !container.RunsOnce && kept.ContainsKey(container.Name)))
        {
            if (!container.Directories.Any(directory => changed.Any(file => file.StartsWith(directory.Source + "/", StringComparison.Ordinal))))
                continue;
            var name = kept[container.Name].Name;
            var result = CertificateRenewal.ReloadSignal(deployment.Topology, container.Name) is { } signal
                ? await engine.RunAsync(cancellation, "kill", "--signal", signal, name)
                : await engine.RunAsync(cancellation, "restart", name);
            result.OrThrow($"{container.Name} did not take its new configuration");
            if (deployment.Topology.Etcd.Hosts.Contains(container.Name))
                await HealthWait.UntilContainerHealthyAsync(engine, deployment, container.Name, cancellation);
        }
    }

    private static void PrintAddresses(Ui ui, Deployment deployment)
    {
        string At(int port) => $"127.0.0.1:{deployment.HostPort(port)}";
        var grid = new Grid().AddColumn().AddColumn();
        grid.AddRow("OTLP", $"http://{At(Ports.OtlpHttp)}/v1/traces (HTTP), {At(Ports.OtlpGrpc)} (gRPC)");
        grid.AddRow("REST", $"http://{At(Ports.Rest)}/api/v1/usage · reference at http://{At(Ports.Rest)}/reference");
        grid.AddRow("SQL", $"{At(Ports.PgBouncer)} pooled · {At(Ports.ReadWrite)} primary · {At(Ports.ReadOnly)} replicas (TLS, CA in {Markup.Escape(deployment.CaFile)})");
        grid.AddRow("Prometheus", $"http://{At(Ports.Prometheus)}");
        ui.Console.Write(grid);
        ui.Console.WriteLine();
        ui.Console.WriteLine("Try it:");
        ui.Console.WriteLine("  ./hub send                      sample LLM traffic; ./hub send FILE replays a trace");
        ui.Console.WriteLine($"  curl -H \"Authorization: Bearer $(cat {deployment.ApiKeyPath})\" 'http://{At(Ports.Rest)}/api/v1/usage?group_by=model'");
        ui.Console.WriteLine("  ./hub psql -- -c 'SELECT * FROM analytics.system_health_check()'");
        ui.Console.WriteLine("  ./hub status                    (./hub down stops the hub and keeps the data)");
    }
}
