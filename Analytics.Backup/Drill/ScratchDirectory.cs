namespace Analytics.Backup.Drill;

/// <summary>
/// The place of one drill, held by a lock so that two drills do not share it. What a drill that was killed left behind is removed by the
/// next one, its server included.
/// </summary>
internal sealed class ScratchDirectory : IAsyncDisposable
{
    private const string Prefix = "hub-drill-", SocketsFile = "sockets";
    private readonly FileStream guard;

    private ScratchDirectory(FileStream guard, string root)
    {
        this.guard = guard;
        Root = root;
        // A socket's path may have 107 bytes; a volume's mount point can be long.
        Sockets = Directory.CreateTempSubdirectory(Prefix).FullName;
        // So that another drill finds it, should this one be killed.
        File.WriteAllText(Path.Combine(root, SocketsFile), Sockets);
        foreach (var directory in new[] { Data, Path.Combine(root, "lock"), Path.Combine(root, "spool"), Tablespaces }) Make(directory);
    }

    /// <summary>The drill's own directory.</summary>
    public string Root { get; }

    /// <summary>The data directory.</summary>
    public string Data => Path.Combine(Root, "data");

    /// <summary>Where tablespaces are restored to.</summary>
    public string Tablespaces => Path.Combine(Root, "tablespaces");

    /// <summary>The directory of the server's socket, with access for this user only.</summary>
    public string Sockets { get; }

    /// <summary>The server's log.</summary>
    public string Log => Path.Combine(Root, "postgresql.log");

    /// <summary>pgBackRest's configuration of the drill.</summary>
    public string PgBackRestConfig => Path.Combine(Root, "pgbackrest.conf");

    /// <summary>Makes it.</summary>
    /// <param name="parent">HUB_BACKUP_SCRATCH.</param>
    /// <param name="say">Where it says what it removed.</param>
    /// <exception cref="BackupException">Another drill runs there.</exception>
    public static async Task<ScratchDirectory> CreateAsync(string parent, Action<string> say)
    {
        FileStream guard;
        try
        {
            guard = new FileStream(Path.Combine(parent, ".hub-drill.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new BackupException($"Another drill runs in {parent}: {e.Message}", "Wait for it, or give this one another HUB_BACKUP_SCRATCH.");
        }

        foreach (var left in Directory.GetDirectories(parent, $"{Prefix}*"))
        {
            say($"removing {left}, which a drill that was killed left behind");
            await RemoveAsync(left);
        }

        return new ScratchDirectory(guard, Make(Path.Combine(parent, $"{Prefix}{Guid.NewGuid():N}")));
    }

    /// <summary>Stops the server if one runs, and removes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await RemoveAsync(Root);
        await guard.DisposeAsync();
    }

    /// <summary>Access for this user only: it contains the repository's key and all data.</summary>
    private static string Make(string path) => OperatingSystem.IsWindows()
        ? throw new PlatformNotSupportedException("PostgreSQL's programs are needed, which Hub has on Linux only.")
        : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    private static async Task RemoveAsync(string root)
    {
        var data = Path.Combine(root, "data");
        if (File.Exists(Path.Combine(data, "postmaster.pid")) && File.Exists(Path.Combine(data, "PG_VERSION")))
        {
            var major = (await File.ReadAllTextAsync(Path.Combine(data, "PG_VERSION"))).Trim();
            // Nothing in it is of value.
            await Programs.RunAsync(Programs.Find("pg_ctl", major), ["stop", "--pgdata", data, "--mode=immediate", "--wait", "--timeout=60"], CancellationToken.None);
        }

        var file = Path.Combine(root, SocketsFile);
        if (File.Exists(file) && await File.ReadAllTextAsync(file) is var sockets && Path.GetFileName(sockets).StartsWith(Prefix, StringComparison.Ordinal) && Directory.Exists(sockets))
            Directory.Delete(sockets, recursive: true);
        Directory.Delete(root, recursive: true);
    }
}
