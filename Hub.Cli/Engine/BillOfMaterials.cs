using System.Text.Json;
using Analytics.Topology;
using Hub.Operations.Processes;

namespace Hub.Cli.Engine;

/// <summary>
/// What an image that was built here is made of, as CycloneDX: its Debian packages and, for Hub's programs, their NuGet packages and the
/// runtime. The text is written by Debian's python3-cyclonedx-lib in an image of its own (Sbom/).
/// </summary>
internal sealed class BillOfMaterials(ContainerEngine engine, string repository)
{
    private const string Tool = "hub/sbom:local";

    /// <summary>Package, version, architecture, source and its version; a mark; the list of each .NET program.</summary>
    private const string Listing = """
        dpkg-query --show --showformat '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n'
        for list in /app/*.deps.json; do [ ! -f "$list" ] || { printf '\036'; cat "$list"; }; done
        """;

    private const char Mark = '\u001e';

    /// <summary>Builds the image that writes it; the engine keeps what is up to date.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        var directory = Path.Combine(repository, "Hub.Cli", "Sbom");
        (await ProcessRunner.RunAsync(engine.Program, ["build", "--network", "host", "--tag", Tool, directory], cancellation)).OrThrow($"{Tool} was not built",
            "Debian's packages must be reachable: does `apt-get update` work?");
    }

    /// <returns>The file's name.</returns>
    /// <exception cref="CliException">The image has no packages of Debian.</exception>
    public async Task<string> WriteAsync(string image, string directory, CancellationToken cancellation)
    {
        var id = await engine.ImageIdAsync(image, cancellation) ?? throw new CliException($"{image} is not on this machine.", "`./hub images` builds it.");
        var listed = (await engine.RunAsync(cancellation, "run", "--rm", "--network", "none", "--entrypoint", "/bin/sh", image, "-c", Listing))
            .OrThrow($"{image} does not list its packages", "Only images that are built here, on Debian, can be listed. Whoever makes another one publishes its bill of materials.");
        var parts = listed.Output.Split(Mark);
        var input = JsonSerializer.Serialize(new { image, id, packages = parts[0].Trim('\n'), programs = parts[1..] });
        var written = (await ProcessRunner.RunAsync(engine.Program, ["run", "--rm", "--interactive", "--network", "none", Tool], cancellation, input)).OrThrow($"{image} has no bill of materials");
        var file = image[(image.LastIndexOf('/') + 1)..].Split(':')[0] + ".cdx.json";
        OutputFiles.Write(directory, [new OutputFile(file, written.Output)]);
        return file;
    }
}
