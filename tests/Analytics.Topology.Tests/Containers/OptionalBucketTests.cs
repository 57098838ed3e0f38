using System.Diagnostics;
using Analytics.Topology.Config;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;

namespace Analytics.Topology.Tests.Containers;

/// <summary>A cluster that may be without a bucket: its commands of archiving and recovery, run as PostgreSQL runs them.</summary>
public sealed class OptionalBucketTests : IDisposable
{
    private static readonly ClusterTopology Optional = PublishSize.Named("dev").Topology;
    private readonly FakePrograms programs = new();

    public void Dispose() => programs.Dispose();

    [Theory]
    [InlineData("archive_command", "false", "", 0, "")]
    [InlineData("archive_command", "false", "bucket", 7, "--stanza=hub archive-push pg_wal/0001")]
    [InlineData("archive_command", "true", "", 7, "--stanza=hub archive-push pg_wal/0001")]
    [InlineData("restore_command", "false", "", 1, "")]
    [InlineData("restore_command", "false", "bucket", 7, "--stanza=hub archive-get 0001 pg_wal/0001")]
    [InlineData("restore_command", "true", "", 7, "--stanza=hub archive-get 0001 pg_wal/0001")]
    public async Task Without_a_bucket_pgBackRest_is_not_run(string setting, string required, string bucket, int exitCode, string asked)
    {
        programs.Add("pgbackrest", "#!/bin/sh\nprintf '%s' \"$*\"\nexit 7\n");
        var command = Command(Optional, setting).Replace("%p", "pg_wal/0001", StringComparison.Ordinal).Replace("%f", "0001", StringComparison.Ordinal);
        var start = new ProcessStartInfo("sh", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["PATH"], start.Environment["HUB_BACKUP_REQUIRED"]) = (programs.SearchPath, required);
        start.Environment["PGBACKREST_REPO1_S3_BUCKET"] = bucket;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((exitCode, asked), (process.ExitCode, output));
    }

    /// <summary>With a bucket that is required nothing stands before pgBackRest: its failure is PostgreSQL's to see.</summary>
    [Theory]
    [InlineData("archive_command")]
    [InlineData("restore_command")]
    public void With_a_required_bucket_pgBackRest_is_always_run(string setting) => Assert.StartsWith("pgbackrest ", Command(Presets.Recommended, setting), StringComparison.Ordinal);

    private static string Command(ClusterTopology topology, string setting)
    {
        if (topology.Settings.Local.Concat(topology.Settings.Dcs).Where(item => item.Key == setting).Select(item => item.Value).FirstOrDefault() is { } value)
            return value;
        var postgresql = (Dictionary<string, object>)YamlDocuments.Read(PatroniConfig.Render(topology))["postgresql"];
        return (string)((Dictionary<string, object>)postgresql["recovery_conf"])[setting];
    }
}
