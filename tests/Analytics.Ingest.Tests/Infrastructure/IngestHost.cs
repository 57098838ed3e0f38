using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Analytics.Ingest.Tests.Infrastructure;

/// <summary>The real service on real ports of the system's choice, over a test database.</summary>
public sealed class IngestHost : WebApplicationFactory<IngestOptions>
{
    private readonly Dictionary<string, string?> settings;
    private readonly Action<IServiceCollection>? configure;
    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Uri[] addresses = [];

    private IngestHost(Dictionary<string, string?> settings, Action<IServiceCollection>? configure) =>
        (this.settings, this.configure) = (settings, configure);

    public Uri Rest => addresses[0];

    public Uri OtlpHttp => addresses[1];

    public Uri OtlpGrpc => addresses[2];

    /// <summary>Starts the service.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="options">Further settings, such as <c>("Ingest:QueueRows", "10")</c>.</param>
    public static IngestHost Start(string connectionString, params (string Name, string Value)[] options) =>
        Start(connectionString, null, options);

    public static IngestHost Start(string connectionString, Action<IServiceCollection>? configure,
        params (string Name, string Value)[] options)
    {
        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings:analytics"] = connectionString + ";No Reset On Close=true",
            ["Ingest:RestPort"] = "0",
            ["Ingest:OtlpHttpPort"] = "0",
            ["Ingest:OtlpGrpcPort"] = "0",
            ["Ingest:Maintenance"] = "false",
            ["Ingest:PriceRefresh"] = "00:00:01",
            ["Logging:LogLevel:Default"] = "Warning",
        };
        foreach (var (name, value) in options) settings[name] = value;
        var host = new IngestHost(settings, configure);
        host.UseKestrel();
        host.StartServer();
        host.addresses = [.. host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => new Uri(address.Replace("[::]", "127.0.0.1", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1",
                StringComparison.Ordinal)))];
        return host;
    }

    /// <summary>A client with a key, or without one.</summary>
    public static HttpClient Client(Uri address, string? key)
    {
        var client = new HttpClient { BaseAddress = address };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Makes a key of a project.</summary>
    public static async Task<string> CreateKeyAsync(TestDatabase database, string project = "tests", DateTimeOffset? expires = null)
    {
        var key = "hub_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));
        await database.Owner.ExecuteAsync(
            "SELECT analytics.create_api_key($1, 'test', $2, $3, $4)",
            project, SHA256.HashData(Encoding.UTF8.GetBytes(key)), key[..12], expires is { } at ? at.UtcDateTime : DBNull.Value);
        return key;
    }

    /// <summary>
    /// Stops the service and waits until the last of it is gone. Whoever comes first disposes of it, the factory or the service's own
    /// <c>Main</c>, and the other returns at once: the next service of the process would then share its metrics with the dying one, and
    /// lose them with it (open-telemetry/opentelemetry-dotnet#6412).
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await gone.Task.WaitAsync(TimeSpan.FromMinutes(1));
        GC.SuppressFinalize(this);
    }

    protected override IHost CreateHost(IHostBuilder builder)
    {
        var host = builder.Build();
        host.Services.GetRequiredService<LastOfAll>();
        host.Start();
        return host;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.ConfigureServices(services => services.AddSingleton(_ => new LastOfAll(gone)));
        builder.UseEnvironment("Production");
        foreach (var (name, value) in settings) builder.UseSetting(name, value);
        if (configure is not null) builder.ConfigureServices(configure);
    }

    /// <summary>Made before all others, and so disposed of after them.</summary>
    private sealed class LastOfAll(TaskCompletionSource gone) : IDisposable
    {
        public void Dispose() => gone.TrySetResult();
    }
}
