using Hub.Drills.Faults;
using Hub.Drills.Runs;

namespace Hub.Drills.Tests.Cluster;

/// <summary>One run of a fault, and what may never come of any.</summary>
internal static class Drills
{
    public static async Task<DrillResult> RunAsync(DrillFixture fixture, string fault, ITestOutputHelper output, int seed = 1,
        bool destroyLeader = false)
    {
        var result = await new DrillRunner(fixture.Cluster, report: TestContext.Current.SendDiagnosticMessage)
        { DestroyLeader = destroyLeader }
            .RunAsync(FaultCatalog.Find(fault), run: 1, seed, TestContext.Current.CancellationToken);
        output.WriteLine(result.Describe());
        Assert.Equal(0, result.Lost);
        Assert.Equal(0, result.OnOneMember);
        Assert.Equal(0, result.Duplicated);
        Assert.True(result.PrimariesAtOnce == 1,
            $"{result.PrimariesAtOnce} primaries acknowledged at once: {string.Join(", ", result.Epochs)}");
        Assert.All(result.Paths, path =>
        {
            Assert.True(path.Verification.Holds, path.ToString());
            Assert.True(path.Copies.Holds, path.ToString());
            Assert.True(path.Gap.Ended, $"{path.Path} did not recover");
        });
        return result;
    }
}
