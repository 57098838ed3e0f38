using Analytics.Topology.Config;

namespace Analytics.Topology.Tests.Config;

public class HbaRulesTests
{
    private static IEnumerable<string[]> Lines => HbaRules.Lines.Select(line => line.Split(' '));

    [Fact]
    public void Only_SCRAM_authenticates() => Assert.All(Lines, line => Assert.Contains(line[^1], new[] { "scram-sha-256", "reject" }));

    [Fact]
    public void Over_the_network_only_TLS_is_accepted() =>
        Assert.All(Lines.Where(line => line[^1] != "reject"), line => Assert.Contains(line[0], new[] { "local", "hostssl" }));

    [Fact]
    public void The_superuser_is_refused_on_every_address_before_anything_allows_him()
    {
        var refusal = Lines.ToList().FindIndex(line => line is ["host", "all", Roles.Superuser, "all", "reject"]);
        Assert.True(refusal >= 0);
        Assert.DoesNotContain(Lines.Take(refusal), line => line[0].StartsWith("host", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_is_not_named_is_refused() =>
        Assert.Equal(["host all all all reject", "host replication all all reject"], HbaRules.Lines.TakeLast(2));

    [Fact]
    public void No_line_over_the_network_lets_all_users_or_all_databases_in() =>
        Assert.All(Lines.Where(line => line[0] == "hostssl"), line => Assert.DoesNotContain("all", line[1..3]));

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public void No_rendered_file_names_a_weaker_method(string preset) =>
        Assert.All(Generated.Files(preset), file => Assert.DoesNotMatch(@"(?m)^\s*-?\s*(local|host\w*)\s.*\b(trust|md5|password|peer|ident)\s*$", file.Text));
}
