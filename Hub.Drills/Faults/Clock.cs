using System.Globalization;
using Analytics.Topology;
using Hub.Operations;
using Hub.Operations.Clusters;
using Hub.Operations.Processes;

namespace Hub.Drills.Faults;

/// <summary>
/// Sets members' clocks. A container has none of its own, only the machine's: the database image must start its programs with libfaketime, which
/// adds what a file says. Clocks are set right before a fault ends, for that is a jump as well, and what it does must show in the drill.
/// </summary>
internal static class Clock
{
    /// <summary>Of libfaketime: the file that says how far a program's clock is off. Without the file the clock is right.</summary>
    private const string Variable = "FAKETIME_TIMESTAMP_FILE";

    /// <summary>In seconds: of rounding, and between asking for the one time and the other.</summary>
    private const long Tolerance = 5;

    /// <summary>Every process looks once a second.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private const string Times = $"""
        {MemberShell.Password} {MemberShell.Psql} --tuples-only --no-align \
            --command='SELECT floor(extract(epoch FROM clock_timestamp()))::bigint' && env --unset=LD_PRELOAD date +%s
        """;

    /// <summary>The primary's clock jumps, and jumps back when writes go on.</summary>
    public static Task JumpAsync(FaultContext context, Fault fault, TimeSpan by, CancellationToken cancel) => AndBackAsync(context, fault, () => SetAsync(context, context.Leader, by, cancel), cancel);

    /// <summary>The replicas' clocks jump, every other one ahead, the rest behind. Then the primary is killed, so that one of them takes over.</summary>
    public static Task ScatterAsync(FaultContext context, Fault fault, TimeSpan by, CancellationToken cancel) => AndBackAsync(context, fault, async () =>
    {
        for (var replica = 0; replica < context.Replicas.Count; replica++)
            await SetAsync(context, context.Replicas[replica], replica % 2 == 0 ? by : -by, cancel);
        await context.HoldAsync(fault, cancel);
        await context.KillAsync(context.Leader, cancel);
    }, cancel);

    /// <summary>Why it cannot be done here; null where it can.</summary>
    public static async Task<string?> ImpossibleAsync(RunningCluster cluster, CancellationToken cancel)
    {
        foreach (var member in cluster.Members)
        {
            var variables = (await ProcessRunner.DockerAsync(cancel, "inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", cluster.Container(member))).OrThrow($"{member} was not found").Output;
            if (!variables.Split('\n').Any(variable => variable.StartsWith(Variable + "=", StringComparison.Ordinal)))
                return $"{member}'s clock is the machine's clock. This fault needs a database image with libfaketime (HUB_DATABASE_IMAGE): see docs/DRILLS.md";
        }

        return null;
    }

    private static async Task AndBackAsync(FaultContext context, Fault fault, Func<Task> strike, CancellationToken cancel)
    {
        await strike();
        await context.HoldAsync(fault, cancel);
        await context.Damage.HealAsync(context.Report, cancel);
    }

    private static async Task SetAsync(FaultContext context, string name, TimeSpan by, CancellationToken cancel)
    {
        context.Damage.Note($"setting {name}'s clock right", async token =>
            (await context.Cluster.ExecAsync(name, token, "sh", "-c", $"rm -f \"${Variable}\"")).OrThrow($"{name}'s clock is still wrong: remove the file that {Variable} names there"));
        context.Strike();
        var offset = (long)by.TotalSeconds;
        var said = offset.ToString("+0;-0", CultureInfo.InvariantCulture);
        context.Report($"setting {name}'s clock {said} s");
        (await context.Cluster.ExecAsync(name, cancel, "sh", "-c", $"echo {said} > \"${Variable}\"")).OrThrow($"{name}'s clock was not set");

        // A drill of a server that kept its clock would prove nothing.
        var began = TimeProvider.System.GetTimestamp();
        while (await OffAsync(context.Cluster, name, cancel) is var off && (off is null || Math.Abs(off.Value - offset) > Tolerance))
        {
            if (TimeProvider.System.GetElapsedTime(began) > Timeout)
                throw new OperationException($"The clock of {name}'s PostgreSQL is off by {(off is null ? "nobody knows how many" : off)} s instead of {said} s.", $"Its image must start every program with libfaketime and look at the file in {Variable} again as it runs: see docs/DRILLS.md.");
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancel);
        }
    }

    /// <summary>How many seconds the clock of a member's PostgreSQL is before the machine's; null while it does not answer.</summary>
    internal static async Task<long?> OffAsync(RunningCluster cluster, string name, CancellationToken cancel)
    {
        var asked = await cluster.ExecAsync(name, cancel, "sh", "-c", Times);
        return asked.ExitCode == 0 && asked.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [var its, var machine]
            ? long.Parse(its, CultureInfo.InvariantCulture) - long.Parse(machine, CultureInfo.InvariantCulture)
            : null;
    }
}
