using System.Text.Json;
using AppHost.Cluster;
using AppHost.Startup;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Tests;

public class A_setting_of_the_AppHost
{
    [Theory]
    [InlineData("mine", "mine-single-")]
    [InlineData("", "hub-aspire-single-")]
    public void Begins_the_volumes_names(string given, string prefix) => Assert.Equal(prefix, Choose(given).VolumePrefix);

    [Theory]
    [InlineData("my hub")]
    [InlineData("../hub")]
    [InlineData("-hub")]
    public void That_begins_no_volumes_name_is_refused(string given) =>
        Assert.StartsWith(
            $"HUB_VOLUMES is '{given}'.", Assert.Throws<InvalidOperationException>(() => Choose(given)).Message, StringComparison.Ordinal);

    [Fact]
    public void That_names_no_profile_is_refused_with_those_there_are()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(HubProfile.Variable, "huge")]).Build();
        var problem = Assert.Throws<InvalidOperationException>(() => HubProfile.Choose(configuration));
        Assert.Equal("HUB_PROFILE is 'huge'. Known profiles: cluster, single.", problem.Message);
    }

    /// <summary>What a launch profile sets wins over the environment: the default profile must not set it.</summary>
    [Theory]
    [InlineData("cluster", null)]
    [InlineData("single", "single")]
    public void HUB_PROFILE_is_left_to_the_environment_by_the_default_launch_profile(string launch, string? set)
    {
        var file = Path.Combine(AspireCli.Repository, "AppHost", "Properties", "launchSettings.json");
        using var settings = JsonDocument.Parse(File.ReadAllText(file));
        var environment = settings.RootElement.GetProperty("profiles").GetProperty(launch).GetProperty("environmentVariables");
        Assert.Equal(set, environment.TryGetProperty(HubProfile.Variable, out var value) ? value.GetString() : null);
    }

    private static HubProfile Choose(string volumes) => HubProfile.Choose(new ConfigurationBuilder()
        .AddInMemoryCollection([new(HubProfile.Variable, HubProfile.Single), new(HubProfile.VolumesVariable, volumes)]).Build());
}

public class The_console_of_a_run
{
    private const string Host = "Microsoft.Extensions.Hosting.Internal.Host";

    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Information, false)]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning, true)]
    [InlineData("AppHost.Startup.StartReport", LogLevel.Information, true)]
    [InlineData(Host, LogLevel.Error, true)]
    [InlineData(Host, LogLevel.Debug, false)]
    public void Has_no_line_for_each_request_of_an_open_dashboard(string category, LogLevel level, bool isThere)
    {
        using var services = Services(new CancellationToken(canceled: false));
        Assert.Equal(isThere, services.GetRequiredService<ILoggerFactory>().CreateLogger(category).IsEnabled(level));
    }

    [Fact]
    public void Has_no_stack_of_a_start_that_Ctrl_C_ended()
    {
        using var services = Services(new CancellationToken(canceled: true));
        Assert.False(services.GetRequiredService<ILoggerFactory>().CreateLogger(Host).IsEnabled(LogLevel.Error));
    }

    private static ServiceProvider Services(CancellationToken stopping) => new ServiceCollection()
        .AddLogging(logging => logging.AddProvider(new Listener()))
        .AddSingleton<IHostApplicationLifetime>(new Lifetime(stopping))
        .AddOptions<LoggerFilterOptions>().Configure<IServiceProvider>(RunLifetime.Quieten).Services
        .BuildServiceProvider();

    private sealed class Lifetime(CancellationToken stopping) : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;
        public CancellationToken ApplicationStopping => stopping;
        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => throw new NotSupportedException();
    }

    /// <summary>A provider that wants every line.</summary>
    private sealed class Listener : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }

        public void Dispose()
        {
        }
    }
}
