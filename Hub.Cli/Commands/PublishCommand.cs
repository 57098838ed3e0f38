using System.CommandLine;
using System.CommandLine.Parsing;
using Analytics.Topology;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using Hub.Cli.Publishing;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub publish</c>: writes the manifests, or says how the written ones differ from the topology.</summary>
internal static class PublishCommand
{
    public static Command Create(Ui ui)
    {
        var size = new Option<string>("--size") { Description = "Size of the cluster.", DefaultValueFactory = _ => PublishSize.DefaultName };
        size.AcceptOnlyFromAmong([.. PublishSize.All.Select(known => known.Name)]);
        var cloud = new Option<string?>("--cloud") { Description = "Cloud whose storage classes are used. [default: aws; the cluster's default class for --size dev]" };
        cloud.AcceptOnlyFromAmong([.. Enum.GetNames<Cloud>().Select(name => name.ToLowerInvariant())]);
        var registry = new Option<string?>("--registry")
        {
            Description = "Registry host and path of Hub's own images, as for ./hub images --push. Required with --output for the sizes minimum and recommended.",
        };
        registry.Validators.Add(result => Reject(result, ImageSource.RegistryProblem));
        var version = new Option<string?>("--version") { Description = $"Tag of Hub's own images. [default: {HubVersion.Current}, the version of this checkout]" };
        version.Validators.Add(result => Reject(result, ImageSource.VersionProblem));
        var database = new Option<string?>("--database-image") { Description = $"Use another database image, as {Images.DatabaseVariable} does locally. Push the backup runner with the same image." };
        var digests = new Option<string?>("--digests") { Description = "File of digests from ./hub images --pin: every image is named by tag and digest." };
        var space = new Option<string?>("--namespace") { Description = "Namespace of the Kubernetes objects. [default: timescaledb]" };
        var monitoring = new Option<string?>("--monitoring") { Description = "How Prometheus finds the hub: objects of prometheus-operator, scrape annotations, or none. [default: operator; none for --size dev]" };
        monitoring.AcceptOnlyFromAmong([.. Enum.GetNames<MonitoringBy>().Select(name => name.ToLowerInvariant())]);
        var runbooks = new Option<Uri?>("--runbooks") { Description = "URL at which docs/runbooks is served; every alert links there. [default: the path in a checkout]", CustomParser = Address };
        var witnesses = new Option<bool>("--lease-witnesses") { Description = "Let the other members end the lease of a leader that has been silent for four seconds." };
        var output = new Option<string?>("--output") { Description = "Directory to write to. [default: aspire-manifest of this checkout]" };
        var check = new Option<bool>("--check") { Description = "Write nothing. If the files differ from the topology, print the difference and exit with code 1." };
        var command = new Command("publish", "Write the Kubernetes manifests and the Compose files of a cluster.") { size, registry, version, database, digests, cloud, space, monitoring, runbooks, witnesses, output, check };
        command.SetAction(parse =>
        {
            var chosen = PublishSize.Named(parse.GetValue(size)!).On(parse.GetValue(cloud) is { } name ? Enum.Parse<Cloud>(name, ignoreCase: true) : null);
            if (parse.GetValue(space) is { } other)
                chosen = chosen with { Topology = chosen.Topology.With(cluster => cluster with { Namespace = other }) };
            if (parse.GetValue(monitoring) is { } by)
                chosen = chosen with { Options = chosen.Options with { Monitoring = Enum.Parse<MonitoringBy>(by, ignoreCase: true) } };
            if (parse.GetValue(runbooks) is { } url)
                chosen = chosen with { Topology = chosen.Topology.With(cluster => cluster with { Monitoring = cluster.Monitoring with { Runbooks = url.ToString() } }) };
            if (parse.GetValue(witnesses))
                chosen = chosen with { Topology = chosen.Topology.With(cluster => cluster with { Database = cluster.Database.WithLeaseWitnesses() }) };
            if (parse.GetValue(database) is { } image)
                chosen = chosen with { Topology = chosen.Topology.With(cluster => cluster with { Images = cluster.Images.WithDatabase(image) }) };
            chosen = chosen.From(new ImageSource(parse.GetValue(registry), parse.GetValue(version), parse.GetValue(digests) is { } file ? ImageDigests.Load(file).Digests : null));
            RequireDigests(chosen);
            if (parse.GetValue(output) is not null)
                RequireRegistry(chosen);
            var target = PublishTarget.At(parse.GetValue(output), chosen);
            var exit = parse.GetValue(check) ? Check(ui, target) : Write(ui, target);
            if (!parse.GetValue(check) && !chosen.Topology.Monitoring.HasRunbookAddress)
                ui.Console.WriteLine($"Alerts name their runbooks as paths in a checkout ({chosen.Topology.Monitoring.Runbooks}/NAME.md). `--runbooks https://…` makes them links.");
            return exit;
        });
        return command;
    }

    /// <summary>Committed files name no registry, because they belong to no operator; files for an operator must be installable.</summary>
    private static void RequireRegistry(PublishSize size)
    {
        if (!size.CanBePulled)
        {
            throw new CliException($"Size {size.Name} needs --registry: Hub's own images (ingest, migrations, backup) are in no public registry.",
                "Run ./hub images --push --registry registry.example.com/hub, then ./hub publish with the same --registry (and --version).", exitCode: 2);
        }
    }

    /// <summary>A cluster of which one image floats is not pinned.</summary>
    private static void RequireDigests(PublishSize size)
    {
        if (size.Source.Digests is null)
            return;
        var floating = size.Topology.Images.All.Where(image => !image.Contains('@', StringComparison.Ordinal)).ToList();
        if (floating.Count > 0)
        {
            throw new CliException($"The file of digests lacks {string.Join(", ", floating)}.",
                "`./hub images --pin` with the same --size, --registry and --version reads them.", exitCode: 2);
        }
    }

    internal static void Reject(OptionResult result, Func<string, string?> problem)
    {
        if (result.Tokens is [var token] && problem(token.Value) is { } reason)
            result.AddError($"{result.Option.Name}: {reason}");
    }

    private static Uri? Address(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "https" or "http")
            return url;
        result.AddError($"--runbooks: '{text}' is not an http(s) URL.");
        return null;
    }

    private static int Write(Ui ui, PublishTarget target)
    {
        var written = target.Write();
        ui.Console.WriteLine(written.Count == 0 ? $"{target.Directory} was up to date." : $"Wrote {written.Count} of {target.FileCount} files to {target.Directory}.");
        return 0;
    }

    private static int Check(Ui ui, PublishTarget target)
    {
        var differences = target.Differences().ToList();
        foreach (var difference in differences)
            ui.Console.WriteLine(difference);
        ui.Console.WriteLine(differences.Count == 0
            ? $"{target.Directory} matches the topology ({target.FileCount} files)."
            : $"{differences.Count} of the files in {target.Directory} differ from the topology. `./hub publish` updates them.");
        return differences.Count == 0 ? 0 : 1;
    }
}
