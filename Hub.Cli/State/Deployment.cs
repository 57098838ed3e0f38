using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Analytics.Topology;
using Analytics.Topology.Compose;
using Analytics.Topology.Containers;
using Analytics.Topology.Local;
using Analytics.Topology.Security;
using Hub.Cli.Engine;

namespace Hub.Cli.State;

/// <summary>What was chosen at <c>hub up</c> and must stay the same for the other commands; kept in <c>hub.json</c>.</summary>
/// <param name="Name">Compose project, Patroni scope.</param>
/// <param name="Profile"><c>cluster</c> (3 members) or <c>single</c>.</param>
/// <param name="PortOffset">Added to every port on 127.0.0.1, so that two hubs can run on one machine.</param>
/// <param name="Backup">The bucket that backups go to; null: a volume of this machine.</param>
/// <param name="LeaseWitnesses"><see cref="PatroniTiming.LeaseWitnesses"/>.</param>
/// <param name="DatabaseImage">What HUB_DATABASE_IMAGE named; null: the local image. Data is opened by the image that made it.</param>
internal sealed record Choices(
    string Name = "hub", string Profile = "cluster", int PortOffset = 0, BackupStorage? Backup = null, bool LeaseWitnesses = false, string? DatabaseImage = null)
{
    /// <summary>What HUB_DATABASE_IMAGE names now, or null.</summary>
    public static string? DatabaseImageOfEnvironment() =>
        Environment.GetEnvironmentVariable(Images.DatabaseVariable) is { } image && !string.IsNullOrWhiteSpace(image) ? image.Trim() : null;
}

/// <summary>
/// A hub on this machine: its topology, its containers and its files. Everything it keeps lies in one directory, <c>.hub</c> in the
/// repository unless HUB_STATE names another.
/// </summary>
internal sealed class Deployment
{
    public const string StateVariable = "HUB_STATE";
    public const string ApiKeyFile = "api-key";
    private const string ChoicesFile = "hub.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private Deployment(string repository, string directory, Choices choices)
    {
        Repository = repository;
        Directory = directory;
        Choices = choices;
        var preset = choices.Profile switch
        {
            "cluster" => Presets.Development,
            "single" => Presets.DevelopmentSingle,
            _ => throw new CliException($"Unknown profile '{choices.Profile}'.", "Known profiles: cluster, single.", exitCode: 2),
        };
        Topology = preset.With(cluster => cluster with
        {
            Name = choices.Name,
            Images = cluster.Images.WithDatabase(choices.DatabaseImage),
            Database = cluster.Database.WithLeaseWitnesses(choices.LeaseWitnesses),
            Backup = choices.Backup is { } storage ? cluster.Backup with { Repository = storage.Repository } : cluster.Backup,
        });
        Containers = [.. ClusterContainers.For(Topology).Select(container => container with
        {
            Ports = [.. container.Ports.Select(port => port with { HostPort = port.HostPort + choices.PortOffset })],
        })];
        Project = new ComposeProject(choices.Name, Path.Combine(directory, ComposeFile.FileName), Path.Combine(directory, SecretValues.FileName));
    }

    /// <summary>The checkout that this program was built from.</summary>
    public string Repository { get; }

    /// <summary>The state directory.</summary>
    public string Directory { get; }
    public Choices Choices { get; }
    public ClusterTopology Topology { get; }
    public IReadOnlyList<ContainerSpec> Containers { get; }
    public ComposeProject Project { get; }

    public string CaFile => Path.Combine(Directory, LocalFiles.AuthorityCertificate);

    public string ApiKeyPath => Path.Combine(Directory, ApiKeyFile);

    /// <summary>The port of 127.0.0.1 under which a port of the topology is reachable.</summary>
    public int HostPort(int port) => port + Choices.PortOffset;

    /// <summary>The hub of this checkout (or of HUB_STATE), as it was last brought up.</summary>
    public static Deployment Load(Choices? overrides = null)
    {
        var repository = FindRepository();
        return Load(repository, StateDirectory(repository), overrides);
    }

    /// <summary>The hub whose state lies in a directory.</summary>
    internal static Deployment Load(string directory) => Load(FindRepository(), directory, overrides: null);

