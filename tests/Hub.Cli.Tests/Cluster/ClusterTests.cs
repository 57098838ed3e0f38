using System.Net.Sockets;
using Analytics.Topology;
using Analytics.Topology.Config;
using Analytics.Topology.Security;
using Hub.Cli.Send.Replay;
using Hub.Cli.Send.Sampling;
using Hub.Cli.Send.Traces;
using Npgsql;
using static Hub.Cli.Tests.Cluster.ClusterFixture;

namespace Hub.Cli.Tests.Cluster;

/// <summary>What the topology promises while nothing fails: quorum, TLS everywhere, pooling, and rows on a standby.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class ClusterTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private readonly HubCluster cluster = fixture.Cluster;
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commits_wait_for_any_one_of_two_standbys()
    {
        await using var connection = await fixture.OpenAsync(Roles.Monitor, Secrets.Monitor);
        Assert.StartsWith("ANY 1 (", await ScalarAsync<string>(connection, "SHOW synchronous_standby_names"), StringComparison.Ordinal);
        Assert.Equal(2L,
            await ScalarAsync<long>(connection,
                "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum' AND state = 'streaming'"));

        // What holds when Patroni leaves its own line out: the file that PostgreSQL reads first is read, and is overridden for now.
        var names = await cluster[await LeaderAsync()].ExecAsync(["sh", "-c", """
            PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD psql -Atq -h /var/run/postgresql -U postgres -c "SELECT sourcefile || ' ' || setting || ' ' || applied FROM pg_file_settings WHERE name = 'synchronous_standby_names' ORDER BY seqno LIMIT 1"
            """], Cancel);
        Assert.Equal($"{Paths.Config}/{PostgresBaseConfig.FileName} ANY 1 ({PostgresBaseConfig.NoStandby}) false", names.Stdout.Trim());
    }

    /// <summary>
    /// As when a name server still gives the address that the leader's pod had: nobody answers there. HAProxy's container has no
    /// PostgreSQL, so that a socket whose queue is full can drop what comes for one.
    /// </summary>
    [Fact]
    public async Task A_standby_that_finds_nobody_at_its_leaders_address_looks_it_up_again()
    {
        const string Hole = """
            my $hole = IO::Socket::INET->new(LocalPort => 5432, Listen => 1, ReuseAddr => 1) or die;
            my @held = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1:5432", Blocking => 0) } 1 .. 4;
            sleep 60;
            """;
        const string Reconnect = """
            kill $(PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD psql -Atq -h /var/run/postgresql -U postgres -c 'SELECT pid FROM pg_stat_wal_receiver')
            """;
        var leader = await LeaderAsync();
        var standby = cluster[cluster.Topology.Database.Hosts.First(host => host != leader)];
        var hole = cluster[ClusterNames.HaProxy].ExecAsync(["perl", "-MIO::Socket::INET", "-e", Hole], Cancel);
        await Hub.Testing.Engine.AsRootAsync(standby,
            $"cp /etc/hosts /tmp/hosts && echo '{cluster[ClusterNames.HaProxy].IpAddress} {leader}' >> /etc/hosts", Cancel);
        try
        {
            Assert.Equal(0, (await standby.ExecAsync(["sh", "-c", Reconnect], Cancel)).ExitCode);
            var log = "";
            await Eventually.TrueAsync(
                async () =>
                    (log = (await standby.GetLogsAsync(timestampsEnabled: false, ct: Cancel)).Stderr).Contains("Connection timed out",
                        StringComparison.Ordinal),
                TimeSpan.FromSeconds(20), () => "the standby still waits for an answer: " + log[^Math.Min(log.Length, 2000)..], Cancel);
        }
        finally
        {
            await Hub.Testing.Engine.AsRootAsync(standby, "cat /tmp/hosts > /etc/hosts", CancellationToken.None);
        }

        await Eventually.TrueAsync(async () => (await cluster.MembersAsync(Cancel)).Count(member => member.State == "streaming") == 2,
            TimeSpan.FromSeconds(20), () => "the standby does not stream again", Cancel);
        Assert.False(hole.IsCompleted, "the address was not held while the standby tried it");
    }

    /// <summary>Of its own servers and of every etcd, on the way that Prometheus takes.</summary>
    [Fact]
    public async Task A_member_tells_when_the_certificates_that_it_can_see_expire()
    {
        string[] seen = ["timescaledb-1:8008", "timescaledb-1:5432", "etcd-1:2379", "etcd-2:2379", "etcd-3:2379"];
        var told = "";
        await Eventually.TrueAsync(async () =>
        {
            told = (await cluster["timescaledb-1"].ExecAsync(["python3", "-c",
                "import ssl, urllib.request as u; print(u.urlopen('https://timescaledb-1:8008/metrics', "
                    + $"context=ssl.create_default_context(cafile='{Paths.CaFile}')).read().decode())"], Cancel)).Stdout;
            return seen.All(endpoint => told.Contains($$"""hub_certificate_trusted{endpoint="{{endpoint}}"} 1""", StringComparison.Ordinal)
                && told.Contains($$"""hub_certificate_expiry_timestamp_seconds{endpoint="{{endpoint}}"} """, StringComparison.Ordinal));
        }, TimeSpan.FromSeconds(75), () => told, Cancel);
        Assert.Contains("patroni_version", told, StringComparison.Ordinal);
    }

    /// <summary>As when cert-manager renews the Secret: nobody tells the member.</summary>
    [Fact]
    public async Task A_member_takes_a_renewed_certificate_by_itself()
    {
        const string Take = """
            printf %s "$2" > /etc/hub/tls/tls.key && printf %s "$1" > /etc/hub/tls/tls.crt
            """;
        const string Shown = """
            for how in '8008' '5432 -starttls postgres'; do
              openssl s_client -connect localhost:$how < /dev/null 2> /dev/null | openssl x509 -noout -serial
            done
            """;
        var member = cluster["timescaledb-3"];
        var renewed = Certificates.Issue(cluster.Deployment.Authority, ClusterNames.TimescaleDb,
            CertificateNames.For(cluster.Topology)[ClusterNames.TimescaleDb], TimeProvider.System.GetUtcNow());
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(renewed.CertificatePem);

        // The sign's byte, which one of the two programs writes.
        var serial = certificate.SerialNumber.TrimStart('0');
        var wanted = $"serial={serial}\nserial={serial}";
        var shown = await ShownAsync();
        Assert.NotEqual(wanted, shown);
        var start = await StartedAsync();
        Assert.Equal(0, (await member.ExecAsync(["sh", "-c", Take, "sh", renewed.CertificatePem, renewed.KeyPem], Cancel)).ExitCode);
        await Eventually.TrueAsync(async () => (shown = await ShownAsync()) == wanted, TimeSpan.FromSeconds(60), () => $"it shows {shown}",
            Cancel);
        Assert.Equal(start, await StartedAsync());

        async Task<string> ShownAsync() => (await member.ExecAsync(["sh", "-c", Shown], Cancel)).Stdout.Trim().Replace("serial=0",
            "serial=", StringComparison.Ordinal);
        async Task<string> StartedAsync() => (await member.ExecAsync(["head", "-n", "3", $"{Paths.PgData}/postmaster.pid"], Cancel)).Stdout;
    }

    /// <summary>
    /// As in a rolling update to another topology: without the mark, etcd has the settings of another one. With it they are an operator's.
    /// </summary>
    [Fact]
    public async Task A_member_that_starts_brings_to_etcd_what_its_file_says_and_leaves_what_an_operator_set()
    {
        var standby = (await cluster.MembersAsync(Cancel)).First(member => member.Role != "Leader").Name;
        try
        {
            await SetAsync("""{"ttl": 25, "hub_settings": "of another file"}""");
            await RestartAsync(standby);
            Assert.Matches("(?m)^ttl: 20$", await SettingsAsync());
            await SetAsync("""{"ttl": 25}""");
            await RestartAsync(standby);
            Assert.Matches("(?m)^ttl: 25$", await SettingsAsync());
        }
        finally
        {
            await SetAsync("""{"ttl": 20}""");
        }

        async Task SetAsync(string settings) =>
            Assert.Equal(0,
                (await cluster["timescaledb-1"].ExecAsync(["sh", "-c", $"echo '{settings}' | patronictl edit-config --apply - --force"],
                    CancellationToken.None)).ExitCode);
        async Task<string> SettingsAsync() => (await cluster["timescaledb-1"].ExecAsync(["patronictl", "show-config"], Cancel)).Stdout;
        async Task RestartAsync(string member)
        {
            await cluster[member].StopAsync(Cancel);
            await cluster[member].StartAsync(Cancel);
            await cluster.UntilStreamingAsync(Cancel);
        }
    }

    private async Task<string> LeaderAsync() => (await cluster.MembersAsync(Cancel)).Single(member => member.Role == "Leader").Name;

    [Fact]
    public async Task Checksums_are_on_and_the_derived_settings_in_force()
    {
        await using var connection = await fixture.OpenAsync(Roles.Monitor, Secrets.Monitor);
        Assert.Equal("on", await ScalarAsync<string>(connection, "SHOW data_checksums"));

        // A setting of Hub's own is in no list. TimescaleDB shows some of its settings to the superuser only.
        Assert.Equal("3", await ScalarAsync<string>(connection, $"SHOW {ClusterNames.MembersSetting}"));
        foreach (var name in cluster.Topology.Settings.Dcs.Keys.Concat(cluster.Topology.Settings.Local.Keys)
            .Where(name => name != ClusterNames.MembersSetting && !name.StartsWith("timescaledb.", StringComparison.Ordinal)))
        {
            await using var command = new NpgsqlCommand("SELECT pending_restart FROM pg_settings WHERE lower(name) = $1", connection);
            command.Parameters.Add(new NpgsqlParameter { Value = name });
            Assert.True(await command.ExecuteScalarAsync(Cancel) is false, $"{name} is unknown to the server or waits for a restart");
        }

        Assert.Equal(cluster.Topology.Settings.MaxConnections.ToString(System.Globalization.CultureInfo.InvariantCulture),
            await ScalarAsync<string>(connection, "SHOW max_connections"));
        Assert.Equal(cluster.Topology.Settings.SharedBuffers.ToPostgres(), await ScalarAsync<string>(connection, "SHOW shared_buffers"));
    }

    [Theory]
    [InlineData(ClusterNames.HaProxy, Ports.ReadWrite)]
    [InlineData(ClusterNames.PgBouncer, Ports.PgBouncer)]
    public async Task A_client_without_tls_is_refused(string container, int port)
    {
        var plain = new NpgsqlConnectionStringBuilder(cluster.ConnectionString(container, port, Roles.App, Secrets.App))
        { SslMode = SslMode.Disable, RootCertificate = null };
        var problem = await Assert.ThrowsAnyAsync<NpgsqlException>(() => OpenAsync(plain.ConnectionString));
        Assert.Matches("no encryption|SSL required", problem.Message);
    }

    [Fact]
    public async Task The_servers_certificate_stands_for_the_name_that_was_called()
    {
        var called = new NpgsqlConnectionStringBuilder(cluster.ConnectionString(ClusterNames.PgBouncer, Ports.PgBouncer, Roles.App,
            Secrets.App))
        { Host = "localhost" };
        await (await OpenAsync(called.ConnectionString)).DisposeAsync();
        called.RootCertificate = null;
        await Assert.ThrowsAnyAsync<Exception>(() => OpenAsync(called.ConnectionString));
    }

    [Theory]
    [InlineData(Ports.Patroni, "timescaledb-1", "GET /patroni HTTP/1.0\r\n\r\n")]
    [InlineData(Ports.EtcdClient, "etcd-1", "GET /version HTTP/1.0\r\n\r\n")]
    [InlineData(Ports.EtcdPeer, "etcd-1", "GET /version HTTP/1.0\r\n\r\n")]
    public async Task Patroni_and_etcd_do_not_answer_in_plain_text(int port, string container, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(cluster[container].IpAddress, port, Cancel);
        await using var stream = client.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(request), Cancel);
        using var reader = new StreamReader(stream);
        string answer;
        try
        {
            answer = await reader.ReadToEndAsync(Cancel);
        }
        catch (IOException)
        {
            answer = ""; // reset: refused as well
        }

        Assert.DoesNotContain(" 200 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Etcd_wants_a_certificate_and_a_user()
    {
        var endpoint = $"--endpoints=https://etcd-1:{Ports.EtcdClient}";
        string[] tls = [$"--cacert={Paths.CaFile}", $"--cert={Paths.CertFile}", $"--key={Paths.KeyFile}"];
        var stranger = await cluster["etcd-1"].ExecAsync(["etcdctl", endpoint, $"--cacert={Paths.CaFile}", "--command-timeout=3s", "get",
            "--prefix", "/service/"], Cancel);
        Assert.NotEqual(0, stranger.ExitCode);
        var nobody = await cluster["etcd-1"].ExecAsync(["etcdctl", endpoint, .. tls, "get", "--prefix", "/service/"], Cancel);
        Assert.NotEqual(0, nobody.ExitCode);
        var patroni = await cluster["etcd-1"].ExecAsync(["etcdctl", endpoint, .. tls,
            $"--user=patroni:{cluster.Deployment.Passwords[Secrets.EtcdPatroni]}", "get", "--prefix", "/service/", "--keys-only"], Cancel);
        Assert.True(patroni.ExitCode == 0, patroni.Stderr);
        Assert.Contains("/service/hub/leader", patroni.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_trusted_and_no_password_is_md5_on_any_member()
    {
        foreach (var host in cluster.Topology.Database.Hosts)
        {
            var hba = await cluster[host].ExecAsync(["cat", $"{Paths.PgData}/pg_hba.conf"], Cancel);
            Assert.DoesNotMatch(@"\b(trust|md5|password|ident|peer)\b", hba.Stdout);
        }

        await using var connection = await fixture.OpenAsync(Roles.Monitor, Secrets.Monitor);
        Assert.Equal("scram-sha-256", await ScalarAsync<string>(connection, "SHOW password_encryption"));
    }

    [Fact]
    public async Task The_superuser_cannot_log_in_over_the_network()
    {
        foreach (var (container, port) in new[] { (ClusterNames.HaProxy, Ports.ReadWrite), (ClusterNames.PgBouncer, Ports.PgBouncer) })
            await Assert.ThrowsAnyAsync<NpgsqlException>(
                () => OpenAsync(cluster.ConnectionString(container, port, Roles.Superuser, Secrets.Superuser)));
    }

    [Fact]
    public async Task The_read_only_port_leads_to_a_standby_and_the_other_to_the_primary()
    {
        await using var replica = await OpenAsync(cluster.ConnectionString(ClusterNames.HaProxy, Ports.ReadOnly, Roles.ReadOnly,
            Secrets.ReadOnly));
        Assert.True(await ScalarAsync<bool>(replica, "SELECT pg_is_in_recovery()"));
        await using var primary = await fixture.OpenAsync(Roles.ReadOnly, Secrets.ReadOnly);
        Assert.False(await ScalarAsync<bool>(primary, "SELECT pg_is_in_recovery()"));
    }

    [Fact]
    public async Task Many_clients_share_few_server_connections()
    {
        var clients = await Task.WhenAll(Enumerable.Range(0,
            150).Select(_ => OpenAsync(cluster.ConnectionString(ClusterNames.PgBouncer, Ports.PgBouncer, Roles.App, Secrets.App))));
        try
        {
            Assert.All(await Task.WhenAll(clients.Select(client => ScalarAsync<int>(client, "SELECT 1"))), one => Assert.Equal(1, one));
            await using var monitor = await fixture.OpenAsync(Roles.Monitor, Secrets.Monitor);
            var servers = await ScalarAsync<long>(monitor, $"SELECT count(*) FROM pg_stat_activity WHERE usename = '{Roles.App}'");
            Assert.InRange(servers, 1, cluster.Topology.Gateway.ServerConnections);
        }
        finally
        {
            foreach (var client in clients)
                await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_ingest_acknowledges_is_on_a_standby_too()
    {
        var rows = SyntheticTrace.Make(500, seed: 3, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1));
        using var http = ExportClient.CreateHttp(fixture.Replay);
        var result = await new TraceReplayer(http, fixture.Replay,
            TimeProvider.System).RunAsync(new SampleTraffic(rows, TimeSpan.Zero, seed: 3), stop: Cancel);
        Assert.Equal(rows.Count, result.Acknowledged);

        // Acknowledged means flushed by a standby; replaying what was flushed takes it a moment.
        await using var replica = await OpenAsync(cluster.ConnectionString(ClusterNames.HaProxy, Ports.ReadOnly, Roles.ReadOnly,
            Secrets.ReadOnly));
        var deadline = TimeProvider.System.GetTimestamp();
        long stored;
        while ((stored = await ScalarAsync<long>(replica, "SELECT count(*) FROM analytics.llm_requests")) < rows.Count
            && TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(30))
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancel);
        Assert.Equal(rows.Count, stored);
    }
}
