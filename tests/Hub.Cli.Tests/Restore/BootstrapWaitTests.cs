using Hub.Cli.Restore;

namespace Hub.Cli.Tests.Restore;

/// <summary>What a member's log says of a restore, in the words of Patroni 4.0, pgBackRest 2.55 and PostgreSQL 17.</summary>
public class BootstrapWaitTests
{
    [Fact]
    public void Progress_is_the_last_line_that_tells_how_far_it_is() =>
    Assert.Equal("restored log file \"000000010000000000000003\" from archive", BootstrapWait.Progress(
    [
        "2026-11-22 20:48:24.530 P00   INFO: restore backup set 20261122-204823F, recovery will start at 2026-11-22 20:48:23",
        "2026-11-22 20:48:25.530 UTC [57] LOG:  restored log file \"000000010000000000000003\" from archive",
        "server signaled",
    ])?.Split("LOG:  ")[^1]);

    [Fact]
    public void A_target_behind_the_last_commit_is_explained()
    {
        var failure = BootstrapWait.Failure("timescaledb-1",
        [
            "2026-11-22 20:48:25.530 UTC [61] FATAL:  the database system is starting up",
            "2026-11-22 20:48:26.530 UTC [57] FATAL:  recovery ended before configured recovery target was reached",
            "patroni.exceptions.PatroniFatalException: Failed to bootstrap cluster",
        ]);
        Assert.Contains("recovery ended before configured recovery target was reached", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("starting up", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--to latest", failure.Hint, StringComparison.Ordinal);
        Assert.Contains("undo", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_runners_words_and_exit_code_are_this_commands()
    {
        var failure = RunnerClient.Failure("Creating hub_backup_run ... done\nerror: --to: it is too old.\n  → Choose a later moment.\n",
            2);
        Assert.Equal(("--to: it is too old.", "Choose a later moment.", 2), (failure.Message, failure.Hint, failure.ExitCode));
    }
}
