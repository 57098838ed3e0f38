using System.Diagnostics;

namespace Analytics.Migrations.Tests;

public class The_program_tells_by_its_exit_code
{
    [Theory]
    [InlineData("migrate", "", "ConnectionStrings__analytics is not set")]
    [InlineData("migrate", "ConnectionStrings__analytics=Host=x;Nonsense=1", "ConnectionStrings__analytics cannot be read")]
    [InlineData("migrate", "ConnectionStrings__analytics=Host=x", "names no Host or no Database")]
    [InlineData("migrate", "ConnectionStrings__analytics=Host=x;Database=y|Migrations__PrimaryTimeout=soon", "Migrations:")]
    [InlineData("migrate", "ConnectionStrings__analytics=Host=x;Database=y|Migrations__PrimaryTimeout=00:00:00", "PrimaryTimeout")]
    [InlineData("etcd-auth", "", "ETCD_ENDPOINTS is not set")]
    [InlineData("etcd-auth", "ETCD_ENDPOINTS=https://127.0.0.1:1|ETCD_CA=/nowhere/ca.crt", "ETCD_CA")]
    [InlineData("limit-key", "", "HUB_API_KEY_ID is not set")]
    [InlineData("limit-key", "HUB_API_KEY_ID=1|HUB_KEY_CALLS_PER_DAY=0", "HUB_KEY_CALLS_PER_DAY: 0 is not a whole number above 0")]
    [InlineData("limit-key", "HUB_API_KEY_ID=1|HUB_KEY_REQUESTS_PER_SECOND=NaN", "HUB_KEY_REQUESTS_PER_SECOND: NaN is not 0.001")]
    [InlineData("dance", "", "Usage: Analytics.Migrations [migrate | etcd-auth | ensure-key | limit-key]")]
    public async Task Two_for_a_wrong_configuration(string verb, string environment, string message)
    {
        using var program = MigrationsProgram.Start(verb, [.. environment.Split('|', StringSplitOptions.RemoveEmptyEntries)]);
        var (exitCode, output) = await program.WaitAsync();
        Assert.Contains(message, output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Configuration, exitCode);
    }

    [Fact]
    public async Task One_when_there_is_no_primary()
    {
        using var program = MigrationsProgram.Start("migrate", "ConnectionStrings__analytics=Host=127.0.0.1;Port=1;Database=x;Username=y",
            "Migrations__PrimaryTimeout=00:00:01");
        var (exitCode, output) = await program.WaitAsync();
        Assert.Contains("No usable primary at 127.0.0.1:1/x", output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failed, exitCode);
    }
}

[Trait(Tiers.Trait, Tiers.Integration)]
public class The_program(DatabaseFixture databases)
{
    [Fact]
    public async Task Completes_a_run_that_was_killed()
    {
        await using var database = await databases.CreateInitialisedAsync();
        string[] environment = [$"ConnectionStrings__analytics={database.ConnectionString("llm_owner")}",
            "Migrations__PollInterval=00:00:00.100"];
        // Somebody else is making a table of the same name: the script waits in its middle, until it is killed.
        await using (var other = await database.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await using var transaction = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var create = new Npgsql.NpgsqlCommand("CREATE TABLE analytics.cost_tracking (i int)", other);
            await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            using var killed = MigrationsProgram.Start("migrate", environment);
            await A_run_of_the_migrations.UntilAsync(
                database, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hub-migrations' AND wait_event_type = 'Lock' "
                    + "AND datname = current_database()");
            killed.Kill();
            // The server notices by itself and frees the lock, although the statement could have gone on waiting.
            await A_run_of_the_migrations.UntilAsync(
                database, "SELECT 1 - count(*) FROM pg_stat_activity WHERE application_name = 'hub-migrations' AND datname = "
                    + "current_database()");
            Assert.Equal(0, await database.Owner.ScalarAsync<long>("SELECT count(*) FROM analytics.schema_journal"));
            Assert.False(await database.Owner.ScalarAsync<bool>("SELECT to_regclass('analytics.llm_requests') IS NOT NULL"));
        }

        using var again = MigrationsProgram.Start("migrate", environment);
        var (exitCode, output) = await again.WaitAsync();
        Assert.True(exitCode == ExitCodes.Ok, output);
        Assert.Empty((await database.MigrateAsync()).Applied);
    }
}

/// <summary>The built program in a process of its own, with only the given environment of Hub's.</summary>
internal sealed class MigrationsProgram : IDisposable
{
    private readonly Process process;

    private MigrationsProgram(Process process) => this.process = process;

    public static MigrationsProgram Start(string verb, params string[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Analytics.Migrations.dll"), verb])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var setting in environment)
            start.Environment[setting[..setting.IndexOf('=', StringComparison.Ordinal)]] =
                setting[(setting.IndexOf('=', StringComparison.Ordinal) + 1)..];
        return new MigrationsProgram(Process.Start(start)!);
    }

    public void Kill() => process.Kill();

    public async Task<(int ExitCode, string Output)> WaitAsync()
    {
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(2),
            TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }
}
