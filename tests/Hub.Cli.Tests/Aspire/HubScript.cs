using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.Aspire;

/// <summary>The script <c>hub</c> alone in a directory, and a <c>dotnet</c> that plays the registry: it has every package but those that a test names.</summary>
internal sealed class HubScript : IDisposable
{
    private const string Dotnet = """
        #!/bin/sh
        case "$*" in
            restore*)
                echo "$*" >> "$STUB/asked"
                for name in $MISSING; do case "$*" in *"-p:HubAspire$name=true"*) echo "error NU1101: Unable to find package $name"; exit 1 ;; esac; done
                for name in $SILENT; do case "$*" in *"-p:HubAspire$name=true"*) echo "error NU1301: Unable to load the service index"; exit 1 ;; esac; done ;;
            build*) echo "$*" >> "$STUB/built" ;;
            *Hub.Cli.dll*) echo "the command line runs" ;;
        esac
        """;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("hub-script-");

    public HubScript()
    {
        File.Copy(Path.Combine(Repository(), "hub"), Path.Combine(root.FullName, "hub"));
        OutputFiles.Write(root.FullName, [new OutputFile("dotnet", Dotnet, Executable: true)]);
        File.WriteAllText(Versions, "");
        File.WriteAllText(Path.Combine(root.FullName, "Directory.Build.props"), "");
        foreach (var project in ProjectsOfTheCommandLine())
        {
            File.Copy(
                Path.Combine(Repository(), project, $"{project}.csproj"), Path.Combine(root.CreateSubdirectory(project).FullName, $"{project}.csproj"));
        }

        OutputFiles.Write(root.FullName, [new OutputFile(FirstScript, "")]);

        var program = Path.Combine(root.FullName, "artifacts/bin/Hub.Cli/release");
        Directory.CreateDirectory(program);
        File.WriteAllText(Path.Combine(program, "Hub.Cli.dll"), "");
    }

    public string Versions => Path.Combine(root.FullName, "Directory.Packages.props");

    public string Answers => Path.Combine(root.FullName, "artifacts", "aspire.props");

    public static string Repository([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));

    /// <summary>A file of a project that Hub.Cli does not refer to, which one that it refers to embeds.</summary>
    public const string FirstScript = "Analytics.Migrations/Scripts/01-init-database.sql";

    /// <summary>Hub.Cli and every project that it refers to, directly or not, as their project files say.</summary>
    public static IReadOnlyCollection<string> ProjectsOfTheCommandLine()
    {
        var known = new List<string> { "Hub.Cli" };
        for (var next = 0; next < known.Count; next++)
        {
            var references = XDocument.Load(Path.Combine(Repository(), known[next], $"{known[next]}.csproj")).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
            known.AddRange(references.Except(known).ToList());
        }

        return known;
    }

    /// <summary>Writes a file now.</summary>
    public void Change(string path) => OutputFiles.Write(root.FullName, [new OutputFile(path, "changed")]);

    /// <summary>Removes a file now.</summary>
    public void Remove(string path) => File.Delete(Path.Combine(root.FullName, path));

    /// <summary>Everything is older than the built command line.</summary>
    public void Settle()
    {
        var built = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1);
        File.SetLastWriteTimeUtc(Path.Combine(root.FullName, "artifacts/bin/Hub.Cli/release/Hub.Cli.dll"), built);
        foreach (var entry in root.EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Where(entry => !entry.FullName.Contains("/artifacts/", StringComparison.Ordinal)))
            entry.LastWriteTimeUtc = built.AddMinutes(-1);
    }

    /// <summary>Whether the command line was built since the last time this was read.</summary>
    public bool Built()
    {
        var file = Path.Combine(root.FullName, "built");
        var built = File.Exists(file);
        File.Delete(file);
        return built;
    }

    /// <summary>How often the registry was asked since the last time this was read.</summary>
    public int Questions()
    {
        var file = Path.Combine(root.FullName, "asked");
        var count = File.Exists(file) ? File.ReadAllLines(file).Length : 0;
        File.Delete(file);
        return count;
    }

    /// <summary>The properties that the answers set to false.</summary>
    public string[] Absent() => [.. XDocument.Load(Answers).Descendants("PropertyGroup").Elements().Where(answer => answer.Value == "false").Select(answer => answer.Name.LocalName)];

    /// <param name="verb">The verb of <c>./hub</c>.</param>
    /// <param name="missing">Packages that the registry does not have, by the end of their property's name.</param>
    /// <param name="silent">Packages about which it gives no answer.</param>
    /// <param name="chosen">HubAspire in the environment.</param>
    public Task<ProcessResult> RunAsync(string verb = "status", string missing = "", string silent = "", string chosen = "") => ProcessRunner.RunAsync(
        "sh", [Path.Combine(root.FullName, "hub"), verb], TestContext.Current.CancellationToken, environment: new Dictionary<string, string>
        {
            ["PATH"] = $"{root.FullName}:{Environment.GetEnvironmentVariable("PATH")}",
            ["STUB"] = root.FullName,
            ["MISSING"] = missing,
            ["SILENT"] = silent,
            ["HubAspire"] = chosen,
        });

    public void Dispose() => root.Delete(recursive: true);
}
