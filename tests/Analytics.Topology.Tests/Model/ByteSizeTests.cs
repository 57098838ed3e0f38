using CsCheck;

namespace Analytics.Topology.Tests.Model;

public class ByteSizeTests
{
    [Theory]
    [InlineData(0, "0B", "0")]
    [InlineData(1000, "1000B", "1000")]
    [InlineData(1536, "1536B", "1536")]
    [InlineData(1024, "1kB", "1Ki")]
    [InlineData(256L << 20, "256MB", "256Mi")]
    [InlineData(1536L << 20, "1536MB", "1536Mi")]
    [InlineData(500L << 30, "500GB", "500Gi")]
    [InlineData(2L << 40, "2TB", "2Ti")]
    public void Is_written_in_the_largest_unit_that_divides_evenly(long bytes, string postgres, string kubernetes)
    {
        Assert.Equal(postgres, new ByteSize(bytes).ToPostgres());
        Assert.Equal(kubernetes, new ByteSize(bytes).ToKubernetes());
        Assert.Equal(kubernetes, new ByteSize(bytes).ToString());
    }

    [Fact]
    public void Clamping_gives_whole_mebibytes_within_the_bounds() =>
        Gen.Long[0, 1L << 50].Sample(bytes =>
        {
            var clamped = new ByteSize(bytes).Clamp(ByteSize.MiB(64), ByteSize.GiB(64));
            Assert.InRange(clamped.Bytes, 64L << 20, 64L << 30);
            Assert.Equal(0, clamped.Bytes % (1 << 20));
        });

    [Fact]
    public void Sizes_compare_and_add_by_bytes()
    {
        Assert.True(ByteSize.MiB(1024) == ByteSize.GiB(1));
        Assert.True(ByteSize.MiB(1) < ByteSize.GiB(1) && ByteSize.GiB(1) > ByteSize.MiB(1) && ByteSize.GiB(1) >= ByteSize.GiB(1)
            && ByteSize.GiB(1) <= ByteSize.GiB(1));
        Assert.Equal(ByteSize.MiB(1536), ByteSize.GiB(1) + ByteSize.MiB(512));
        Assert.Equal(ByteSize.MiB(256), ByteSize.GiB(1) * 0.25);
    }
}
