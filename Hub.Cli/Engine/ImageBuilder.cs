using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Analytics.Topology;
using Hub.Operations.Processes;

namespace Hub.Cli.Engine;

/// <summary>
/// Makes the local images of a set. An image carries a fingerprint of what it was built from, so a second run builds
/// only what changed.
/// </summary>
internal sealed class ImageBuilder(ContainerEngine engine, string repository, Images images, Action<string> report)
{
    private const string BaseImage = "debian:trixie-slim";
    private const string FingerprintLabel = "hub.inputs";

    /// <summary>In the order of the Dockerfile: an engine without BuildKit builds every stage above the one it is asked for.</summary>
    private readonly LocalImage[] all =
    [
        new("database", Images.Local.Database, null),
        new("etcd", Images.Local.Etcd, null),
        new("gateway", Images.Local.HaProxy, null),
        new("exporters", Images.Local.PostgresExporter, null),
        new("prometheus", Images.Local.Prometheus, null),
        new("ingest", Images.Local.Ingest, "Analytics.Ingest"),
        new("migrations", Images.Local.Migrations, "Analytics.Migrations"),
        new("backup", images.Backup, "Analytics.Backup", On: images.Database),
    ];

    /// <summary>Builds what is missing or out of date.</summary>
    /// <param name="wanted">Image names that the topology uses; others are left alone. Names that are not local are pulled.</param>
    /// <param name="rebuild">Build even what is up to date.</param>
    /// <param name="cancellation">Stops the build that is running.</param>
    /// <returns>How many were built or pulled.</returns>
    /// <exception cref="CliException">A build failed, or an image can be had neither from a registry nor from the machine.</exception>
    public async Task<int> EnsureAsync(IReadOnlySet<string> wanted, bool rebuild, CancellationToken cancellation)
    {
        var done = 0;
        foreach (var image in all.Where(image => wanted.Contains(image.Name)))
        {
            var fingerprint = await FingerprintAsync(image, cancellation);
            if (!rebuild && await LabelOfAsync(image.Name, cancellation) == fingerprint)
                continue;
            if (image.On is null)
                await EnsureBaseAsync(cancellation);
            else
                await EnsureAsync(new HashSet<string> { image.On }, rebuild: false, cancellation);
            if (image.Project is not null)
                await PublishAsync(image, cancellation);
            var buildKit = await HasBuildKitAsync(cancellation);
            // What the stages above copy, where their own images are up to date and were built from another checkout.
            foreach (var above in buildKit || image.On is not null ? [] : all.TakeWhile(other => other != image).Where(other => other.Project is not null && !Directory.Exists(OutputOf(other))))
                await PublishAsync(above, cancellation);
            report($"building {image.Name}");
            var environment = buildKit ? null : new Dictionary<string, string> { ["DOCKER_BUILDKIT"] = "0" };
            (await ProcessRunner.RunAsync(engine.Program,
                [
                    "build", "--network", "host", .. image.Source, "--tag", image.Name, "--label", $"{FingerprintLabel}={fingerprint}",
                    "--file", Path.Combine(repository, "images", image.File), repository,
                ], cancellation, environment: environment))
                .OrThrow($"{image.Name} was not built", "Debian's packages must be reachable (apt-get update works?), and the engine needs about 4 GB of disk.");
            done++;
        }

        foreach (var image in wanted.Except(all.Select(image => image.Name)))
        {
            if (await ExistsAsync(image, cancellation))
                continue;
            report($"pulling {image}");
            (await engine.RunAsync(cancellation, "pull", image)).OrThrow($"{image} is neither on this machine nor in a registry that answers",
                $"Unset {Images.DatabaseVariable} to use the image built from Debian's packages, or load the image with `docker load`.");
            done++;
        }

        return done;
    }

