using System.Security.Cryptography;
using Analytics.Topology.Security;
using Hub.Cli.Engine;

namespace Hub.Cli.Tests.Restore;

/// <summary>An S3 server over TLS in a container, with a CA of its own, that looks at keys and fails on demand. It keeps everything in memory.</summary>
internal sealed class ObjectStorage : IAsyncDisposable
{
    public const string Host = "storage";
    public const string Bucket = "hub-test";
    public const string Key = "test-key";
    public const int Port = 9000;
    private readonly KeyPair authority = Certificates.CreateAuthority("storage", TimeProvider.System.GetUtcNow());
    private readonly string directory = Directory.CreateTempSubdirectory("hub-storage-").FullName;

    private ObjectStorage(string name) => Name = name;

    public string Name { get; }

    /// <summary>PEM file of the CA.</summary>
    public string AuthorityFile => Path.Combine(directory, "ca.crt");

    public static async Task<ObjectStorage> StartAsync(string name)
    {
        var storage = new ObjectStorage(name);
        try
        {
            await storage.StartAsync();
            return storage;
        }
        catch
        {
            await storage.DisposeAsync();
            throw;
        }
    }

    /// <summary>Joins a hub's network as soon as there is one: `up` makes it before it starts the containers that ask for the storage.</summary>
    public async Task JoinAsync(string network, CancellationToken cancel)
    {
        while ((await Processes.RunAsync("docker", ["network", "connect", "--alias", Host, network, Name], cancel)).ExitCode != 0)
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
    }

    /// <summary>Out of reach: not even its name resolves.</summary>
    public async Task LeaveAsync(string network) => (await Processes.RunAsync("docker", ["network", "disconnect", network, Name], CancellationToken.None)).OrThrow("not disconnected");

    /// <summary>Answers requests with an error of S3's, until null.</summary>
    public async Task FailAsync(string? code) =>
        (await Processes.RunAsync("docker", ["exec", Name, "sh", "-c", code is null ? "rm -f /tmp/fault" : $"echo {code} > /tmp/fault"], CancellationToken.None)).OrThrow("the storage's fault was not set");

    public async ValueTask DisposeAsync()
    {
        await Processes.RunAsync("docker", ["rm", "--force", "--volumes", Name], CancellationToken.None);
        Directory.Delete(directory, recursive: true);
    }

    private async Task StartAsync()
    {
        var image = await BuildAsync();
        var leaf = Certificates.Issue(authority, Host, [Host], TimeProvider.System.GetUtcNow());
        await File.WriteAllTextAsync(AuthorityFile, authority.CertificatePem);
        // A directory that the container's user may enter, which the temporary one is not. The key is a test's own.
        var tls = Directory.CreateDirectory(Path.Combine(directory, "tls")).FullName;
        await File.WriteAllTextAsync(Path.Combine(tls, "tls.crt"), leaf.CertificatePem);
        await File.WriteAllTextAsync(Path.Combine(tls, "tls.key"), leaf.KeyPem);
        (await Processes.RunAsync("docker", ["create", "--name", Name, "--env", $"S3_BUCKET={Bucket}", "--env", $"S3_KEY={Key}", image], CancellationToken.None)).OrThrow("the storage was not created");
        // Copied, not mounted: the engine may be on another machine.
        (await Processes.RunAsync("docker", ["cp", tls, $"{Name}:/"], CancellationToken.None)).OrThrow("the storage got no certificate");
        (await Processes.RunAsync("docker", ["start", Name], CancellationToken.None)).OrThrow("the storage did not start");
        for (var wait = 0; !(await Processes.RunAsync("docker", ["logs", Name], CancellationToken.None)).Output.Contains("ready", StringComparison.Ordinal); wait++)
        {
            Assert.True(wait < 240, "the storage is not ready: " + (await Processes.RunAsync("docker", ["logs", Name], CancellationToken.None)).Error);
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }

    /// <summary>Under a name that holds what it is made of: built once.</summary>
    private static async Task<string> BuildAsync()
    {
        var source = Path.Combine(AppContext.BaseDirectory, "Restore", "Storage");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.GetFiles(source).Order(StringComparer.Ordinal))
            hash.AppendData(await File.ReadAllBytesAsync(file));
        var image = $"hub-test/storage:{Convert.ToHexStringLower(hash.GetHashAndReset())[..12]}";
        if ((await Processes.RunAsync("docker", ["image", "inspect", image], CancellationToken.None)).ExitCode == 0)
            return image;
        var buildKit = (await Processes.RunAsync("docker", ["buildx", "version"], CancellationToken.None)).ExitCode == 0;
        (await Processes.RunAsync("docker", ["build", "--network", "host", "--tag", image, source], CancellationToken.None,
            environment: buildKit ? null : new Dictionary<string, string> { ["DOCKER_BUILDKIT"] = "0" })).OrThrow("The storage's image was not built", "Debian's packages must be reachable.");
        return image;
    }
}
