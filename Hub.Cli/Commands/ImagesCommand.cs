using System.CommandLine;
using System.Text.RegularExpressions;
using Analytics.Topology;
using Analytics.Topology.Publishing;
using Hub.Cli.Engine;
using Hub.Cli.Publishing;
using Hub.Cli.State;
using Hub.Operations.Processes;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary>
/// <c>hub images</c>: builds the local images; puts Hub's own into a registry; reads digests and newer tags from registries.
/// </summary>
internal static partial class ImagesCommand
{
    /// <summary>For one answer of a registry.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);

    public static Command Create(Ui ui)
    {
        var chosen = new Argument<string[]>("image")
        {
            Description = "Names of images, such as hub/database:local; others are pulled [default: all images of this hub; with --push: all that are built here for the size].",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var rebuild = new Option<bool>("--rebuild") { Description = "Rebuild every image, even if nothing changed." };
        var program = new Option<string>("--engine") { Description = "docker or podman.", DefaultValueFactory = _ => "docker" };
        program.AcceptOnlyFromAmong("docker", "podman");
        var push = new Option<bool>("--push") { Description = "Build Hub's own images for the size, and push them to --registry." };
        var pin = new Option<bool>("--pin") { Description = "Read the digest of every image of the size from its registry, and write the digests to --digests for ./hub publish." };
        var sbom = new Option<string?>("--sbom") { Description = "Build the images, and write the bill of materials of each into this directory (CycloneDX)." };
        var outdated = new Option<bool>("--outdated") { Description = "Ask the registries which images of the size have newer tags. Exit code 1 if one has, or if no registry answers." };
        var registry = new Option<string?>("--registry") { Description = "With --push and --pin: host and path of Hub's own images, such as registry.example.com/hub." };
        registry.Validators.Add(result => PublishCommand.Reject(result, ImageSource.RegistryProblem));
        var version = new Option<string?>("--version") { Description = $"With --push and --pin: their tag. [default: {HubVersion.Current}, the version of this checkout]" };
        version.Validators.Add(result => PublishCommand.Reject(result, ImageSource.VersionProblem));
        var size = new Option<string>("--size") { Description = "With --push, --pin and --outdated: whose images, as in ./hub publish.", DefaultValueFactory = _ => PublishSize.DefaultName };
        size.AcceptOnlyFromAmong([.. PublishSize.All.Select(known => known.Name)]);
        var digests = new Option<string>("--digests") { Description = "With --pin: the file to write.", DefaultValueFactory = _ => ImageDigests.DefaultFile };
        var command = new Command("images", "Build the local images; push them to a registry; read digests and newer tags from registries.")
        {
            chosen, rebuild, program, push, registry, version, size, pin, digests, outdated, sbom,
        };
        command.Validators.Add(result =>
        {
            if (new[] { push, pin, outdated }.Count(result.GetValue) + (result.GetValue(sbom) is null ? 0 : 1) > 1)
                result.AddError("Use only one of --push, --pin, --outdated and --sbom.");
            if (result.GetValue(push) && result.GetValue(registry) is null)
                result.AddError("--push needs --registry: where to.");
        });
        command.SetAction(async (parse, cancellation) =>
        {
            var source = new ImageSource(parse.GetValue(registry), parse.GetValue(version));
            var wanted = PublishSize.Named(parse.GetValue(size)!);
            if (Choices.DatabaseImageOfEnvironment() is { } database)
                wanted = wanted with { Topology = wanted.Topology.With(cluster => cluster with { Images = cluster.Images.WithDatabase(database) }) };
            if (parse.GetValue(outdated))
                return await OutdatedAsync(ui, wanted.Topology.Images, cancellation);
            if (parse.GetValue(pin))
                return await PinAsync(ui, wanted.From(source), parse.GetValue(program)!, parse.GetValue(digests)!, cancellation);
            var deployment = Deployment.Load();
            // What is built need not be what this hub's data is opened by.
            if (Choices.DatabaseImageOfEnvironment() is not null)
                deployment = Deployment.Load(deployment.Choices with { DatabaseImage = Choices.DatabaseImageOfEnvironment() });
            var engine = await ContainerEngine.ConnectForImagesAsync(parse.GetValue(program)!, cancellation);
            var given = parse.GetValue(chosen)!;
            if (parse.GetValue(push))
                return await PushAsync(ui, engine, deployment.Repository, wanted, source, given, cancellation);
            var names = (given.Length > 0 ? given : deployment.Containers.Select(container => container.Image)).ToHashSet();
            await BuildAsync(ui, engine, deployment.Repository, deployment.Topology.Images, names, parse.GetValue(rebuild), cancellation);
            if (parse.GetValue(sbom) is { } directory)
                await ListAsync(ui, engine, deployment.Repository, names.Where(Images.IsLocal), directory, cancellation);
            return 0;
        });
        return command;
    }

    private static async Task ListAsync(Ui ui, ContainerEngine engine, string repository, IEnumerable<string> images, string directory, CancellationToken cancellation)
    {
        var materials = new BillOfMaterials(engine, repository);
        await ui.StepAsync("Bills of materials", async report =>
        {
            await materials.PrepareAsync(cancellation);
            var files = new List<string>();
            foreach (var image in images.Order(StringComparer.Ordinal))
            {
                report(image);
                files.Add(await materials.WriteAsync(image, directory, cancellation));
            }

            return files;
        }, files => $"{string.Join(", ", files)} in {directory}");
    }

    private static Task BuildAsync(Ui ui, ContainerEngine engine, string repository, Images images, IReadOnlySet<string> names, bool rebuild, CancellationToken cancellation) =>
        ui.StepAsync("Images", report => new ImageBuilder(engine, repository, images, report).EnsureAsync(names, rebuild, cancellation), built => built == 0 ? "up to date" : $"{built} built");

    /// <summary>The backup runner stands on the database image of the cluster.</summary>
    private static async Task<int> PushAsync(Ui ui, ContainerEngine engine, string repository, PublishSize size, ImageSource source, string[] given, CancellationToken cancellation)
    {
        var published = size.Topology.Images;
        var local = Images.Local.WithDatabase(published.Database);
        var pairs = local.Each.Zip(published.Each, source.Of(published).Each).Where(image => Images.IsOwn(image.Second)).Select(image => (Local: image.First, Target: image.Third)).Distinct().ToList();
        if (given.Except(pairs.Select(pair => pair.Local)).FirstOrDefault() is { } unknown)
            throw new CliException($"Size {size.Name} has no image {unknown} of its own.", $"It has: {string.Join(", ", pairs.Select(pair => pair.Local))}", exitCode: 2);
        if (given.Length > 0)
            pairs = [.. pairs.Where(pair => given.Contains(pair.Local))];
        await BuildAsync(ui, engine, repository, local, pairs.Select(pair => pair.Local).ToHashSet(), rebuild: false, cancellation);
        foreach (var (name, target) in pairs)
        {
            await ui.StepAsync(target, async report =>
            {
                (await engine.RunAsync(cancellation, "tag", name, target)).OrThrow($"{name} could not be tagged");
                var pushed = (await ProcessRunner.RunAsync(engine.Program, ["push", target], cancellation, onLine: report)).OrThrow($"{target} was not pushed",
                    $"Check that this is your registry and that you are logged in: {engine.Program} login {ImageName.Parse(target).Host}");
                // hub/ingest:0.1.0: digest: sha256:… size: 1234
                return Digest().Match(pushed.Output) is { Success: true } digest ? digest.Value : null;
            }, digest => digest);
        }

        var version = source.Version is null ? "" : $" --version {source.Version}";
        ui.Console.WriteLine($"Publish with them: ./hub publish --size {size.Name} --registry {source.Registry}{version} --output DIRECTORY");
        return 0;
    }

    private static async Task<int> PinAsync(Ui ui, PublishSize size, string program, string file, CancellationToken cancellation)
    {
        if (!size.CanBePulled || size.Topology.Images.All.Any(Images.IsLocal))
            throw new CliException($"Size {size.Name} has images that are in no registry yet, so they have no digest to read.", "Name the registry to which `./hub images --push` pushed them: --registry registry.example.com/hub", exitCode: 2);
        using var http = new HttpClient { Timeout = AnswerTimeout };
        var registry = new RegistryClient(http);
        var read = await ui.StepAsync("Digests", _ => Task.WhenAll(size.Topology.Images.All.Select(async image =>
        {
            try
            {
                return (Image: image, Digest: await registry.DigestAsync(image, cancellation), Problem: "");
            }
            catch (RegistryException problem)
            {
                var digest = problem.NeedsLogin ? await OfEngineAsync(program, image, cancellation) : null;
                return (Image: image, Digest: digest ?? "", Problem: digest is null ? problem.Message : "");
            }
        })));
        var missing = read.Where(answer => answer.Digest.Length == 0).ToList();
        if (missing.Count > 0)
        {
            throw new CliException($"{missing.Count} of {read.Length} digests could not be read, so none is written:\n  "
                + string.Join("\n  ", missing.Select(answer => $"{answer.Image}: {answer.Problem}")), "Run this on a machine that reaches the registries.");
        }

        new ImageDigests(TimeProvider.System.GetUtcNow(), new SortedDictionary<string, string>(read.ToDictionary(answer => answer.Image, answer => answer.Digest), StringComparer.Ordinal)).Save(file);
        foreach (var (image, digest, _) in read)
            ui.Console.WriteLine($"{image}@{digest}");
        ui.Console.WriteLine($"Written to {file}. Publish with them: ./hub publish … --digests {file}");
        return 0;
    }

    /// <summary>A registry that knows the engine's account tells the digest by a pull.</summary>
    private static async Task<string?> OfEngineAsync(string program, string image, CancellationToken cancellation)
    {
        if (ProcessRunner.Find(program) is null || (await ProcessRunner.RunAsync(program, ["pull", image], cancellation)).ExitCode != 0)
            return null;
        var inspected = await ProcessRunner.RunAsync(program, ["image", "inspect", "--format", "{{range .RepoDigests}}{{println .}}{{end}}", image], cancellation);
        var repository = image[..image.IndexOf(':', image.LastIndexOf('/') + 1)];
        return inspected.Output.Split('\n').FirstOrDefault(line => line.StartsWith(repository + "@", StringComparison.Ordinal))?[(repository.Length + 1)..].Trim();
    }

    private static async Task<int> OutdatedAsync(Ui ui, Images images, CancellationToken cancellation)
    {
        using var http = new HttpClient { Timeout = AnswerTimeout };
        var registry = new RegistryClient(http);
        var pulled = images.All.Where(image => !Images.IsOwn(image)).ToList();
        var rows = await ui.StepAsync("Tags", _ => Task.WhenAll(pulled.Select(async image =>
        {
            try
            {
                var (tag, tags) = (ImageName.Parse(image).Tag, await registry.TagsAsync(image, cancellation));
                return (Image: image, Line: ImageTags.NewestOfLine(tag, tags), Major: ImageTags.NewestOfMajor(tag, tags), Problem: tags.Contains(tag) ? "" : "this tag does not exist");
            }
            catch (RegistryException problem)
            {
                return (Image: image, Line: (string?)null, Major: (string?)null, Problem: problem.Message);
            }
        })));
        var table = new Table().AddColumn("image").AddColumn("newer, same line").AddColumn("newest, same major").AddColumn("");
        foreach (var (image, line, major, problem) in rows)
            table.AddRow(Markup.Escape(image), Markup.Escape(line ?? "-"), Markup.Escape(major ?? "-"), Markup.Escape(problem));
        ui.Console.Write(table);
        if (pulled.Count == 0)
            ui.Console.WriteLine("Every image of this size is built here from Debian packages. `./hub images --rebuild` uses the packages that Debian has now.");
        if (rows.Any(row => row.Problem.Length > 0))
            ui.Console.WriteLine("An image without an answer may be outdated. Sources and tested combinations: docs/VERSIONS.md.");
        return rows.Any(row => row.Problem.Length > 0 || row.Major is not null) ? 1 : 0;
    }

    [GeneratedRegex("sha256:[0-9a-f]{64}")]
    private static partial Regex Digest();
}
