using Analytics.Backup.Drill;

namespace Analytics.Backup.Tests;

/// <summary>What a drill says of a scratch instance that ended, by the log it left.</summary>
public sealed class ScratchInstanceTests
{
    private const string Reason = "2026-11-23 01:52:00.100 UTC [42] FATAL:  could not locate required checkpoint record";

    [Theory]
    [InlineData("2026-11-23 01:52:00.200 UTC [50] FATAL:  the database system is shutting down")]
    [InlineData("2026-11-23 01:52:00.050 UTC [49] FATAL:  the database system is starting up")]
    [InlineData("2026-11-23 01:52:00.200 UTC [41] LOG:  database system is shut down")]
    public void Its_reason_is_not_what_it_told_somebody_who_connected(string other)
    {
        var lines = new[] { Reason, other };
        Assert.All([lines, [.. lines.Reverse()]],
            log => Assert.StartsWith("WAL that makes the set consistent is missing: could not locate required checkpoint record.",
                ScratchInstance.Explain(log).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_reason_the_end_of_its_log_is_told() =>
        Assert.Contains("something else", ScratchInstance.Explain(["2026-11-23 01:52:00.100 UTC [42] FATAL:  something else"]).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_server_that_wrote_nothing_is_said_to_have() => Assert.Contains("it wrote no log", ScratchInstance.Explain([]).Message,
        StringComparison.Ordinal);
}
