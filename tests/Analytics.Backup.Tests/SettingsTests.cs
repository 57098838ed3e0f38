using Analytics.Backup.Retention;
using Spectre.Console;

namespace Analytics.Backup.Tests;

public class The_settings
{
    [Fact]
    public void Have_defaults_but_for_the_stanza()
    {
        var settings = Read(("HUB_BACKUP_STANZA", "hub"));
        Assert.Equal(("hub", GfsPolicy.Default, "/etc/pgbackrest/pgbackrest.conf", 7, 4, 12),
            (settings.Stanza, settings.Policy, settings.PgBackRestConfig, settings.Policy.Daily, settings.Policy.Weekly,
                settings.Policy.Monthly));
        Assert.Equal(ExitCodes.Configuration, Assert.Throws<BackupException>(() => Read()).ExitCode);
        Assert.Contains("ConnectionStrings__Database", Assert.Throws<BackupException>(settings.RequireConnectionString).Message,
            StringComparison.Ordinal);
        Assert.Contains("HUB_BACKUP_SCRATCH", Assert.Throws<BackupException>(settings.RequireScratch).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HUB_BACKUP_KEEP_DAILY", "0")]
    [InlineData("HUB_BACKUP_KEEP_DAILY", "seven")]
    [InlineData("HUB_BACKUP_KEEP_WEEKLY", "-1")]
    [InlineData("HUB_BACKUP_KEEP_MONTHLY", "1001")]
    [InlineData("HUB_BACKUP_MANIFEST_SECONDS", "1.5")]
    public void Name_the_variable_that_is_wrong(string name, string value)
    {
        var wrong = Assert.Throws<BackupException>(() => Read(("HUB_BACKUP_STANZA", "hub"), (name, value)));
        Assert.Contains($"{name} is '{value}'", wrong.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Configuration, wrong.ExitCode);
    }

    [Theory]
    [InlineData("full", "ConnectionStrings__Database is not set")]
    [InlineData("retain", "ConnectionStrings__Database is not set")]
    public async Task Ask_for_the_database_where_it_is_needed(string verb, string message)
    {
        var root = Commands.Create(name => name == "HUB_BACKUP_STANZA" ? "hub" : null, AnsiConsole.Console, TextWriter.Null,
            TimeProvider.System);
        var parsed = root.Parse(verb);
        var wrong = await Assert.ThrowsAsync<BackupException>(() => parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false },
            TestContext.Current.CancellationToken));
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Are_described_by_the_help() =>
        Assert.Equal(["abandon", "check", "diff", "drill", "full", "list", "plan", "retain", "scratch", "verify"],
            Commands.Create(_ => null, AnsiConsole.Console, TextWriter.Null,
                TimeProvider.System).Subcommands.Select(command => command.Name).Order());

    private static BackupSettings Read(params (string Name, string Value)[] variables) =>
        BackupSettings.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
