using AppHost.Patroni;

namespace AppHost.Operations;

/// <summary>Backups and the restore drill, by the runner that Compose starts with <c>./hub backup</c> and Kubernetes on its
/// schedule.</summary>
internal static class BackupCommands
{
    public const string Full = "backup-full";
    public const string Differential = "backup-diff";
    public const string Drill = "restore-drill";
    public const string List = "backup-list";

    /// <summary>Makes the runner one that is started by command only, with the command's verb.</summary>
    /// <param name="runner">The topology's container; its arguments say what it does at its next start.</param>
    /// <param name="cluster">The database, whose row on the dashboard offers the commands.</param>
    public static void WithBackupCommands(this IResourceBuilder<ContainerResource> runner,
        IResourceBuilder<DatabaseClusterResource> cluster)
    {
        var verb = "list";
        var oneAtATime = new SemaphoreSlim(1);
        runner.WithExplicitStart().WithParentRelationship(cluster).WithArgs(context =>
        {
            context.Args.Clear();
            context.Args.Add(verb);
        });

        void Offer(string name, string display, string description, string icon, string value, string done, string? confirmation = null) =>
            cluster.WithCommand(name, display, async context =>
            {
                // The runner reads its verb when it starts: a second command may not change it before that.
                if (!await oneAtATime.WaitAsync(TimeSpan.Zero))
                    return Runs.Busy(runner.Resource);
                try
                {
                    verb = value;
                    return await context.RunAsync(runner.Resource, done);
                }
                finally
                {
                    oneAtATime.Release();
                }
            }, new CommandOptions
            {
                Description = description,
                IconName = icon,
                ConfirmationMessage = confirmation,
                UpdateState = Runs.WhileHealthy,
                Progress = new CommandProgressOptions
                {
                    Title = display,
                    Message = $"{description} The log of {runner.Resource.Name} shows how far it is."
                },
            });

        Offer(Full, "Back up (full)", "Copies the whole database to the repository.", "DatabaseArrowUp", "full",
            "The full backup is in the repository.");
        Offer(Differential, "Back up (differential)", "Copies what changed since the last full backup; without one it makes a full one.",
            "DatabaseArrowUp", "diff",
            "The differential backup is in the repository.");
        Offer(Drill, "Restore drill", "Restores the newest backup into a scratch instance, compares it with the database, and removes it.",
            "DatabaseCheckmark", "drill",
            "The newest backup was restored and compared.");
        Offer(List, "List backups", "Lists what the repository holds.", "DatabaseSearch", "list", "The repository was listed.");
    }
}
