using System.Text.Json;
using Hub.Operations.Processes;

namespace Hub.Cli.Engine;

/// <summary>The container engine, through its own command line: whatever context, socket or remote host that is set up is used.</summary>
internal sealed class ContainerEngine
{
    /// <summary>The oldest engine that Hub is tried on (Debian 12's).</summary>
    public static readonly Version OldestSupported = new(20, 10);

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);
    private const string Docker = "docker";
    private readonly string[] compose;

    private ContainerEngine(string program, Version version, string rootDirectory, string[] compose)
    {
        Program = program;
        Version = version;
        RootDirectory = rootDirectory;
        this.compose = compose;
    }

    /// <summary>The command line of the engine: <c>docker</c>, or <c>podman</c> where only images are made.</summary>
    public string Program { get; }

    public Version Version { get; }

    /// <summary>Where the engine keeps images and volumes; its file system must have room.</summary>
    public string RootDirectory { get; }

    public string ComposeCommand => string.Join(' ', compose);

    /// <exception cref="CliException">There is none, it does not run, or it is too old.</exception>
    public static async Task<ContainerEngine> ConnectAsync(CancellationToken cancellation)
    {
        if (ProcessRunner.Find("docker") is null)
            throw new CliException("No container engine: `docker` is not on the PATH.", "Debian/Ubuntu: apt-get install docker.io docker-compose. Elsewhere: Docker Engine or Docker Desktop.");
        var info = await ProcessRunner.RunAsync("docker", ["info", "--format", "{{json .}}"], cancellation);
        using var document = ParseOrNull(info.Output);
        var text = document?.RootElement.TryGetProperty("ServerVersion", out var value) == true ? value.GetString() : null;
        if (string.IsNullOrEmpty(text))
        {
            var reason = document?.RootElement.TryGetProperty("ServerErrors", out var errors) == true && errors.GetArrayLength() > 0
                ? errors[0].GetString()
                : info.Error.Trim();
            throw new CliException($"The container engine does not answer: {reason}", "Start it: `systemctl start docker`, Docker Desktop, or as root `dockerd &`; then run this again.");
        }

        if (!Version.TryParse(text.Split('-', '+')[0], out var version) || version < OldestSupported)
            throw new CliException($"The container engine is version {text}; Hub needs {OldestSupported} or later.", "Update Docker: https://docs.docker.com/engine/install/");
        return new ContainerEngine(Docker, version, document!.RootElement.GetProperty("DockerRootDir").GetString() ?? "/", await FindComposeAsync(cancellation));
    }

    /// <summary>An engine that makes images and nothing else: without Compose, and Podman too.</summary>
    /// <param name="program"><c>docker</c> or <c>podman</c>.</param>
    /// <param name="cancellation">Stops the question.</param>
    /// <exception cref="CliException">There is none, or it does not run.</exception>
    public static async Task<ContainerEngine> ConnectForImagesAsync(string program, CancellationToken cancellation)
    {
        if (ProcessRunner.Find(program) is null)
            throw new CliException($"No container engine: `{program}` is not on the PATH.", $"Debian/Ubuntu: apt-get install {(program == Docker ? "docker.io" : program)}.");
        var version = await ProcessRunner.RunAsync(program, ["version", "--format", program == Docker ? "{{.Server.Version}}" : "{{.Client.Version}}"], cancellation);
        if (version.ExitCode != 0 || !Version.TryParse(version.Output.Trim().Split('-', '+')[0], out var parsed))
        {
            throw new CliException($"The container engine does not answer: {version.Error.Trim()}",
                program == Docker ? "Start it: `systemctl start docker`, Docker Desktop, or as root `./hub engine`." : "See `podman info`.");
        }

        return new ContainerEngine(program, parsed, "/", []);
    }

    public Task<ProcessResult> RunAsync(CancellationToken cancellation, params string[] arguments) =>
        ProcessRunner.RunAsync(Program, arguments, cancellation);

    public Task<ProcessResult> ComposeAsync(ComposeProject project, CancellationToken cancellation, Action<string>? onLine, params string[] arguments) =>
        ProcessRunner.RunAsync(compose[0], compose[1..].Concat(project.Arguments).Concat(arguments), cancellation, onLine: onLine);

    public Task<int> ComposeAttachedAsync(ComposeProject project, CancellationToken cancellation, params string[] arguments) =>
        ProcessRunner.AttachAsync(compose[0], compose[1..].Concat(project.Arguments).Concat(arguments), cancellation);

    /// <summary>Runs a command inside a container of the project.</summary>
    public Task<ProcessResult> ExecAsync(string container, CancellationToken cancellation, params string[] command) =>
        BoundedAsync(["exec", container, .. command], cancellation);

    /// <summary>Runs a command that may wait for something that is gone; after <see cref="AnswerTimeout"/> it counts as failed.</summary>
    public static Task<ProcessResult> BoundedAsync(
        string[] arguments, CancellationToken cancellation, IReadOnlyDictionary<string, string>? environment = null) =>
        ProcessRunner.RunWithinAsync(AnswerTimeout, "docker", arguments, cancellation, environment: environment);

    /// <summary>The id of an image that is on this machine, or null.</summary>
    public async Task<string?> ImageIdAsync(string image, CancellationToken cancellation)
    {
        var result = await RunAsync(cancellation, "image", "inspect", "--format", "{{.Id}}", image);
        return result.ExitCode == 0 ? result.Output.Trim() : null;
    }

    /// <summary>Every container of the project: service name → what the engine knows of it.</summary>
    public async Task<IReadOnlyDictionary<string, ContainerState>> ContainersAsync(string project, CancellationToken cancellation)
    {
        var ids = (await RunAsync(cancellation, "ps", "--all", "--quiet", "--filter", $"label=com.docker.compose.project={project}"))
            .OrThrow("The engine did not list its containers").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (ids.Length == 0)
            return new Dictionary<string, ContainerState>();
        var inspected = await RunAsync(cancellation, ["inspect", .. ids]);
        using var document = ParseOrNull(inspected.Output) ?? throw new CliException("The engine did not describe its containers: " + inspected.Error.Trim());
        return document.RootElement.EnumerateArray().Select(ContainerState.From)
            .GroupBy(state => state.Service).ToDictionary(group => group.Key, group => group.First());
    }

    private static async Task<string[]> FindComposeAsync(CancellationToken cancellation)
    {
        if ((await ProcessRunner.RunAsync("docker", ["compose", "version"], cancellation)).ExitCode == 0)
            return ["docker", "compose"];
        if (ProcessRunner.Find("docker-compose") is not null)
            return ["docker-compose"];
        throw new CliException("Docker Compose is missing: neither `docker compose` nor `docker-compose` is there.", "Debian/Ubuntu: apt-get install docker-compose. Elsewhere: the Compose plugin of Docker.");
    }

    private static JsonDocument? ParseOrNull(string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What Compose is told about the project.</summary>
internal sealed record ComposeProject(string Name, string File, string EnvironmentFile)
{
    public IEnumerable<string> Arguments => ["--project-name", Name, "--file", File, "--env-file", EnvironmentFile];
}

/// <summary>A container as the engine describes it.</summary>
internal sealed record ContainerState(string Id, string Service, string Name, string Status, int ExitCode, string Health)
{
    public bool IsRunning => Status == "running";

    public static ContainerState From(JsonElement container)
    {
        var state = container.GetProperty("State");
        return new ContainerState(
            container.GetProperty("Id").GetString() ?? "",
            container.GetProperty("Config").GetProperty("Labels").GetProperty("com.docker.compose.service").GetString() ?? "",
            container.GetProperty("Name").GetString()?.TrimStart('/') ?? "",
            state.GetProperty("Status").GetString() ?? "",
            state.GetProperty("ExitCode").GetInt32(),
            state.TryGetProperty("Health", out var health) ? health.GetProperty("Status").GetString() ?? "" : "");
    }
}
