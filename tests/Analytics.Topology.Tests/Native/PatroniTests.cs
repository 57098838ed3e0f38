using Analytics.Topology.Config;

namespace Analytics.Topology.Tests.Native;

[Trait(Tiers.Trait, Tiers.Native)]
public class PatroniTests
{
    /// <summary>
    /// Patroni 4.0 knows quorum commit, its check of synchronous_mode does not (patroni/validator.py, schema of bootstrap.dcs).
    /// </summary>
    private static readonly string[] WrongComplaints = ["bootstrap.dcs.synchronous_mode quorum is not a boolean"];

    /// <summary>
    /// Patroni also checks the binaries, the data directory and that etcd answers under every name: here one member answers to all.
    /// </summary>
    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public async Task Accepts_its_configuration(string preset)
    {
        var cancel = TestContext.Current.CancellationToken;
        var deployment = NativeDeployments.For(preset);
        var single = NativeDeployments.For("development-single");
        await using var network = await Engine.CreateNetworkAsync(cancel);
        await using var etcd = await Engine.StartAsync(single, single.Container("etcd-1"), network, Etcd.IsHealthyAsync(single), cancel, [.. deployment.Topology.Etcd.Hosts]);
        var member = deployment.Container("timescaledb-1");
        var result = await Engine.RunAsync(deployment, member, ["patroni", "--validate-config", $"{Paths.Config}/{PatroniConfig.FileName}"], network, cancel);
        var complaints = (result.Output + result.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([], complaints.Except(WrongComplaints));
        Assert.Equal(complaints.Length == 0 ? 0 : 1, result.ExitCode);
    }

    [Fact]
    public async Task A_broken_configuration_is_noticed()
    {
        var deployment = NativeDeployments.For("development-single");
        var broken = deployment.Container("timescaledb-1").WithFile("/etc/hub/test", "patroni.yml", "scope: hub\n");
        var result = await Engine.RunAsync(deployment, broken, ["patroni", "--validate-config", "/etc/hub/test/patroni.yml"], cancel: TestContext.Current.CancellationToken);
        Assert.NotEqual(0, result.ExitCode);
    }

    [Fact]
    public async Task The_shell_takes_the_bootstrap_script()
    {
        var deployment = NativeDeployments.For("development");
        var result = await Engine.RunAsync(deployment, deployment.Container("timescaledb-1"), ["sh", "-n", $"{Paths.Config}/post-bootstrap.sh"],
            cancel: TestContext.Current.CancellationToken);
        Assert.Equal("", result.Accepted().Error);
    }

    /// <summary>With the resolver of the image's own Patroni: a member's address is looked up each time, etcd's is kept.</summary>
    [Fact]
    public async Task Members_are_resolved_for_every_request()
    {
        var deployment = NativeDeployments.For("development-single");
        const string Program = """
            import importlib, socket, sys
            sys.path.insert(0, "/etc/hub/config")
            start = importlib.import_module("start-patroni")
            from patroni.dcs.etcd import DnsCachingResolver
            addresses = iter("1234")
            socket.getaddrinfo = lambda *_: [next(addresses)]
            resolver = DnsCachingResolver()
            print([resolver.resolve("x", port)[0] for port in (start.REST_PORT, start.REST_PORT, 2379, 2379)], start.REST_PORT)
            """;
        var result = await Engine.RunAsync(deployment, deployment.Container("timescaledb-1"), ["python3", "-c", Program], cancel: TestContext.Current.CancellationToken);
        Assert.Equal($"['1', '2', '3', '3'] {Ports.Patroni}", result.Accepted().Output.Trim());
        Assert.Equal("", result.Error);
    }

    /// <summary>With the writer of the image's own Patroni.</summary>
    [Theory]
    [InlineData("ANY 1 (*)", "ANY 1 (hub_waits_for_a_named_standby)")]
    [InlineData("*", "ANY 1 (hub_waits_for_a_named_standby)")]
    [InlineData("", "ANY 1 (hub_waits_for_a_named_standby)")]
    [InlineData("ANY 0 (a,b)", "ANY 1 (a,b)")]
    [InlineData("""ANY 1 ("timescaledb-2","timescaledb-3")""", """ANY 1 ("timescaledb-2","timescaledb-3")""")]
    [InlineData("""ANY 10 ("timescaledb-2")""", """ANY 10 ("timescaledb-2")""")]
    public async Task A_commit_waits_for_named_standbys_only(string value, string written)
    {
        const string Program = """
            import importlib, sys
            sys.path.insert(0, "/etc/hub/config")
            importlib.import_module("start-patroni")
            from patroni.postgresql.config import ConfigWriter
            with ConfigWriter("/dev/stdout") as writer:
                writer.write_param("synchronous_standby_names", sys.argv[1])
                writer.write_param("search_path", "*")
            """;
        var deployment = NativeDeployments.For("development");
        var result = await Engine.RunAsync(deployment, deployment.Container("timescaledb-1"), ["python3", "-c", Program, value], cancel: TestContext.Current.CancellationToken);
        Assert.EndsWith($"\nsynchronous_standby_names = '{written}'\nsearch_path = '*'", result.Accepted().Output.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal("", result.Error);
    }

    /// <summary>With the image's own Patroni: while backup_label is there it does not recover alone, and afterwards as ever.</summary>
    [Fact]
    public async Task A_copy_of_the_leader_is_not_recovered_alone()
    {
        const string Program = """
            import importlib, os, sys
            sys.path.insert(0, "/etc/hub/config")
            import patroni.postgresql
            from patroni.ha import Ha
            Ha._handle_crash_recovery = lambda self: "alone"
            importlib.import_module("start-patroni")
            class Handler:
                data_dir = "/tmp"
            ha = Ha.__new__(Ha)
            ha.state_handler = Handler
            open("/tmp/backup_label", "w").close()
            first = ha._handle_crash_recovery()
            os.remove("/tmp/backup_label")
            print(first, ha._handle_crash_recovery())
            """;
        var deployment = NativeDeployments.For("development");
        var result = await Engine.RunAsync(deployment, deployment.Container("timescaledb-1"), ["python3", "-c", Program], cancel: TestContext.Current.CancellationToken);
        Assert.Equal("None alone", result.Accepted().Output.Trim());
    }

    /// <summary>
    /// With the connection string of the image's own Patroni and its PostgreSQL's WAL receiver, on an address that drops every packet: a
    /// socket whose queue is full. Without bounds nothing is logged for two minutes.
    /// </summary>
    [Fact]
    public async Task A_standby_gives_up_an_address_that_answers_nothing()
    {
        const string Dsn = """
            import importlib, sys
            sys.path.insert(0, "/etc/hub/config")
            importlib.import_module("start-patroni")
            from patroni.postgresql.config import ConfigHandler
            class Server:
                major_version = 170000
            handler = ConfigHandler.__new__(ConfigHandler)
            handler._postgresql = Server
            print(handler.format_dsn({"host": "127.0.0.1", "port": 6000, "user": "replicator", "application_name": "timescaledb-2", "sslmode": "verify-full"}))
            """;
        const string Hole = """
            import socket, time
            hole = socket.create_server(("127.0.0.1", 6000), backlog=0)
            held = [socket.socket() for _ in range(4)]
            for one in held:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", 6000))
            time.sleep(60)
            """;
        const string Script = """
            set -eu
            dsn=$(python3 -c "$1") || exit 3
            initdb -D /tmp/data --auth=reject --no-sync > /dev/null
            touch /tmp/data/standby.signal
            python3 -c "$2" & sleep 1
            timeout 15 postgres -D /tmp/data -c listen_addresses= -c unix_socket_directories=/tmp -c "primary_conninfo=$dsn" 2>&1 | grep -m 1 "could not connect to the primary"
            """;
        var deployment = NativeDeployments.For("development");
        var result = await Engine.RunAsync(deployment, deployment.Container("timescaledb-1"), ["sh", "-c", Script.ReplaceLineEndings("\n"), "sh", Dsn, Hole],
            cancel: TestContext.Current.CancellationToken);
        Assert.EndsWith("connection to server at \"127.0.0.1\", port 6000 failed: Connection timed out", result.Accepted().Output.Trim(), StringComparison.Ordinal);
    }

    /// <summary>The name that stands for nobody is the same in both files that write it, and PostgreSQL takes the file.</summary>
    [Theory]
    [InlineData("development", "ANY 1 (hub_waits_for_a_named_standby)")]
    [InlineData("development-single", "")]
    public async Task Without_a_line_of_Patronis_a_commit_waits_where_there_are_members_to_wait_for(string preset, string names)
    {
        var deployment = NativeDeployments.For(preset);
        var member = deployment.Container("timescaledb-1");
        var result = await Engine.RunAsync(deployment, member,
            [
                "sh", "-c", $"initdb -D /tmp/data --auth=reject > /dev/null && echo \"include '{Paths.Config}/{PostgresBaseConfig.FileName}'\" > /tmp/data/postgresql.conf && postgres -D /tmp/data -C synchronous_standby_names",
            ], cancel: TestContext.Current.CancellationToken);
        Assert.Equal(names, result.Accepted().Output.Trim());
        Assert.Equal("", result.Error);
    }
}
