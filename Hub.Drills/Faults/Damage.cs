using Hub.Operations;

namespace Hub.Drills.Faults;

/// <summary>
/// What was broken and is not yet whole again. A repair is noted before the break, so that whatever interrupts the break, healing knows of it;
/// every repair may therefore find nothing to do.
/// </summary>
public sealed class Damage
{
    private readonly Stack<(string What, Func<CancellationToken, Task> Repair)> repairs = new();

    public bool IsWhole => repairs.Count == 0;

    internal void Note(string what, Func<CancellationToken, Task> repair) => repairs.Push((what, repair));

    /// <summary>Repairs everything, the last break first. One repair that fails does not keep the others from being made.</summary>
    /// <exception cref="OperationException">Some failed; the message names all of them.</exception>
    public async Task HealAsync(Action<string> report, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(report);
        var failed = new List<string>();
        while (repairs.TryPeek(out var next))
        {
            report(next.What);
            try
            {
                await next.Repair(cancel);
            }
            catch (OperationException problem)
            {
                failed.Add(problem.Message);
            }

            // Only now: a repair that was interrupted is still owed.
            repairs.Pop();
        }

        if (failed.Count > 0)
            throw new OperationException("Not everything that the drill broke was repaired: " + string.Join("; ", failed), "`./hub status` shows what is down; `./hub up` starts stopped containers.");
    }
}