    /// <summary>
    /// The base: already there, from a registry, or the same root file system made from Debian's packages and imported under its name.
    /// </summary>
    private async Task EnsureBaseAsync(CancellationToken cancellation)
    {
        if (await ExistsAsync(BaseImage, cancellation))
            return;
        report($"pulling {BaseImage}");
        if ((await engine.RunAsync(cancellation, "pull", BaseImage)).ExitCode == 0)
            return;
        if (ProcessRunner.Find("mmdebstrap") is null)
        {
            throw new CliException($"No registry answers for {BaseImage}, and mmdebstrap, which makes it from Debian's packages, is not there.",
                "As root: apt-get install mmdebstrap");
        }

        report($"making {BaseImage} from Debian's packages (no registry answers)");
        var archive = Path.Combine(Path.GetTempPath(), $"hub-trixie-{Environment.ProcessId}.tar");
        try
        {
            (await ProcessRunner.RunAsync("mmdebstrap", ["--variant=minbase", "trixie", archive], cancellation))
                .OrThrow($"{BaseImage} could not be built from Debian packages", "This needs root (or user namespaces) and a reachable Debian mirror. Check that `apt-get update` works.");
            (await engine.RunAsync(cancellation, "import", archive, BaseImage)).OrThrow($"{BaseImage} was not imported");
        }
        finally
        {
            File.Delete(archive);
        }
    }

    private string OutputOf(LocalImage image) => Path.Combine(repository, "artifacts", "images", image.Stage);

    /// <summary>A self-contained program, so that the image needs no .NET of its own.</summary>
    private async Task PublishAsync(LocalImage image, CancellationToken cancellation)
    {
        report($"publishing {image.Project}");
        var output = OutputOf(image);
        if (Directory.Exists(output))
            Directory.Delete(output, recursive: true);
        var architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        (await ProcessRunner.RunAsync("dotnet",
            [
                "publish", Path.Combine(repository, image.Project!), "--configuration", "Release", "--runtime", $"linux-{architecture}", "--self-contained",
                "--output", output, "--nologo", "--verbosity", "quiet", "-p:DebugType=none",
            ], cancellation))
            .OrThrow($"{image.Project} was not published");
    }

    private async Task<bool> ExistsAsync(string image, CancellationToken cancellation) =>
        await engine.ImageIdAsync(image, cancellation) is not null;

    private async Task<string?> LabelOfAsync(string image, CancellationToken cancellation)
    {
        var result = await engine.RunAsync(cancellation, "image", "inspect", "--format", $"{{{{index .Config.Labels \"{FingerprintLabel}\"}}}}", image);
        return result.ExitCode == 0 ? result.Output.Trim() : null;
    }

    /// <summary>The newer command lines build with BuildKit only when its plug-in is there, and say so by failing.</summary>
    private async Task<bool> HasBuildKitAsync(CancellationToken cancellation) =>
        (await engine.RunAsync(cancellation, "buildx", "version")).ExitCode == 0;

    private async Task<string> FingerprintAsync(LocalImage image, CancellationToken cancellation)
    {
        var files = Files(Path.Combine(repository, "images"));
        if (image.Project is not null)
        {
            files = files.Concat(Files(Path.Combine(repository, image.Project))).Concat(Files(Path.Combine(repository, "ServiceDefaults"))).Concat(Files(Path.Combine(repository, "Shared")))
                .Concat(["Directory.Build.props", "Directory.Packages.props", "global.json"]);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{image.Stage}\n{(image.Project is null ? "" : AspirePackages.Load(repository).Has("HubAspireNpgsql"))}\n"));
        if (image.On is not null)
            hash.AppendData(Encoding.UTF8.GetBytes((await engine.ImageIdAsync(image.On, cancellation) ?? "") + "\n"));
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file + "\n"));
            hash.AppendData(File.ReadAllBytes(Path.Combine(repository, file)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private IEnumerable<string> Files(string directory) => Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(repository, file))
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "artifacts"));

    /// <param name="Stage">The stage of images/Dockerfile, or the name of a Dockerfile of its own.</param>
    /// <param name="Name">What it is tagged.</param>
    /// <param name="Project">The program in it that is published first.</param>
    /// <param name="On">The image that it stands on, where that is not the base.</param>
    private sealed record LocalImage(string Stage, string Name, string? Project, string? On = null)
    {
        public string File => On is null ? "Dockerfile" : $"{Stage}.Dockerfile";

        public string[] Source => On is null ? ["--target", Stage] : ["--build-arg", $"DATABASE_IMAGE={On}"];
    }
}