    private static Deployment Load(string repository, string directory, Choices? overrides)
    {
        var file = Path.Combine(directory, ChoicesFile);
        var saved = File.Exists(file) ? JsonSerializer.Deserialize<Choices>(File.ReadAllText(file), Json) : null;
        // Until this was kept, only the Compose file told which image the data had been made by.
        if (saved is { DatabaseImage: null })
            saved = saved with { DatabaseImage = DatabaseImageOf(Path.Combine(directory, ComposeFile.FileName)) };
        return new Deployment(repository, directory, overrides ?? saved ?? new Choices(DatabaseImage: Choices.DatabaseImageOfEnvironment()));
    }

    /// <summary>The same, for what needs one that was brought up.</summary>
    /// <exception cref="CliException">It never was.</exception>
    public static Deployment LoadExisting()
    {
        var deployment = Load();
        return deployment.Exists ? deployment : throw new CliException("There is no hub here yet.", "Start one with `./hub up`.");
    }

    public static string StateDirectory(string repository)
    {
        var configured = Environment.GetEnvironmentVariable(StateVariable);
        return Path.GetFullPath(string.IsNullOrWhiteSpace(configured) ? Path.Combine(repository, ".hub") : configured);
    }

    /// <summary>Whether this hub was ever brought up here.</summary>
    public bool Exists => File.Exists(Path.Combine(Directory, SecretValues.FileName));

    /// <summary>Keeps a second <c>up</c> or <c>down</c> of the same hub out until the returned handle is closed.</summary>
    /// <exception cref="CliException">Another one is at work.</exception>
    public IDisposable Lock()
    {
        // Beside the state directory's place, not in it: `down --state` removes that, and a refused `up` must not make it.
        var file = Path.Combine(Path.GetTempPath(), $"hub-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Directory)))[..12]}.lock");
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            throw new CliException($"Another `hub up` or `hub down` is working on {Directory}.", $"Wait until it ends. If none is running, remove {file}.");
        }
    }

    public SecretValues Secrets()
    {
        var file = Path.Combine(Directory, SecretValues.FileName);
        return SecretValues.Complete(File.Exists(file) ? File.ReadAllText(file) : null);
    }

    /// <summary>Writes every file of this hub: what is there and still good is kept, above all passwords and the CA.</summary>
    /// <param name="now">Start of the life of new certificates.</param>
    /// <param name="renew">Issue a new certificate for every component.</param>
    /// <returns>The paths that changed, relative to <see cref="Directory"/>.</returns>
    public IReadOnlyList<string> Write(DateTimeOffset now, bool renew = false)
    {
        System.IO.Directory.CreateDirectory(Directory);
        var secrets = Read(SecretValues.FileName);
        if (Choices.Backup is not null)
            BackupStorage.RequireKeys(secrets += "\n" + BackupStorage.KeysFromEnvironment());
        return OutputFiles.Write(Directory,
        [
            new OutputFile(ChoicesFile, JsonSerializer.Serialize(Choices, Json) + "\n"),
            ComposeFile.Render(Topology, Containers),
            .. LocalFiles.Render(Topology, Containers, path => path == SecretValues.FileName ? secrets : Read(path), now, renew).Files,
        ]);
    }

    /// <summary>A file's text by its path in <see cref="Directory"/>; null where there is none.</summary>
    public string? Read(string path)
    {
        var file = Path.Combine(Directory, path);
        return File.Exists(file) ? File.ReadAllText(file) : null;
    }

    private static string? DatabaseImageOf(string composeFile)
    {
        const string Key = "    image: ";
        return !File.Exists(composeFile) ? null : File.ReadLines(composeFile)
            .SkipWhile(line => line != $"  {ClusterNames.Member(ClusterNames.TimescaleDb, 1)}:")
            .FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal))?[Key.Length..].Trim();
    }

    /// <summary>The directory that holds Hub.sln, from where the command was given or from where the program lies.</summary>
    private static string FindRepository()
    {
        foreach (var start in new[] { Environment.GetEnvironmentVariable("HUB_HOME"), AppContext.BaseDirectory, Environment.CurrentDirectory })
        {
            for (var directory = string.IsNullOrEmpty(start) ? null : new DirectoryInfo(start); directory is not null; directory = directory.Parent)
            {
                if (File.Exists(Path.Combine(directory.FullName, "Hub.sln")))
                    return directory.FullName;
            }
        }

        throw new CliException("Hub's checkout was not found: no directory above this one contains Hub.sln.", "Run ./hub from the checkout, or set HUB_HOME to it.");
    }
}
