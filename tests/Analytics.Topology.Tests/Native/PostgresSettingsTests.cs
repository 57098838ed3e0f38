using System.Globalization;

namespace Analytics.Topology.Tests.Native;

/// <summary>A server takes every derived setting, by name and value.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public class PostgresSettingsTests
{
    /// <summary>The oldest PostgreSQL and TimescaleDB that Hub supports, where somebody has built it.</summary>
    private const string Oldest = "hub-community:pg15";

    /// <summary>Debian builds TimescaleDB without telemetry, and so without the setting that turns it off.</summary>
    private const string Telemetry = "timescaledb.telemetry_level off unknown";

    // A server of its own on its socket. Its shared buffers are smaller than the file says, so that any machine can run it; the file's
    // value is asked for alone. Listed is every line that the server did not take.
    private const string Script = """
        set -eu
        initdb --pgdata="$PGDATA" --username=postgres --auth=trust --no-sync > /dev/null
        echo "include '/etc/hub/test/settings.conf'" >> "$PGDATA/postgresql.conf"
        postgres -D "$PGDATA" -C shared_buffers > /dev/null
        pg_ctl --pgdata="$PGDATA" --wait --log=/tmp/server.log --options="-c listen_addresses='' -c shared_buffers=128MB" start > /dev/null || { cat /tmp/server.log; exit 1; }
        ask="psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --host=/var/run/postgresql"
        # Only a session of a database that has the extension knows all of its settings.
        PGOPTIONS="--client-min-messages=error" $ask --command='CREATE EXTENSION timescaledb'
        $ask <<'SQL'
        SELECT concat_ws(' ', file.name, file.setting, coalesce(file.error, 'unknown to the server or not in force'))
          FROM pg_file_settings file LEFT JOIN pg_settings setting ON lower(setting.name) = lower(file.name)
         WHERE file.sourcefile LIKE '%/settings.conf' AND file.name <> 'shared_buffers'
           AND (file.error IS NOT NULL OR (setting.name IS NULL OR setting.sourcefile IS DISTINCT FROM file.sourcefile)
             -- A setting of Hub's own is in no list.
             AND NOT (file.name LIKE 'hub.%' AND current_setting(file.name, true) IS NOT DISTINCT FROM file.setting));
        SELECT 'lines=' || count(*) FROM pg_file_settings WHERE sourcefile LIKE '%/settings.conf';
        SQL
        pg_ctl --pgdata="$PGDATA" --mode=immediate stop > /dev/null
        """;

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task The_image_accepts_them(string preset) => await CheckAsync(preset, NativeDeployments.For(preset).Topology.Images.Database);

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task The_oldest_supported_version_accepts_them(string preset)
    {
        Assert.SkipUnless(await Engine.HasImageAsync(Oldest, TestContext.Current.CancellationToken), $"The image {Oldest} (PostgreSQL 15, TimescaleDB 2.13) is not on this machine.");
        await CheckAsync(preset, Oldest);
    }

    private static async Task CheckAsync(string preset, string image)
    {
        var deployment = NativeDeployments.For(preset);
        var settings = Tests.Postgres.PostgresSettingsTests.All(deployment.Topology.Settings);
        var text = string.Concat(settings.Select(setting => $"{setting.Key} = '{setting.Value}'\n"));
        var member = deployment.Container("timescaledb-1") with { Image = image };
        member = member.WithFile("/etc/hub/test", "settings.conf", text) with
        {
            // PGHOST and its like are for a member of a cluster; PGDATA is what the image says.
            Environment = new Dictionary<string, Topology.Containers.SecretText> { ["PGDATA"] = Paths.PgData, ["PGUSER"] = Roles.Superuser },
        };
        var result = await Engine.RunAsync(deployment, member, ["sh", "-c", Script.ReplaceLineEndings("\n")], cancel: TestContext.Current.CancellationToken);
        var refused = result.Accepted().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith(Telemetry, StringComparison.Ordinal));
        Assert.Equal([string.Create(CultureInfo.InvariantCulture, $"lines={settings.Count}")], refused);
    }
}
