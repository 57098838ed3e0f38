using Hub.Cli.Commands;

namespace Hub.Cli.Tests.Commands;

public sealed class TestCountsTests
{
    [Fact]
    public void The_closing_block_counts_and_not_what_a_test_printed_before()
    {
        const string output = """
            failed Some.Test (3s 138ms)
              failed: 7
            Test run summary: Failed!
              total: 14
              failed: 2
              succeeded: 11
              skipped: 1
              duration: 1m 05s
            """;
        Assert.Equal(new TestCommand.Counts(11, 2, 1), TestCommand.Counts.Parse(output));
    }

    [Fact]
    public void Failed_tests_are_found_with_their_messages_among_what_others_printed()
    {
        const string output = """
            Running tests from X.dll
            failed Some.Test.Of(verb: "down") (3s 138ms)
              from X.dll
              Expected: 1
            X.dll failed with 1 error(s) (23s)
            passed Other.Test (1ms)
            """;
        Assert.Equal("failed Some.Test.Of(verb: \"down\") (3s 138ms)\n  from X.dll\n  Expected: 1",
            Assert.Single(TestCommand.FailuresOf(output)));
    }

    [Fact]
    public void Output_without_a_closing_block_counts_nothing() =>
    Assert.Equal(new TestCommand.Counts(0, 0, 0), TestCommand.Counts.Parse("The build failed."));

    [Fact]
    public void What_takes_half_an_hour_or_somebodys_cluster_runs_only_when_it_is_named() =>
    Assert.Equal(["unit", "native", "integration", "fault"], TestCommand.Default);

    [Fact]
    public void Tiers_that_use_containers_run_together_and_the_others_alone() => Assert.Equal(
        [["unit"], ["native", "fault"], ["nightly"], ["cluster"]], TestCommand.RunsOf(["cluster", "nightly", "fault", "native", "unit"]));
}
