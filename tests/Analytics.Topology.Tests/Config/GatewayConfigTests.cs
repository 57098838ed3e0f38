using Analytics.Topology.Config;

namespace Analytics.Topology.Tests.Config;

/// <summary>haproxy.cfg and pgbouncer.ini.</summary>
public class GatewayConfigTests
{
    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public void HAProxy_asks_every_member_and_cuts_sessions_of_one_that_lost_its_role(string preset)
    {
        var topology = Definitions.Presets[preset];
        var text = HaProxyConfig.Render(topology);
        foreach (var host in topology.Database.Hosts)
            Assert.Equal(2, Lines(text).Count(line => line == $"server {host} \"{host}${{HUB_DATABASE_DOMAIN}}:5432\" verifyhost {host}"));
        Assert.Equal(2,
            Lines(text).Count(line => line.Contains("check-ssl verify required", StringComparison.Ordinal)
                && line.Contains("on-marked-down shutdown-sessions", StringComparison.Ordinal)));
    }

    [Fact]
    public void HAProxy_sends_writers_to_the_primary_and_readers_to_replicas_that_keep_up()
    {
        var lines = Lines(HaProxyConfig.Render(Presets.Development)).ToList();
        Assert.Equal("http-check send meth OPTIONS uri /primary ver HTTP/1.1 hdr Host patroni", Check(lines, "bind :5000"));
        Assert.Equal("http-check send meth OPTIONS uri /replica?lag=16MB ver HTTP/1.1 hdr Host patroni", Check(lines, "bind :5001"));
    }

    /// <summary>Measured in docs/decisions/0005: each of these was seconds of a planned change of the primary.</summary>
    [Fact]
    public void HAProxy_leaves_a_primary_that_refuses_and_never_waits_to_try_it_again()
    {
        var lines = Lines(HaProxyConfig.Render(Presets.Development)).ToList();
        Assert.Contains("retries 0", lines);
        Assert.Equal(2,
            lines.Count(line => line.Contains(" downinter 500ms ", StringComparison.Ordinal)
                && line.Contains(" observe layer4 error-limit 1 on-error fail-check ", StringComparison.Ordinal)));
    }

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public void HAProxy_takes_every_client_of_a_gateway(string preset)
    {
        var gateway = Definitions.Presets[preset].Gateway;
        var most = Lines(HaProxyConfig.Render(Definitions.Presets[preset]))
            .Single(line => line.StartsWith("maxconn ", StringComparison.Ordinal));
        Assert.True(int.Parse(most["maxconn ".Length..], null) >= gateway.ClientConnectionsEach);
    }

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public void PgBouncer_holds_its_share_whatever_the_number_of_users(string preset)
    {
        var gateway = Definitions.Presets[preset].Gateway;
        var text = PgBouncerConfig.Render(Definitions.Presets[preset]);
        Assert.Contains($"llm_analytics = host=haproxy port=5000 dbname=llm_analytics pool_size={gateway.PrimaryConnectionsEach} "
            + $"max_db_connections={gateway.PrimaryConnectionsEach}\n", text, StringComparison.Ordinal);
        Assert.Contains($"llm_analytics_ro = host=haproxy port=5001 dbname=llm_analytics pool_size={gateway.ReplicaConnectionsEach} "
            + $"max_db_connections={gateway.ReplicaConnectionsEach}\n", text, StringComparison.Ordinal);
        Assert.Contains($"\nmax_client_conn = {gateway.ClientConnectionsEach}\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auth_type", "scram-sha-256")]
    [InlineData("client_tls_sslmode", "require")]
    [InlineData("server_tls_sslmode", "verify-full")]
    [InlineData("pool_mode", "transaction")]
    [InlineData("server_login_retry", "0.2")]
    [InlineData("auth_query", "SELECT username, password FROM pgbouncer.get_auth($1)")]
    public void PgBouncer_verifies_and_recovers_quickly(string name, string value) =>
        Assert.Contains($"\n{name} = {value}\n", PgBouncerConfig.Render(Presets.Recommended), StringComparison.Ordinal);

    [Fact]
    public void The_user_list_doubles_quotes_in_passwords() =>
        Assert.Equal("\"pgbouncer\" \"a\"\"b\"\n\"monitor\" \"c\"\n",
            PgBouncerConfig.UserList(name => name == Secrets.PgBouncer ? "a\"b" : "c"));

    private static string Check(List<string> lines, string bind) =>
        lines.Skip(lines.IndexOf(bind)).First(line => line.StartsWith("http-check send", StringComparison.Ordinal));

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Select(line => line.Trim());
}
