using Analytics.Topology;
using Analytics.Topology.Containers;
using Analytics.Topology.Local;
using Analytics.Topology.Security;

namespace AppHost.Cluster;

/// <summary>
/// What the AppHost keeps between two runs: passwords, certificates, the development key. They lie in <c>.hub/aspire</c> (below HUB_STATE
/// when that is set), apart from those of <c>./hub up</c>: two clusters, two sets of passwords.
/// </summary>
internal sealed class HubState
{
    /// <summary>The variable that moves the state directory, for the command line and the AppHost alike.</summary>
    public const string Variable = "HUB_STATE";

    /// <summary>Where <c>./hub send</c> looks for the key too.</summary>
    public const string ApiKeyFile = "api-key";

    private HubState(string directory, LocalFiles files, string apiKey, bool isNew) => (Directory, Files, ApiKey, IsNew) = (directory,
        files, apiKey, isNew);

    /// <summary>The volumes whose data were made with these passwords.</summary>
    private const string VolumesFile = "volumes";

    /// <summary>Absolute path of the state directory.</summary>
    public string Directory { get; }
    public LocalFiles Files { get; }

    /// <summary>Whether its passwords were made just now: data of an earlier run know others.</summary>
    public bool IsNew { get; }

    /// <summary>The key of the project <c>development</c>.</summary>
    public string ApiKey { get; }

    /// <summary>Where a hub keeps it: <c>aspire</c> below HUB_STATE, or below <c>.hub</c> of the checkout.</summary>
    public static string DirectoryOf(IDistributedApplicationBuilder builder)
    {
        var root = builder.Configuration[Variable] is { Length: > 0 } moved ? moved : Path.Combine(builder.AppHostDirectory, "..", ".hub");
        return Path.GetFullPath(Path.Combine(root, "aspire"));
    }

    /// <summary>Path on this machine of what a container mounts.</summary>
    public string PathOf(MountedDirectory directory) => Path.Combine(Directory, directory.Source.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>
    /// Which of a run's volumes hold data that were made with other passwords. The rest belong to these from now on.
    /// </summary>
    /// <param name="own">The volumes of this run.</param>
    /// <param name="existing">Every volume that the engine has before this run.</param>
    public IReadOnlyList<string> Claim(IReadOnlyCollection<string> own, IReadOnlyCollection<string> existing)
    {
        var file = Path.Combine(Directory, VolumesFile);

        // New passwords open nothing that is there. Passwords that are older than this list were used by an AppHost that kept none.
        var known = IsNew ? [] : File.Exists(file) ? File.ReadAllLines(file) : existing.ToArray();
        var foreign = own.Intersect(existing).Except(known).ToList();
        OutputFiles.Write(Directory,
            [new OutputFile(VolumesFile, string.Concat(known.Union(own.Except(foreign)).Select(name => name + "\n")))]);
        return foreign;
    }

    /// <summary>Text of a file by its path relative to the directory.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public string Text(string path) => Files.Files.FirstOrDefault(file => file.Path == path)?.Content
        ?? throw new InvalidOperationException($"The hub has no file {path}.");

    /// <summary>Makes what is missing or outdated, keeps the rest, above all the passwords and the CA, and writes it.</summary>
    public static HubState Prepare(string directory, ClusterTopology topology, IReadOnlyList<ContainerSpec> containers, TimeProvider time)
    {
        string? Read(string path) => File.Exists(Path.Combine(directory, path)) ? File.ReadAllText(Path.Combine(directory, path)) : null;
        var isNew = Read(SecretValues.FileName) is null;
        var files = LocalFiles.Render(topology, containers, Read, time.GetUtcNow());
        var key = Read(ApiKeyFile)?.Trim() is { Length: > 0 } kept ? kept : SecretValues.NewApiKey();
        OutputFiles.Write(directory, [.. files.Files, new OutputFile(ApiKeyFile, key + "\n", Private: true)]);
        return new HubState(directory, files, key, isNew);
    }
}
