using System.Text;
using Analytics.Topology.Security;
using Docker.DotNet;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using DotNet.Testcontainers.Networks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hub.Testing;

/// <summary>An S3 server over TLS in a container, with a CA of its own, that looks at keys and fails on demand. It keeps everything in
/// memory.</summary>
public sealed class S3Server : IAsyncDisposable
{
    public const string Host = "storage";
    public const string Bucket = "hub-test";
    public const string Key = "test-key";
    public const int Port = 9000;
    private readonly IContainer container;
    private readonly string directory;

    private S3Server(IContainer container, string authority)
    {
        (this.container, AuthorityPem) = (container, authority);
        directory = Directory.CreateTempSubdirectory("hub-storage-").FullName;
        File.WriteAllText(AuthorityFile, authority);
    }

    /// <summary>The CA.</summary>
    public string AuthorityPem { get; }

    /// <summary>The same, as a file.</summary>
    public string AuthorityFile => Path.Combine(directory, "ca.crt");

    /// <summary>Starts it.</summary>
    /// <param name="network">The network in which it answers as <see cref="Host"/>; null: see <see cref="JoinAsync"/>.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<S3Server> StartAsync(INetwork? network = null, CancellationToken cancel = default)
    {
        var now = TimeProvider.System.GetUtcNow();
        var authority = Certificates.CreateAuthority("storage", now);
        var leaf = Certificates.Issue(authority, Host, [Host], now);
        var builder = new ContainerBuilder(await TestImage.StorageAsync(cancel)).WithImagePullPolicy(PullPolicy.Never)
            .WithLogger(NullLogger.Instance)
            .WithEnvironment("S3_BUCKET", Bucket).WithEnvironment("S3_KEY", Key)
            // Copied, not mounted: the engine may be on another machine. The key is a test's own.
            .WithResourceMapping(Encoding.UTF8.GetBytes(leaf.CertificatePem), "/tls/tls.crt")
            .WithResourceMapping(Encoding.UTF8.GetBytes(leaf.KeyPem), "/tls/tls.key")
            .WithAutoRemove(true)
            .WithWaitStrategy(Wait.ForUnixContainer().UntilMessageIsLogged("ready",
                strategy => strategy.WithTimeout(TimeSpan.FromMinutes(2))));
        if (network is not null)
            builder = builder.WithNetwork(network).WithNetworkAliases(Host);
        var container = builder.Build();
        await Prerequisites.StartAsync(container);
        return new S3Server(container, authority.CertificatePem);
    }

    /// <summary>Joins a hub's network as soon as there is one: `up` makes it before it starts the containers that ask for the
    /// storage.</summary>
    public async Task JoinAsync(string network, CancellationToken cancel)
    {
        using var client = Client();
        while (true)
        {
            try
            {
                await client.Networks.ConnectNetworkAsync(network,
                    new NetworkConnectParameters { Container = container.Id, EndpointConfig = new EndpointSettings { Aliases = [Host] } },
                    cancel);
                return;
            }
            catch (DockerApiException e) when (e.StatusCode == System.Net.HttpStatusCode.NotFound)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
            }
        }
    }

    /// <summary>Out of reach: not even its name resolves.</summary>
    public async Task LeaveAsync(string network)
    {
        using var client = Client();
        await client.Networks.DisconnectNetworkAsync(network, new NetworkDisconnectParameters { Container = container.Id },
            CancellationToken.None);
    }

    /// <summary>Takes connections and says nothing, until <see cref="ThawAsync"/>.</summary>
    public Task FreezeAsync() => container.PauseAsync(CancellationToken.None);

    public Task ThawAsync() => container.UnpauseAsync(CancellationToken.None);

    /// <summary>Answers requests with an error of S3's, until null.</summary>
    /// <param name="code">A code that Storage/server.py knows.</param>
    /// <param name="writes">Of those that mean a full storage: how many writes still fit.</param>
    public Task FailAsync(string? code, int writes = 0) =>
        ExecAsync("sh", "-c", code is null ? "rm -f /tmp/fault" : $"echo {code} {writes} > /tmp/fault");

    /// <summary>The names of the objects that begin with a prefix, in order.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string prefix) =>
        [.. (await ExecAsync("python3", "/objects.py", "ls", prefix)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ')[0])];

    /// <summary>Spoils a page in the middle of an object.</summary>
    public Task AlterAsync(string key) => ExecAsync("python3", "/objects.py", "alter", key);

    /// <summary>Removes an object.</summary>
    public Task RemoveAsync(string key) => ExecAsync("python3", "/objects.py", "rm", key);

    /// <summary>Brings an object back that was altered or removed.</summary>
    public Task PutBackAsync(string key) => ExecAsync("python3", "/objects.py", "put-back", key);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await container.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    private async Task<string> ExecAsync(params string[] command)
    {
        var result = await container.ExecAsync(command, CancellationToken.None);
        return result.ExitCode == 0
            ? result.Stdout : throw new InvalidOperationException($"{string.Join(' ', command)}: {result.Stdout}{result.Stderr}");
    }

    private static DockerClient Client() => TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder().Build();
}
