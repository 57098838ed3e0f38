namespace Analytics.Topology.Containers;

/// <summary>
/// One container, as every host runs it: Compose, the Aspire AppHost and the tests are mappers of this and nothing else, so they
/// cannot drift apart.
/// </summary>
public sealed record ContainerSpec
{
    /// <summary>Host name in the cluster's network, and the container's name behind the project's prefix.</summary>
    public required string Name { get; init; }
    public required string Image { get; init; }

    /// <summary>The program and its arguments; replaces the image's own entry point. Empty: the image's own is kept.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Values may hold <c>${SECRET}</c> references to <see cref="Secrets"/>.</summary>
    public IReadOnlyDictionary<string, SecretText> Environment { get; init; } = new Dictionary<string, SecretText>();
    public IReadOnlyList<MountedDirectory> Directories { get; init; } = [];
    public IReadOnlyList<VolumeMount> Volumes { get; init; } = [];

    /// <summary>Directories in memory, for temporary files of the program.</summary>
    public IReadOnlyList<string> Scratch { get; init; } = [];
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];
    public HealthCheck? Health { get; init; }

    /// <summary>Names of containers to start before this one. Every program also waits by itself for what it needs.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>Runs once, ends with 0, and is started again only when something about it changed.</summary>
    public bool RunsOnce { get; init; }

    /// <summary>Not started with the others, but by somebody or a schedule, with arguments of its own.</summary>
    public bool OnDemand { get; init; }

    /// <summary>What the program may need to stop cleanly before it is killed.</summary>
    public TimeSpan StopGracePeriod { get; init; } = TimeSpan.FromSeconds(10);
    public ByteSize? MemoryLimit { get; init; }

    /// <summary>
    /// CPU shares while containers compete, against 1024 of every other container; without competition it gets all processors.
    /// Kubernetes makes the same of the containers' CPU requests. Range 2 to 262144, default the engine's 1024.
    /// </summary>
    public int? CpuShares { get; init; }

    /// <summary>Size of /dev/shm, which PostgreSQL uses for parallel queries; the engines' default of 64 MB is too small.</summary>
    public ByteSize? SharedMemory { get; init; }

    /// <summary>No writes outside volumes and <see cref="Scratch"/>.</summary>
    public bool ReadOnlyRoot { get; init; }
}

/// <summary>A directory of files mounted read-only. Directories, not single files: a replaced file is then seen without a restart.</summary>
/// <param name="Source">Path below the host's state directory, such as <c>config/haproxy</c>; equal sources hold equal files.</param>
/// <param name="Path">Where it is mounted.</param>
/// <param name="Files">Its files.</param>
public sealed record MountedDirectory(string Source, string Path, IReadOnlyList<MountedFile> Files);

/// <summary>A file of a mounted directory: either rendered text, or one of the deployment's secrets.</summary>
/// <param name="Name">File name.</param>
/// <param name="Text">Its content; null for a secret file.</param>
/// <param name="Secret">Not published with the configuration: key material and passwords, made where the cluster is installed.</param>
public sealed record MountedFile(string Name, string? Text, bool Secret = false);

/// <param name="Name">Volume name, without the project's prefix.</param>
/// <param name="Path">Where it is mounted.</param>
/// <param name="ReadOnly">This container only reads it.</param>
public sealed record VolumeMount(string Name, string Path, bool ReadOnly = false);

/// <param name="Name">What is served: the endpoint's name in Aspire.</param>
/// <param name="Port">Port in the container.</param>
/// <param name="HostPort">Port on 127.0.0.1 of the developer's machine; null: reachable inside the network only.</param>
/// <param name="Variable">
/// The environment variable that gives the program another port, where it runs on the machine itself and not in a container; null: there is none.
/// </param>
public sealed record PortMapping(string Name, int Port, int? HostPort = null, string? Variable = null);

/// <param name="Command">Exit code 0 is healthy.</param>
/// <param name="Interval">Pause between two probes.</param>
/// <param name="Retries">Failures in a row before the container counts as unhealthy.</param>
/// <param name="StartPeriod">Failures within it do not count.</param>
public sealed record HealthCheck(IReadOnlyList<string> Command, TimeSpan Interval, int Retries, TimeSpan StartPeriod);
