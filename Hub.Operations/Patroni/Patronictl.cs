using Hub.Operations.Processes;

namespace Hub.Operations.Patroni;

/// <summary>Patroni through the members' own <c>patronictl</c>, for hosts that do not publish its REST API.</summary>
internal static class Patronictl
{
    /// <summary>In a frozen container it would wait for ever.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private static readonly string[] List = ["patronictl", "list", "--format", "json"];

    /// <summary>Patroni's view, from the first member that answers; empty while none does.</summary>
    /// <param name="members">Whom to ask.</param>
    /// <param name="run">Runs a command in a member, for a bounded time.</param>
    /// <param name="cancellation">Stops asking.</param>
    public static async Task<IReadOnlyList<PatroniMember>> MembersAsync(
        IEnumerable<string> members, Func<string, CancellationToken, string[], Task<ProcessResult>> run, CancellationToken cancellation)
    {
        foreach (var member in members)
        {
            if (await run(member, cancellation, List) is { ExitCode: 0 } list && PatroniMember.ParseList(list.Output) is { } seen)
                return seen;
        }

        return [];
    }

    /// <summary>Patroni's view, from the first container that answers; empty while none does.</summary>
    public static Task<IReadOnlyList<PatroniMember>> MembersAsync(IEnumerable<string> containers, CancellationToken cancellation) =>
        MembersAsync(containers,
            (container, token, command) => ProcessRunner.RunWithinAsync(Timeout, "docker", ["exec", container, .. command], token),
            cancellation);

    /// <summary>Replaces the dynamic configuration.</summary>
    /// <returns>Whether something had to be changed.</returns>
    public static async Task<bool> ApplyAsync(string container, string configuration, CancellationToken cancellation)
    {
        var result = (await ProcessRunner.RunWithinAsync(
            Timeout, "docker", ["exec", "--interactive", container, "patronictl", "edit-config", "--apply", "-", "--force"],
            cancellation, configuration))
            .OrThrow("Patroni did not take its configuration");
        return !result.Output.Contains("Not changed", StringComparison.Ordinal);
    }
}
