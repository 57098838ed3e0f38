using Hub.Cli.Commands;

namespace Hub.Cli.Tests.Restore;

public class RoomTests
{
    private const long GiB = 1L << 30;

    [Fact]
    public void Each_member_needs_the_database_once_more_and_a_gigabyte_is_left_over() => RestoreCommand.RequireRoom("/var/lib/docker", 31 * GiB, 10 * GiB, members: 3);

    [Fact]
    public void Too_little_is_refused_with_both_figures_and_a_way_that_needs_less()
    {
        var refusal = Assert.Throws<CliException>(() => RestoreCommand.RequireRoom("/var/lib/docker", (31 * GiB) - 1, 10 * GiB, members: 3));
        Assert.Equal("Too little disk space: /var/lib/docker has 31743 MB free, and 31744 MB are needed in addition to the data that is kept.", refusal.Message);
        Assert.Contains("--into scratch", refusal.Hint, StringComparison.Ordinal);
    }
}
