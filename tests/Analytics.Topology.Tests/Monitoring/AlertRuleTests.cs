using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Analytics.Topology.Monitoring;
using Analytics.Topology.Publishing;

namespace Analytics.Topology.Tests.Monitoring;

/// <summary>What every alert must have: words, a runbook, a test.</summary>
public partial class AlertRuleTests
{
    private static readonly IReadOnlyList<AlertRule> Rules = AlertRules.For(Topology.Presets.Recommended);

    [Fact]
    public void Are_at_least_sixty_in_ten_groups_each_name_once()
    {
        Assert.InRange(Rules.Count, 60, 200);
        Assert.Equal(AlertRules.Groups, Rules.Select(rule => rule.Group).Distinct());
        Assert.Equal(Rules.Count, Rules.Select(rule => rule.Name).Distinct().Count());
    }

    /// <summary>The seed's list of alerts, by the names that answer it.</summary>
    [Theory]
    [InlineData("Database down", "DatabaseDown", AlertSeverity.Critical)]
    [InlineData("Replication lag (warning)", "ReplicationLag", AlertSeverity.Warning)]
    [InlineData("Replication lag (critical)", "ReplicationLagCritical", AlertSeverity.Critical)]
    [InlineData("Connection pool exhaustion", "PoolExhausted", AlertSeverity.Warning)]
    [InlineData("Disk space warnings", "VolumeFillsUp", AlertSeverity.Warning)]
    [InlineData("Disk space warnings", "VolumeAlmostFull", AlertSeverity.Critical)]
    [InlineData("Slow queries", "SlowQueries", AlertSeverity.Warning)]
    [InlineData("Backup failures", "BackupFailed", AlertSeverity.Critical)]
    [InlineData("High CPU/memory", "CpuHigh", AlertSeverity.Warning)]
    [InlineData("High CPU/memory", "MemoryHigh", AlertSeverity.Warning)]
    [InlineData("WAL size growth", "WalGrows", AlertSeverity.Warning)]
    [InlineData("Compression issues", "CompressionBehind", AlertSeverity.Warning)]
    public void Cover_what_was_asked_for(string asked, string name, AlertSeverity severity) =>
        Assert.True(Rules.Any(rule => rule.Name == name && rule.Severity == severity), $"{asked}: no alert {name} of severity {severity}");

    [Fact]
    public void Descriptions_contain_the_value_or_the_location() => Assert.All(Rules, rule =>
    {
        Assert.InRange(rule.Summary.Length, 15, 140);
        Assert.InRange(rule.Description.Length, 40, 400);
        Assert.EndsWith(".", rule.Summary, StringComparison.Ordinal);
        Assert.Matches(@"[.?]$", rule.Description);

        // Only "nothing is known" has neither value nor label.
        if (!rule.Expression.StartsWith("absent(", StringComparison.Ordinal) && !rule.Expression.StartsWith("sum by (cluster)", StringComparison.Ordinal))
            Assert.True((rule.Summary + rule.Description).Contains("{{ $", StringComparison.Ordinal) || rule.Group is "backup" or "ingest", $"{rule.Name} names neither value nor place");
    });

    [Fact]
    public void Have_a_runbook_that_says_what_it_means_how_to_look_and_what_to_do() => Assert.Empty(Rules.Select(rule => RunbookProblem(rule.Name)).OfType<string>());

    /// <summary>What the test above is for.</summary>
    [Theory]
    [InlineData("NoSuchAlert", "NoSuchAlert has no runbook: write docs/runbooks/NoSuchAlert.md")]
    [InlineData("lost-member", "docs/runbooks/lost-member.md does not begin with '# lost-member'")]
    public void Missing_or_incomplete_runbook_is_reported(string name, string problem) => Assert.Equal(problem, RunbookProblem(name));

