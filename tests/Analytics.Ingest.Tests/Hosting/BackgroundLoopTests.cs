using Analytics.Ingest.Certificates;
using Analytics.Ingest.Maintenance;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Analytics.Ingest.Tests.Hosting;

/// <summary>
/// A background service that throws stops the host, and with it every request; what throws on a timer ends the process. Neither may come of a server
/// that is gone, as a container that was killed is: by name too.
/// </summary>
public sealed class BackgroundLoopTests : IDisposable
{
    private const string Nowhere = "no-such-host.invalid";
    private readonly NpgsqlDataSource dataSource = NpgsqlDataSource.Create($"Host={Nowhere};Username=x;Database=x;Timeout=5");
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("prices", "Model prices could not be read")]
    [InlineData("maintenance", "Maintenance (retention) failed")]
    [InlineData("certificates", "could not be checked")]
    public async Task Goes_on_when_the_servers_name_is_not_known(string which, string said)
    {
        var heard = new Heard(said);
        var options = Options.Create(new IngestOptions { WatchedCertificates = $"tls://{Nowhere}:1" });
        using var metrics = new IngestMetrics(services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        using BackgroundService service = which switch
        {
            "prices" => new PriceRefresher(dataSource, options, TimeProvider.System, new Logger<PriceRefresher>(heard)),
            "maintenance" => new MaintenanceService(dataSource, options, metrics, TimeProvider.System, new Logger<MaintenanceService>(heard)),
            _ => new CertificateWatch(options, metrics, TimeProvider.System, new Logger<CertificateWatch>(heard)),
        };
        await service.StartAsync(Cancel);
        await Task.WhenAny(heard.Line, service.ExecuteTask!).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        Assert.True(heard.Line.IsCompleted, $"it ended instead: {service.ExecuteTask!.Exception}");
        await service.StopAsync(Cancel);
        Assert.True(service.ExecuteTask!.IsCompleted && !service.ExecuteTask.IsFaulted);
    }

    /// <summary>A timer that has just begun to call cannot be stopped any more, and what it was made for may be over when it does.</summary>
    [Fact]
    public async Task Late_timer_is_harmless()
    {
        var (heard, time) = (new Heard("could not be checked"), new LateTimers());
        using var metrics = new IngestMetrics(services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        using var watch = new CertificateWatch(Options.Create(new IngestOptions { WatchedCertificates = "tls://127.0.0.1:1" }), metrics, time, new Logger<CertificateWatch>(heard));
        await watch.StartAsync(Cancel);
        await heard.Line.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        await watch.StopAsync(Cancel);
        Assert.NotEqual(0, time.Fire());
    }

    [Fact]
    public async Task Late_timer_of_a_transaction_is_harmless()
    {
        var time = new LateTimers();
        using var metrics = new IngestMetrics(services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        await Assert.ThrowsAnyAsync<Exception>(() => new BatchWriter(dataSource, Options.Create(new IngestOptions()), time, metrics).WriteAsync([], Cancel));
        Assert.NotEqual(0, time.Fire());
    }

    public void Dispose()
    {
        dataSource.Dispose();
        services.Dispose();
    }

    /// <summary>Timers that call when they are told to, whoever has disposed of them.</summary>
    private sealed class LateTimers : TimeProvider
    {
        private readonly List<Action> calls = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            calls.Add(() => callback(state));
            return new Timer();
        }

        public int Fire()
        {
            calls.ForEach(call => call());
            return calls.Count;
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    /// <summary>Waits for a line of the log.</summary>
    private sealed class Heard(string text) : ILoggerFactory, ILogger
    {
        private readonly TaskCompletionSource line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Line => line.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Contains(text, StringComparison.Ordinal))
                line.TrySetResult();
        }

        public void Dispose()
        {
        }
    }
}
