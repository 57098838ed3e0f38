using Analytics.Topology.Config;
using YamlDotNet.RepresentationModel;

namespace Analytics.Topology.Tests.Config;

public class PatroniConfigTests
{
    [Fact]
    public void Three_members_commit_to_a_quorum_and_never_fall_back_to_none()
    {
        var dcs = Map("development", "bootstrap", "dcs");
        Assert.Equal("quorum", Text(dcs, "synchronous_mode"));
        Assert.Equal("true", Text(dcs, "synchronous_mode_strict"));
        Assert.Equal("1", Text(dcs, "synchronous_node_count"));
        Assert.Equal("true", Text(dcs, "failsafe_mode"));
        Assert.Equal("0", Text(dcs, "primary_start_timeout"));
    }

    [Fact]
    public void Single_member_has_no_synchronous_standby_and_time_to_recover()
    {
        var dcs = Map("development-single", "bootstrap", "dcs");
        Assert.Equal("false", Text(dcs, "synchronous_mode"));
        Assert.Equal("false", Text(dcs, "synchronous_mode_strict"));
        Assert.Equal("300", Text(dcs, "primary_start_timeout"));
    }

    /// <summary>Patroni's lines come after this file's and win; the line that it leaves out is there.</summary>
    [Theory]
    [InlineData("development", true)]
    [InlineData("minimum", true)]
    [InlineData("recommended", true)]
    [InlineData("development-single", false)]
    public void Without_Patronis_setting_commits_wait_in_a_cluster_and_not_on_a_single_member(string preset, bool waits)
    {
        Assert.Equal($"{Paths.Config}/{PostgresBaseConfig.FileName}", Text(Map(preset, "postgresql"), "custom_conf"));
        var topology = Definitions.Presets[preset];
        var lines = PostgresBaseConfig.Render(topology).Split('\n').Where(line => line.StartsWith("synchronous_standby_names", StringComparison.Ordinal));
        Assert.Equal(waits ? [$"synchronous_standby_names = 'ANY 1 ({PostgresBaseConfig.NoStandby})'"] : [], lines);
        Assert.DoesNotContain(PostgresBaseConfig.NoStandby, topology.Database.Hosts);
        Assert.Equal(topology.Database.Members.ToString(System.Globalization.CultureInfo.InvariantCulture), Text(Map(preset, "postgresql", "parameters"), ClusterNames.MembersSetting));
    }

    [Fact]
    public void A_restored_cluster_bootstraps_by_pgbackrest_and_copies_replicas_from_its_leader()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(PatroniConfig.RenderRestore(Definitions.Presets["development"], ["--type=time", "--target=it's 12:00"])));
        var bootstrap = (YamlMappingNode)stream.Documents[0].RootNode["bootstrap"];
        Assert.Equal("pgbackrest", Text(bootstrap, "method"));
        Assert.Equal("'pgbackrest' '--stanza=hub' '--type=time' '--target=it'\\''s 12:00' 'restore'", Text((YamlMappingNode)bootstrap["pgbackrest"], "command"));
        Assert.Equal("true", Text((YamlMappingNode)bootstrap["pgbackrest"], "keep_existing_recovery_conf"));
        var methods = (YamlSequenceNode)stream.Documents[0].RootNode["postgresql"]["create_replica_methods"];
        Assert.Equal(["basebackup"], methods.Select(method => method.ToString()));
    }

    [Fact]
    public void What_is_sent_to_a_running_cluster_is_what_a_new_one_starts_with()
    {
        var rendered = Map("recommended", "bootstrap", "dcs");
        var sent = new YamlStream();
        sent.Load(new StringReader(Yaml.Write(PatroniConfig.DynamicConfiguration(Presets.Recommended))));
        Assert.Equal(rendered.ToString(), sent.Documents[0].RootNode.ToString());
    }

    [Fact]
    public void Settings_for_the_DCS_are_there_and_only_there()
    {
        var topology = Presets.Recommended;
        Assert.Equal(topology.Settings.Dcs.Keys, Keys(Map("recommended", "bootstrap", "dcs", "postgresql", "parameters")));
        Assert.Equal(topology.Settings.Local.Keys, Keys(Map("recommended", "postgresql", "parameters")));
    }

    [Fact]
    public void A_new_cluster_has_checksums_and_can_be_rewound()
    {
        var initdb = (YamlSequenceNode)Map("development", "bootstrap")["initdb"];
        Assert.Contains("data-checksums", initdb.OfType<YamlScalarNode>().Select(node => node.Value));
        Assert.Equal("true", Text(Map("development", "bootstrap", "dcs", "postgresql"), "use_pg_rewind"));
        Assert.Equal("on", Text(Map("development", "bootstrap", "dcs", "postgresql", "parameters"), "wal_log_hints"));
    }

    [Theory]
    [InlineData("replication", "replicator")]
    [InlineData("rewind", "rewind")]
    public void Members_verify_each_other(string purpose, string role)
    {
        var authentication = Map("development", "postgresql", "authentication", purpose);
        Assert.Equal(role, Text(authentication, "username"));
        Assert.Equal("verify-full", Text(authentication, "sslmode"));
        Assert.Equal(Paths.CaFile, Text(authentication, "sslrootcert"));
    }

    [Fact]
    public void Every_etcd_member_is_listed() =>
        Assert.Equal(["etcd-1:2379", "etcd-2:2379", "etcd-3:2379"],
            ((YamlSequenceNode)Map("development", "etcd3")["hosts"]).Select(host => ((YamlScalarNode)host).Value));

    [Fact]
    public void No_password_is_in_the_file() => Assert.DoesNotMatch("(?i)password: ", PatroniConfig.Render(Presets.Recommended));

    private static YamlMappingNode Map(string preset, params string[] path)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(PatroniConfig.Render(Definitions.Presets[preset])));
        return path.Aggregate((YamlMappingNode)stream.Documents[0].RootNode, (node, key) => (YamlMappingNode)node[key]);
    }

    private static string? Text(YamlMappingNode map, string key) => ((YamlScalarNode)map[key]).Value;

    private static IEnumerable<string?> Keys(YamlMappingNode map) => map.Children.Keys.Select(key => ((YamlScalarNode)key).Value);
}
