using AppHost.Cluster;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Startup;

/// <summary>The console's part of a run: what becomes of the start, of every resource after it, and of the end.</summary>
internal static class RunLifetime
{
    /// <summary>
    /// PgBouncer waits for its clients, PostgreSQL writes a checkpoint: on a busy machine more than the 30 s that a host has by default.
    /// </summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMinutes(2);

    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <summary>Lets the console tell failures and progress, and lets Ctrl-C end when every container has ended.</summary>
    public static void ReportRun(this DevelopmentHub hub)
    {
        // Otherwise Aspire returns at once and its orchestrator goes on stopping containers: a start right after it would find ports taken.
        hub.Builder.Configuration.AddInMemoryCollection([new("DcpPublisher:WaitForResourceCleanup", bool.TrueString)]);
        hub.Builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopTimeout);
        hub.Builder.Services.PostConfigure<HealthCheckServiceOptions>(LimitChecks);
        hub.Builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<StartReport>(services, hub));
        hub.Builder.Services.AddHostedService<HealthWatch>();
        hub.Builder.Services.AddHostedService(services => new StopReport(hub, services.GetRequiredService<IHostApplicationLifetime>(),
            services.GetRequiredService<ILogger<StopReport>>()));
        hub.Builder.Services.AddOptions<LoggerFilterOptions>().Configure<IServiceProvider>((log, services) => Quieten(log, services));
    }

    /// <summary>
    /// What would hide Hub's own lines: each request of an open dashboard is six lines, over a thousand while the AppHost stops; and a
    /// start that Ctrl-C ended is not a failure, for which the host would print the stack.
    /// </summary>
    internal static void Quieten(LoggerFilterOptions log, IServiceProvider services)
    {
        log.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        log.AddFilter(HostCategory, level => level >= LogLevel.Information
            && services.GetService<IHostApplicationLifetime>()?.ApplicationStopping.IsCancellationRequested != true);
    }

    /// <summary>Aspire's own checks ask without a limit: a server that hangs would stay healthy for as long as it hangs.</summary>
    private static void LimitChecks(HealthCheckServiceOptions options)
    {
        foreach (var check in options.Registrations)
            check.Timeout = HealthWatch.Limit;
    }

    /// <summary>Registers before any service starts: the one that creates the resources returns only when all were created.</summary>
    private sealed class StopReport(DevelopmentHub hub, IHostApplicationLifetime lifetime, ILogger<StopReport> console)
        : IHostedLifecycleService
    {
        private Task stopping = Task.CompletedTask;

        public Task StartingAsync(CancellationToken cancellationToken)
        {
            lifetime.ApplicationStopping.Register(() => stopping = TellAsync());
            lifetime.ApplicationStopped.Register(
                () => console.LogInformation("Stopped. The data are kept in the volumes {Volumes}*", hub.Profile.VolumePrefix));
            return Task.CompletedTask;
        }

        private async Task TellAsync()
        {
            if (!lifetime.ApplicationStarted.IsCancellationRequested)
            {
                console.LogInformation(
                    "The start was ended. Aspire's orchestrator stops the containers that had started; the next start waits for them.");
                return;
            }

            console.LogInformation("Stopping every container; the databases finish their work first. This takes some seconds.");
            var (exit, output) = await Engine.RunAsync(hub.Engine, ["version"], CancellationToken.None);
            if (exit != 0)
            {
                console.LogError("The container engine does not answer, so no container can be stopped. Aspire waits {Seconds} s for it; "
                    + "Ctrl-C again ends at once. {Output}", (int)StopTimeout.TotalSeconds, output);
            }
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => stopping;
    }
}