    private static string? RunbookProblem(string name)
    {
        var path = Path.Combine(Repository(), Topology.Presets.Recommended.Monitoring.Runbooks, name + ".md");
        if (!File.Exists(path))
            return $"{name} has no runbook: write docs/runbooks/{name}.md";
        var text = File.ReadAllText(path);
        if (!text.StartsWith($"# {name}\n", StringComparison.Ordinal))
            return $"docs/runbooks/{name}.md does not begin with '# {name}'";
        var sections = Section().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim());
        var empty = new[] { "What it means", "How to look", "What to do" }.FirstOrDefault(title => !sections.TryGetValue(title, out var body) || body.Length <= 30);
        if (empty is not null)
            return $"docs/runbooks/{name}.md says nothing under '## {empty}'";
        return sections["How to look"].Contains('`', StringComparison.Ordinal) ? null : $"docs/runbooks/{name}.md names no command under 'How to look'";
    }

    [Fact]
    public void Have_no_runbook_without_an_alert()
    {
        var known = Rules.Select(rule => rule.Name + ".md").Append("README.md").ToHashSet();

        // Those in small letters are of recovery: they begin with what is lost, not with an alert.
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Repository(), "docs/runbooks")).Select(path => Path.GetFileName(path)!).Where(name => char.IsUpper(name[0])).Except(known));
    }

    [Fact]
    public void Have_a_test_that_makes_them_fire_and_one_that_does_not()
    {
        var cases = AlertRules.Groups.SelectMany(AlertCase.Of).ToList();
        Assert.Equal(Rules.Select(rule => rule.Name).Order(StringComparer.Ordinal), cases.Select(entry => entry.Key).Order(StringComparer.Ordinal));
        Assert.All(cases, entry => Assert.NotEmpty(entry.Value.Fires));
    }

    [Fact]
    public void Rules_about_standbys_are_omitted_for_a_single_member()
    {
        var single = AlertRules.For(Topology.Presets.DevelopmentSingle).Select(rule => rule.Name).ToList();
        Assert.DoesNotContain("StandbyMissing", single);
        Assert.DoesNotContain("EtcdPeerSlow", single);
        Assert.Contains("DatabaseDown", single);
    }

    /// <summary>The chart's sizes share one PrometheusRule.</summary>
    [Fact]
    public void Are_the_same_for_every_published_size() =>
        Assert.Single(PublishSize.All.Select(size => RuleFile.Render(size.Topology)).Distinct());

    /// <summary>Two hubs in one Prometheus: each reads its own series, and what it makes says whose it is.</summary>
    [Fact]
    public void Read_the_series_of_their_own_hub_only()
    {
        var (topology, scope) = (Topology.Presets.Recommended, RuleScope.Kubernetes(Topology.Presets.Recommended));
        foreach (var expression in AlertRules.Recording(topology).Select(rule => rule.Expression).Concat(Rules.Select(rule => rule.Expression)))
        {
            Assert.All(PromQl.Metrics(scope.Narrow(expression)), metric => Assert.Matches("^(cluster=\"timescaledb/hub\"|namespace=\"timescaledb\")", metric.Matchers));
            Assert.Equal(PromQl.Metrics(expression).Select(metric => metric.Name), PromQl.Metrics(scope.Narrow(expression)).Select(metric => metric.Name));
        }

        Assert.All(RuleFile.Groups(topology, scope).Cast<Dictionary<string, object>>().SelectMany(group => (object[])group["rules"]).Cast<Dictionary<string, object>>(),
            rule => Assert.Equal("timescaledb/hub", ((Dictionary<string, object>)rule["labels"])["cluster"]));
    }

    [Theory]
    [InlineData("sum by (le) (rate(x_bucket{path=\"a{b}\"}[5m])) / on (cluster) y", "sum by (le) (rate(x_bucket{cluster=\"c\",path=\"a{b}\"}[5m])) / on (cluster) y{cluster=\"c\"}")]
    [InlineData("absent(pg_up) or up > 1e9 and on () z == bool 1", "absent(pg_up{cluster=\"c\"}) or up{cluster=\"c\"} > 1e9 and on () z{cluster=\"c\"} == bool 1")]
    [InlineData("label_replace(a:b:c offset 1h, \"member\", \"$1\", \"src\", \"x-(.*)\")", "label_replace(a:b:c{cluster=\"c\"} offset 1h, \"member\", \"$1\", \"src\", \"x-(.*)\")")]
    [InlineData("kube_job_status_failed > 0 unless on () hub_x == 0", "kube_job_status_failed{namespace=\"n\"} > 0 unless on () hub_x{cluster=\"c\"} == 0")]
    public void Are_narrowed_selector_by_selector(string expression, string narrowed) => Assert.Equal(narrowed, new RuleScope("c", "n").Narrow(expression));

    /// <summary>Alertmanager would hold back nothing for a name that no alert has.</summary>
    [Fact]
    public void Are_what_the_inhibition_rules_name()
    {
        var names = Rules.Select(rule => rule.Name).ToList();
        foreach (var (source, targets, _) in AlertmanagerConfig.Inhibitions)
        {
            foreach (var matcher in new[] { source, targets }.Where(text => text.StartsWith("alertname", StringComparison.Ordinal)))
            {
                var pattern = Regex.Match(matcher, "\"(.*)\"").Groups[1].Value;
                foreach (var part in Alternatives().Split(pattern))
                    Assert.True(names.Any(name => Regex.IsMatch(name, $"^(?:{part})$")), $"inhibition names {part}, which is no alert");
            }
        }
    }

    [Fact]
    public void Are_listed_in_the_documentation()
    {
        var text = File.ReadAllText(Path.Combine(Repository(), AlertTable.Path));
        Assert.True(AlertTable.Render(Topology.Presets.Recommended).Content == text, $"{AlertTable.Path} differs from the rules; `./hub publish` writes it again");
    }

    private static string Repository([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));

    [GeneratedRegex(@"^## (.+?)\n(.*?)(?=^## |\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Section();

    // A bar outside brackets.
    [GeneratedRegex(@"\|(?![^(]*\))")]
    private static partial Regex Alternatives();
}
