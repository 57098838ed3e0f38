using System.Globalization;
using Analytics.Topology.Config;
using CsCheck;
using YamlDotNet.RepresentationModel;

namespace Analytics.Topology.Tests.Config;

public class YamlTests
{
    /// <summary>What YAML 1.1 readers (Patroni's among them) take for something else than text.</summary>
    [Theory]
    [InlineData("=")]
    [InlineData("<<")]
    [InlineData("on")]
    [InlineData("off")]
    [InlineData("yes")]
    [InlineData("no")]
    [InlineData("y")]
    [InlineData("True")]
    [InlineData("null")]
    [InlineData("~")]
    [InlineData("")]
    [InlineData("1.1")]
    [InlineData("0600")]
    [InlineData("0o17")]
    [InlineData("0x1F")]
    [InlineData("1e3")]
    [InlineData("1_000")]
    [InlineData("12:30:45")]
    [InlineData("2026-01-01")]
    [InlineData(".inf")]
    [InlineData("# no comment")]
    [InlineData("%m [%p] %q%u@%d/%a ")]
    [InlineData("a: b")]
    [InlineData("- a")]
    [InlineData("*alias")]
    [InlineData("@at")]
    [InlineData(" leading")]
    public void Text_that_YAML_would_read_as_another_type_is_quoted(string text)
    {
        var yaml = Yaml.Write(new Dictionary<string, object> { ["key"] = text });
        Assert.Matches("^key: ([\"']).*\\1\n$", yaml);
        Assert.Equal(text, Read(yaml));
    }

    [Theory]
    [InlineData("8GB")]
    [InlineData("timescaledb,pg_stat_statements")]
    [InlineData("/etc/hub/tls/tls.key")]
    [InlineData("0.0.0.0:8008")]
    [InlineData("hostssl replication replicator all scram-sha-256")]
    public void Plain_text_is_left_plain(string text) => Assert.Equal($"key: {text}\n", Yaml.Write(new Dictionary<string, object> { ["key"] = text }));

    [Fact]
    public void Numbers_and_booleans_are_not_quoted() =>
        Assert.Equal("number: 20\nflag: true\n", Yaml.Write(new Dictionary<string, object> { ["number"] = 20, ["flag"] = true }));

    [Fact]
    public void Keys_keep_their_order_and_lists_are_indented() =>
        Assert.Equal("b: 1\na:\n  - x\n  - c: 2\n", Yaml.Write(new Dictionary<string, object>
        {
            ["b"] = 1,
            ["a"] = new object[] { "x", new Dictionary<string, object> { ["c"] = 2 } },
        }));

    [Fact]
    public void Text_of_several_lines_is_a_literal_block_that_reads_back_the_same()
    {
        const string Text = "first\n\n  indented $HOME\n# not a comment\nlast\n";
        var yaml = Yaml.Write(new Dictionary<string, object> { ["key"] = Text });
        Assert.StartsWith("key: |\n", yaml, StringComparison.Ordinal);
        Assert.Equal(Text, Read(yaml));
    }

    [Fact]
    public void Any_text_round_trips() =>
        Gen.String[Gen.Char["aZ09 .:#-_\"'\\\n\t${}[]&*!|>%@`,?~"], 0, 40].Sample(text => Assert.Equal(text, Read(Yaml.Write(new Dictionary<string, object> { ["key"] = text }))));

    /// <summary>A number that PostgreSQL reads as octal stays what it is.</summary>
    [Fact]
    public void A_setting_keeps_its_leading_zero()
    {
        var topology = new ClusterTopology(Definitions.WithSetting("log_file_mode", "0600"));
        Assert.Matches(string.Create(CultureInfo.InvariantCulture, $"\n    log_file_mode: [\"']0600[\"']\n"), PatroniConfig.Render(topology));
    }

    private static string? Read(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return ((YamlScalarNode)((YamlMappingNode)stream.Documents[0].RootNode)["key"]).Value;
    }
}
