using System.CommandLine;
using Analytics.Topology;
using Analytics.Topology.Containers;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations.Processes;

namespace Hub.Cli.Commands;

/// <summary>The commands that hand over to another program: logs, psql, exec.</summary>
internal static class ToolCommands
{
    private static readonly Dictionary<string, (string Role, string Secret)> DatabaseRoles = new()
    {
        ["owner"] = (Roles.Owner, Secrets.Owner),
        ["app"] = (Roles.App, Secrets.App),
        ["readonly"] = (Roles.ReadOnly, Secrets.ReadOnly),
        ["superuser"] = (Roles.Superuser, Secrets.Superuser),
    };

    public static Command Logs()
    {
        var services = new Argument<string[]>("container") { Description = "Containers, such as ingest or timescaledb-1 [default: all].", Arity = ArgumentArity.ZeroOrMore };
        var follow = new Option<bool>("--follow", "-f") { Description = "Keep printing what comes." };
        var tail = new Option<int>("--tail") { Description = "Lines from the end, of each container.", DefaultValueFactory = _ => 100 };
        var command = new Command("logs", "Print the containers' logs.") { services, follow, tail };
        command.SetAction(async (parse, cancellation) =>
        {
            var deployment = Deployment.LoadExisting();
            var names = parse.GetValue(services) ?? [];
            RequireKnown(deployment, names);
            var engine = await ContainerEngine.ConnectAsync(cancellation);
            string[] options = parse.GetValue(follow) ? ["--follow"] : [];
            return await engine.ComposeAttachedAsync(deployment.Project, cancellation, ["logs", "--tail", $"{parse.GetValue(tail)}", .. options, .. names]);
        });
        return command;
    }

    public static Command Psql()
    {
        var role = new Option<string>("--role") { Description = "owner, app, readonly, or superuser (inside the leader's container).", DefaultValueFactory = _ => "readonly" };
        role.AcceptOnlyFromAmong([.. DatabaseRoles.Keys]);
        var rest = new Argument<string[]>("arguments") { Description = "Passed to psql; put them after `--`.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("psql", "Open a SQL prompt at the primary (or run one command: ./hub psql -- -c 'SELECT 1').") { role, rest };
        command.SetAction(async (parse, cancellation) =>
        {
            var deployment = Deployment.LoadExisting();
            var engine = await ContainerEngine.ConnectAsync(cancellation);
            var containers = await engine.ContainersAsync(deployment.Choices.Name, cancellation);
            var (user, secret) = DatabaseRoles[parse.GetValue(role)!];
            var host = user == Roles.Superuser
                ? await LeaderAsync(deployment, engine, containers, cancellation)
                : deployment.Topology.Database.Hosts.FirstOrDefault(member => containers.GetValueOrDefault(member)?.IsRunning == true);
            if (host is null)
                throw new CliException("No database member runs.", "See `./hub status`.");
            var target = user == Roles.Superuser ? PsqlTarget.ThisMember(user) : PsqlTarget.Primary(user);
            return await ProcessRunner.AttachAsync("docker",
                ["exec", .. Terminal(), "--env", "PGPASSWORD", containers[host].Name, "psql", target, .. parse.GetValue(rest) ?? []], cancellation,
                new Dictionary<string, string> { ["PGPASSWORD"] = deployment.Secrets()[secret] });
        });
        return command;
    }

    /// <summary>
    /// The engine's own <c>exec</c>, by the topology's names: what containers are called differs between versions of Compose.
    /// </summary>
    public static Command Exec()
    {
        var name = new Argument<string>("container") { Description = "A container, such as timescaledb-1." };
        var rest = new Argument<string[]>("command") { Description = "The program and its arguments; put them after `--`.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("exec", "Run a program in one of the containers (./hub exec timescaledb-1 -- patronictl list).") { name, rest };
        command.SetAction(async (parse, cancellation) =>
        {
            var deployment = Deployment.LoadExisting();
            RequireKnown(deployment, [parse.GetValue(name)!]);
            var engine = await ContainerEngine.ConnectAsync(cancellation);
            if ((await engine.ContainersAsync(deployment.Choices.Name, cancellation)).GetValueOrDefault(parse.GetValue(name)!) is not { IsRunning: true } container)
                throw new CliException($"{parse.GetValue(name)} does not run.", "See `./hub status`; `./hub up` starts it.");
            return await ProcessRunner.AttachAsync("docker", ["exec", .. Terminal(), container.Name, .. parse.GetValue(rest)!], cancellation);
        });
        return command;
    }

    private static string[] Terminal() => Console.IsInputRedirected || Console.IsOutputRedirected ? ["--interactive"] : ["--interactive", "--tty"];

    private static void RequireKnown(Deployment deployment, IEnumerable<string> names)
    {
        if (names.Except(deployment.Containers.Select(container => container.Name)).FirstOrDefault() is { } unknown)
            throw new CliException($"There is no container '{unknown}'.", "Known faults: " + string.Join(", ", deployment.Containers.Select(container => container.Name)), exitCode: 2);
    }

    private static async Task<string?> LeaderAsync(Deployment deployment, ContainerEngine engine, IReadOnlyDictionary<string, ContainerState> containers, CancellationToken cancellation) =>
        (await new Cluster.ClusterClient(deployment, containers).MembersAsync(cancellation)).FirstOrDefault(member => member.IsLeader)?.Name;
}
