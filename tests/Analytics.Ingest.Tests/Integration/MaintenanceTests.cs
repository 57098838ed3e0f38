using System.Net;
using Analytics.Ingest.Maintenance;
using Analytics.Ingest.Tests.Infrastructure;
using Hub.Shared;
using Microsoft.Extensions.DependencyInjection;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class MaintenanceTests(DatabaseFixture databases) : HostedTests(databases)
{
    [Fact]
    public async Task Performance_is_recorded_for_whole_hours_however_often()
    {
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now.AddHours(-1)), Exports.Call(2, Now.AddHours(-2))))).StatusCode);
        var maintenance = Host.Services.GetRequiredService<MaintenanceService>();
        await maintenance.RecordPerformanceAsync(TimeSpan.FromHours(3), TestContext.Current.CancellationToken);
        await maintenance.RecordPerformanceAsync(TimeSpan.FromHours(3), TestContext.Current.CancellationToken);
        Assert.Equal(2, await CountAsync("metrics.model_performance"));
    }

    [Fact]
    public async Task Instance_skips_work_that_another_one_is_doing()
    {
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now.AddHours(-1))))).StatusCode);
        var maintenance = Host.Services.GetRequiredService<MaintenanceService>();
        await using (var other = await Database.App.OpenConnectionAsync(TestContext.Current.CancellationToken))
        await using (var transaction = await other.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using var lockIt = other.CreateCommand();
            lockIt.CommandText = $"SELECT pg_advisory_xact_lock({AdvisoryLocks.ModelPerformance})";
            await lockIt.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await maintenance.RecordPerformanceAsync(TimeSpan.FromHours(3), TestContext.Current.CancellationToken);
            Assert.Equal(0, await CountAsync("metrics.model_performance"));
        }

        await maintenance.RecordPerformanceAsync(TimeSpan.FromHours(3), TestContext.Current.CancellationToken);
        Assert.Equal(1, await CountAsync("metrics.model_performance"));
    }

    [Fact]
    public async Task Retention_may_be_applied_at_any_time()
    {
        Assert.Equal(HttpStatusCode.OK, (await Otlp.SendAsync(Exports.Of(Exports.Call(1, Now)))).StatusCode);
        await Host.Services.GetRequiredService<MaintenanceService>().ApplyRetentionAsync(TestContext.Current.CancellationToken);
        await AssertRowsAsync(1);
    }

    [Fact]
    public async Task Stuck_jobs_may_be_looked_for_at_any_time() =>
        await Host.Services.GetRequiredService<MaintenanceService>().RestartStuckJobsAsync(TestContext.Current.CancellationToken);
}
