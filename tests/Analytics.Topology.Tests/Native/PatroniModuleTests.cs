namespace Analytics.Topology.Tests.Native;

/// <summary>dynamic_settings.py, certificate_watch.py and votes_without_sync.py in the image's own Python and Patroni.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public class PatroniModuleTests
{
    private const string Beginning = """
        import importlib, sys
        sys.path.insert(0, "/etc/hub/config")
        importlib.import_module("start-patroni")

        """;

    /// <summary>What is written to etcd by each start, one a line; nothing where it is left alone.</summary>
    [Fact]
    public async Task Settings_are_brought_once_for_each_change_of_the_file_and_what_an_operator_set_stays()
    {
        const string Program = """
            import copy, json
            import dynamic_settings as module
            from patroni.dcs import ClusterConfig
            from types import SimpleNamespace

            class Store:
                data, version, refuse = None, 1, 0
                def set_config_value(self, value, version):
                    if self.refuse:
                        self.refuse -= 1
                        self.version += 1
                        return False
                    assert version == self.version
                    self.data, self.version = json.loads(value), self.version + 1
                    print({name: value for name, value in self.data.items() if name != module.MARK})
                    return True

            class Member:
                def __init__(self, store, wanted):
                    self.dcs, self.config = store, {"bootstrap": {"dcs": wanted}}
                def ensure_dcs_access(self):
                    return SimpleNamespace(config=ClusterConfig(self.dcs.version, copy.deepcopy(self.dcs.data), self.dcs.version) if self.dcs.data else None)
                def start(self):
                    cluster = module.bring(self, self.ensure_dcs_access())
                    assert (cluster.config.data if cluster.config else None) == self.dcs.data

            store = Store()
            old = {"ttl": 20, "postgresql": {"parameters": {"max_connections": 100}}}
            new = {"ttl": 30, "postgresql": {"parameters": {"max_connections": 200}}}
            Member(store, old).start()
            print("none there yet")
            store.data = {**copy.deepcopy(old), "pause": True}
            Member(store, old).start()
            Member(store, old).start()
            print("changed")
            store.refuse = 2
            Member(store, new).start()
            Member(store, new).start()
            print("by hand")
            store.data["ttl"] = 40
            Member(store, new).start()
            print("back")
            Member(store, old).start()
            store.refuse = 99
            print("refused")
            Member(store, new).start()
            """;
        var result = await RunAsync(Program);
        Assert.Equal(
            """
            none there yet
            {'ttl': 20, 'postgresql': {'parameters': {'max_connections': 100}}, 'pause': True}
            changed
            {'ttl': 30, 'postgresql': {'parameters': {'max_connections': 200}}, 'pause': True}
            by hand
            back
            {'ttl': 20, 'postgresql': {'parameters': {'max_connections': 100}}, 'pause': True}
            refused
            """.ReplaceLineEndings("\n"), result.Accepted().Output.Trim());
        Assert.Equal("Settings in etcd could not be brought to those of patroni.yml: the next start tries again", result.Error.Trim());
    }

    [Fact]
    public async Task Patroni_starts_with_what_was_brought()
    {
        const string Own = """
            from patroni.__main__ import Patroni
            Patroni.apply_dynamic_configuration = lambda self, cluster: print("takes", cluster)

            """;
        const string Program = """
            import dynamic_settings
            dynamic_settings.bring = lambda patroni, cluster: cluster + " with what was brought"
            Patroni.__new__(Patroni).apply_dynamic_configuration("a cluster")
            """;
        var result = await RunAsync(Own + Beginning + Program, alone: true);
        Assert.Equal("takes a cluster with what was brought", result.Accepted().Output.Trim());
    }

    /// <summary>Who may lead, by what etcd still has and by what the others say.</summary>
    [Fact]
    public async Task Without_the_list_of_standbys_a_member_leads_only_when_enough_others_say_that_it_lacks_nothing()
    {
        const string Program = """
            from patroni.dcs import SyncState
            from patroni.ha import Ha
            from types import SimpleNamespace as Any

            Ha.is_quorum_commit_mode = lambda self: self.quorum
            Ha.is_lagging = lambda self, position: False
            Ha.is_standby_cluster = Ha.check_timeline = lambda self: False
            Ha.fetch_nodes_statuses = lambda self, members: [self.statuses[member.name] for member in members]

            def may(others, sync="", failsafe="abc", initialize="1", quorum=True):
                ha = Ha.__new__(Ha)
                ha.quorum = quorum
                ha.state_handler = Any(name="b", last_operation=lambda: 100)
                state = SyncState.from_node(1, '{"leader": "a", "sync_standby": "b,c", "quorum": 1}' if sync else None)
                ha.cluster = Any(sync=state, initialize=initialize, failover=None, timeline=1)
                ha.dcs = Any(failsafe={name: "url" for name in failsafe} if failsafe else None)
                ha.patroni = Any(failover_priority=1)
                ha.statuses = {name: Any(member=Any(name=name), in_recovery=None if wal is None else True, wal_position=wal or 0,
                                         failover_priority=1, failover_limitation=lambda wal=wal: "not reachable" if wal is None else None)
                               for name, wal in others.items()}
                return ha._is_healthiest_node([Any(name=name, api_url="url", nofailover=False) for name in "abc"])

            for what, answer in {
                "one of two says so": may({"a": None, "c": 100}),
                "both do": may({"a": 90, "c": 100}),
                "nobody answers": may({"a": None, "c": None}),
                "one is there and its PostgreSQL does not run": may({"a": None, "c": 0}),
                "one is ahead": may({"a": 90, "c": 101}),
                "nobody answers, and it led alone": may({"a": None, "c": None}, failsafe="b"),
                "nobody answers, and another led alone": may({"a": None, "c": None}, failsafe="a"),
                "nobody answers, and etcd is empty": may({"a": None, "c": None}, failsafe="", initialize=None),
                "nobody answers, and etcd has the list": may({"a": None, "c": None}, sync="yes"),
                "nobody answers, without quorum commit": may({"a": None, "c": None}, quorum=False),
            }.items():
                print(what, "leads" if answer else "waits", sep=": ")
            """;
        var result = await RunAsync(Program);
        Assert.Equal(
            """
            one of two says so: leads
            both do: leads
            nobody answers: waits
            one is there and its PostgreSQL does not run: waits
            one is ahead: waits
            nobody answers, and it led alone: leads
            nobody answers, and another led alone: waits
            nobody answers, and etcd is empty: waits
            nobody answers, and etcd has the list: waits
            nobody answers, without quorum commit: leads
            """.ReplaceLineEndings("\n"), result.Accepted().Output.Trim());
    }

    /// <summary>A server of Hub's CA, one of nobody's, PostgreSQL's way of beginning TLS, and one that is not there.</summary>
    [Fact]
    public async Task Certificates_are_looked_at_and_told_with_Patronis_own_figures()
    {
        const string Program = """
            import os, socket, ssl, subprocess, threading
            import certificate_watch as module
            from patroni.api import RestApiHandler

            subprocess.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 1 -keyout /tmp/k -out /tmp/c".split(), check=True, capture_output=True)

            def serve(certificate, key, postgres=False):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate, key)
                listener = socket.create_server(("127.0.0.1", 0))
                def run():
                    while True:
                        peer, _ = listener.accept()
                        try:
                            if postgres:
                                assert peer.recv(8) == module.SSL_REQUEST
                                peer.sendall(b"S")
                            context.wrap_socket(peer, server_side=True).close()
                        except OSError:
                            pass
                threading.Thread(target=run, daemon=True).start()
                return listener.getsockname()[1]

            ours = ("/etc/hub/tls/tls.crt", "/etc/hub/tls/tls.key")
            gone = socket.create_server(("127.0.0.1", 0))
            rest, postgres, stranger = serve(*ours), serve(*ours, postgres=True), serve("/tmp/c", "/tmp/k")
            os.environ["HUB_WATCHED_CERTIFICATES"] = f"tls://localhost:{stranger}"
            watch = module.Watch({"name": "timescaledb-1", "restapi": {"connect_address": f"localhost:{rest}"}, "postgresql": {"connect_address": f"localhost:{postgres}"},
                                  "etcd3": {"hosts": [f"localhost:{gone.getsockname()[1]}"]}})
            gone.close()
            watch.look()
            end = ssl.cert_time_to_seconds(ssl._ssl._test_decode_cert(ours[0])["notAfter"])
            names = {f"localhost:{rest}": "rest", f"localhost:{postgres}": "postgres", f"timescaledb-1:{stranger}": "stranger"}
            class Request:
                class server:
                    class patroni:
                        certificates = watch
                def write_response(self, status, body, **more):
                    for long, short in names.items():
                        body = body.replace(long, short)
                    print(body.replace(str(end), "END").strip())
                    print(status, more)
            kept = Request()
            RestApiHandler.do_GET_metrics(kept)
            """;
        const string Own = """
            import patroni.api
            patroni.api.RestApiHandler.do_GET_metrics = lambda self: self.write_response(200, "patroni_version 4\n", content_type="text/plain")

            """;
        var result = await RunAsync(Own + Beginning + Program, alone: true);
        var lines = result.Accepted().Output.Trim().Split('\n');
        Assert.Equal("patroni_version 4", lines[0]);
        Assert.Contains("""hub_certificate_expiry_timestamp_seconds{endpoint="rest"} END""", lines);
        Assert.Contains("""hub_certificate_expiry_timestamp_seconds{endpoint="postgres"} END""", lines);
        Assert.Contains("""hub_certificate_trusted{endpoint="rest"} 1""", lines);
        Assert.Contains("""hub_certificate_trusted{endpoint="stranger"} 0""", lines);
        Assert.Equal(9, lines.Length);
        Assert.Equal("200 {'content_type': 'text/plain'}", lines[^1]);
        Assert.Contains("timescaledb-1:", result.Error, StringComparison.Ordinal);
    }

    /// <summary>What cannot be used is not taken: Patroni would answer nobody any more, and the kubelet kill every member for it.</summary>
    [Fact]
    public async Task A_changed_certificate_has_Patroni_read_its_files_again_if_they_can_be_used()
    {
        const string Program = """
            import os, shutil, signal, time
            shutil.copytree("/etc/hub/tls", "/tmp/tls")
            os.chmod("/tmp/tls", 0o700)
            import certificate_watch as module
            module.TLS, module.POLL_SECONDS = "/tmp/tls", 0.1
            module.STARTED_WITH = module.digest()
            taken = []
            signal.signal(signal.SIGHUP, lambda *_: taken.append(1))
            watch = module.Watch({"name": "a", "restapi": {"connect_address": "localhost:1"}, "postgresql": {"connect_address": "localhost:1"}, "etcd3": {"hosts": "localhost:1"}})
            watch.start()
            def put(name, text):
                with open("/tmp/tls/new", "w") as file: file.write(text)
                os.replace("/tmp/tls/new", f"/tmp/tls/{name}")
                time.sleep(1)
                return len(taken)
            authority, certificate = (open(f"/tmp/tls/{name}").read() for name in ("ca.crt", "tls.crt"))
            time.sleep(1)
            print(len(taken), put("ca.crt", authority + "\n"), put("tls.crt", ""), put("tls.crt", authority),
                  put("tls.crt", certificate + "\n"))
            """;
        var result = await RunAsync(Program);

        // At the start, another authority, no certificate, one that the key does not fit, a good one again.
        Assert.Equal("0 1 1 1 2", result.Accepted().Output.Trim());
        Assert.Contains("The new certificate is not taken", result.Error, StringComparison.Ordinal);
    }

    private static Task<CheckResult> RunAsync(string program, bool alone = false)
    {
        var deployment = NativeDeployments.For("development");
        var text = alone ? program : Beginning + program;
        return Engine.RunAsync(deployment,
            deployment.Container("timescaledb-1").WithFile("/etc/hub/test", "test.py", text.ReplaceLineEndings("\n")), ["python3",
                "/etc/hub/test/test.py"],
            cancel: TestContext.Current.CancellationToken);
    }
}
