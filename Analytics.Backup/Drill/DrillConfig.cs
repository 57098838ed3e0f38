namespace Analytics.Backup.Drill;

/// <summary>
/// pgBackRest's configuration for a scratch instance: how to reach the repository, from the cluster's own file, and nothing of the cluster:
/// with its <c>pg1-host</c> pgBackRest would refuse to restore here, or restore there.
/// </summary>
public static class DrillConfig
{
    private static readonly string[] Own = ["lock-path", "log-path", "spool-path", "log-level-file", "pg-version-force", "archive-mode",
        "config-include-path"];

    /// <summary>Makes it.</summary>
    /// <param name="cluster">The cluster's file.</param>
    /// <param name="stanza">The stanza.</param>
    /// <param name="directory">A directory for everything that it writes.</param>
    /// <param name="data">The data directory to be.</param>
    public static string Render(string cluster, string stanza, string directory, string data)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var kept = new Dictionary<string, List<string>> { ["global"] = [], [stanza] = [] };
        var section = "";
        foreach (var line in cluster.Split('\n').Select(line => line.TrimEnd('\r', ' ')))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            // Sections of one command (global:backup) are left out: nothing is backed up or archived from here.
            if (line.StartsWith('[')) section = line.Trim('[', ']');
            else if (equals > 0 && !line.StartsWith('#') && kept.TryGetValue(section, out var lines) && !IsOwn(line[..equals].Trim()))
                lines.Add(line);
        }

        string[] all =
        [
            "[global]", .. kept["global"], $"lock-path={directory}/lock", $"spool-path={directory}/spool", "log-level-file=off", "",
            $"[{stanza}]", .. kept[stanza], $"pg1-path={data}", "",
        ];
        return string.Join('\n', all);
    }

    private static bool IsOwn(string key) =>
        Own.Contains(key) || (key.StartsWith("pg", StringComparison.Ordinal) && key.Length > 2 && char.IsAsciiDigit(key[2]))
            || key.StartsWith("tls-server-", StringComparison.Ordinal);
}
