using Analytics.Ingest.Calls;
using CsCheck;

namespace Analytics.Ingest.Tests.Calls;

public sealed class UsageVectorTests
{
    [Theory]
    // langfuse #12306 and its kin: what an exclusive sender means by 10 input and 90 cached tokens is 100 input tokens, once.
    [InlineData(10, 5, 90, 0, null, CacheConvention.Exclusive, 100, 10)]
    // A total that is the sum without the cached tokens proves that they are inside.
    [InlineData(100, 5, 90, 0, 105, CacheConvention.Inclusive, 100, 10)]
    // A total that holds them proves the opposite, however small they are.
    [InlineData(100, 5, 30, 10, 145, CacheConvention.Exclusive, 140, 100)]
    [InlineData(100, 5, 90, 0, null, CacheConvention.Inclusive, 100, 10)]
    [InlineData(100, 5, 0, 0, null, CacheConvention.None, 100, 100)]
    public void Cached_tokens_are_counted_once(long input, long output, long read, long write, int? total, object convention,
        long expectedInput, long expectedUncached)
    {
        var vector = UsageVector.From(Reported(input, output, read, write, total: total), anthropic: false);

        Assert.Equal((CacheConvention)convention, vector.Convention);
        Assert.Equal((expectedInput, expectedUncached), (vector.Input, vector.Uncached));
        Assert.Null(vector.Contradictions);
    }

    [Fact]
    public void Anthropics_raw_cache_counts_are_added_to_the_input_unless_the_sender_says_otherwise()
    {
        Assert.Equal(140, UsageVector.From(Reported(100, 5, 40), anthropic: true).Input);
        Assert.Equal(100, UsageVector.From(Reported(100, 5, 40, declared: CacheConvention.Inclusive), anthropic: true).Input);
        Assert.Equal(140, UsageVector.From(Reported(100, 5, 40, declared: CacheConvention.Exclusive), anthropic: false).Input);
    }

    [Fact]
    public void A_total_that_nothing_explains_is_flagged_and_not_used()
    {
        var vector = UsageVector.From(Reported(100, 5, total: 260_421), anthropic: false);
        Assert.Equal((105, "total_disagrees"), (vector.Total, Assert.Single(vector.Contradictions!)));
    }

    [Fact]
    public void More_cached_tokens_than_input_are_added_to_it_and_a_total_without_them_is_flagged()
    {
        var vector = UsageVector.From(Reported(10, 5, 90, total: 15), anthropic: false);
        Assert.Equal((100, 10), (vector.Input, vector.Uncached));
        Assert.Equal(["total_disagrees"], vector.Contradictions);
    }

    [Fact]
    public void Reasoning_on_top_of_the_output_is_added_only_when_a_total_proves_it()
    {
        Assert.Equal(70, UsageVector.From(Reported(100, 20, reasoning: 50, total: 170), anthropic: false).Output);
        var unproven = UsageVector.From(Reported(100, 20, reasoning: 50), anthropic: false);
        Assert.Equal((20, "reasoning_exceeds_output"), (unproven.Output, Assert.Single(unproven.Contradictions!)));
    }

    [Fact]
    public void What_is_not_reported_stays_unknown()
    {
        var vector = UsageVector.From(new ReportedUsage(), anthropic: false);
        Assert.Equal(new UsageVector(null, null, null, null, null, null, CacheConvention.None, null), vector);
        Assert.Null(vector.Total);
    }

    [Fact]
    public void Parts_never_exceed_totals_without_a_contradiction() =>
        Gen.Select(Gen.Long[0, 1000], Gen.Long[0, 1000], Gen.Long[0, 1000], Gen.Long[0, 1000], Gen.Long[0, 4000].Nullable(),
            Gen.Bool).Sample(
            (input, output, read, write, total, anthropic) =>
            {
                var vector = UsageVector.From(Reported(input, output, read, write, total: total), anthropic);
                if (vector.Contradictions is not null) return;
                Assert.Equal(vector.Input, vector.Uncached + read + write);
                Assert.True(vector.Uncached >= 0);
                if (total is not null) Assert.Equal(total, vector.Total);
            });

    internal static ReportedUsage Reported(
        long? input, long? output, long? read = null, long? write = null, long? reasoning = null, long? total = null,
        CacheConvention? declared = null)
    {
        var usage = new ReportedUsage { Declared = declared };
        if (input is not null) usage.Report(ref usage.Input, "input_tokens", 0, input);
        if (output is not null) usage.Report(ref usage.Output, "output_tokens", 0, output);
        if (read is not null) usage.Report(ref usage.CacheRead, "cache_read_tokens", 0, read);
        if (write is not null) usage.Report(ref usage.CacheWrite, "cache_write_tokens", 0, write);
        if (reasoning is not null) usage.Report(ref usage.Reasoning, "reasoning_tokens", 0, reasoning);
        if (total is not null) usage.Report(ref usage.Total, "total_tokens", 0, total);
        return usage;
    }
}
