using Hub.Drills.Faults;
using Hub.Operations;

namespace Hub.Drills.Tests;

/// <summary>Healing makes every repair, whatever the others do.</summary>
public sealed class DamageTests
{
    [Fact]
    public async Task Repairs_run_once_in_reverse_order()
    {
        var done = new List<string>();
        var damage = new Damage();
        foreach (var name in new[] { "one", "two" })
            damage.Note(name, _ => Done(done, name));
        Assert.False(damage.IsWhole);
        await damage.HealAsync(_ => { }, CancellationToken.None);
        await damage.HealAsync(_ => { }, CancellationToken.None);
        Assert.Equal(["two", "one"], done);
        Assert.True(damage.IsWhole);
    }

    [Fact]
    public async Task Failed_repair_is_reported_and_the_others_still_run()
    {
        var done = new List<string>();
        var damage = new Damage();
        damage.Note("one", _ => Done(done, "one"));
        damage.Note("two", _ => throw new OperationException("two does not start"));
        var problem = await Assert.ThrowsAsync<OperationException>(() => damage.HealAsync(_ => { }, CancellationToken.None));
        Assert.Contains("two does not start", problem.Message, StringComparison.Ordinal);
        Assert.Equal(["one"], done);
    }

    [Fact]
    public async Task Interrupted_repair_runs_the_next_time()
    {
        var done = new List<string>();
        var damage = new Damage();
        damage.Note("one", cancel => cancel.IsCancellationRequested ? Task.FromCanceled(cancel) : Done(done, "one"));
        using var interrupted = new CancellationTokenSource();
        await interrupted.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => damage.HealAsync(_ => { }, interrupted.Token));
        Assert.False(damage.IsWhole);
        await damage.HealAsync(_ => { }, CancellationToken.None);
        Assert.Equal(["one"], done);
        Assert.True(damage.IsWhole);
    }

    private static Task Done(List<string> done, string name)
    {
        done.Add(name);
        return Task.CompletedTask;
    }
}
