using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Topology;
using Analytics.Topology.Monitoring;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>Every metric that a rule names is there in a scrape of the running topology, with the labels that the rule uses.</summary>
[Trait(Tiers.Trait, Tiers.Integration), Collection(nameof(HubUnderLoad))]
public sealed partial class LiveMetricsTests(HubUnderLoad fixture, ITestOutputHelper output)
{
    /// <summary>What only another host can show. A name that is there after all must leave this list.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new()
    {
        ["kubelet_volume_stats_available_bytes"] = "the kubelet's",
        ["kubelet_volume_stats_capacity_bytes"] = "the kubelet's",
        ["container_memory_working_set_bytes"] = "the kubelet's",
        ["container_spec_memory_limit_bytes"] = "the kubelet's",
        ["container_cpu_usage_seconds_total"] = "the kubelet's",
        ["container_spec_cpu_quota"] = "the kubelet's",
        ["container_spec_cpu_period"] = "the kubelet's",
        ["kube_job_failed"] = "kube-state-metrics'",
    };

    /// <summary>Most series that one scrape of a job may bring; what grows with the data or with its clients would break it.</summary>
    private static readonly Dictionary<string, int> MostSamples = new()
    {
        ["patroni"] = 60,
        ["postgres"] = 400,
        ["etcd"] = 700,
        ["haproxy"] = 700,
        ["pgbouncer"] = 200,
        ["ingest"] = 600,
        ["prometheus"] = 1500,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_metric_of_every_rule_exists_with_the_labels_that_the_rule_uses()
    {
        var topology = fixture.Cluster.Topology;
        var scope = RuleScope.Local(topology);
        var rules = AlertRules.Recording(topology).Select(rule => (rule.Name, Expression: scope.Narrow(rule.Expression), Texts: ""))
            .Concat(AlertRules.For(topology).Select(rule => (rule.Name, Expression: scope.Narrow(rule.Expression), Texts: rule.Summary + rule.Description))).ToList();

        // An exporter that asked before the schema was there keeps the empty answer for a minute.
        var missing = await MissingAsync(rules);
        for (var started = TimeProvider.System.GetTimestamp(); missing.Count > 0 && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(150); missing = await MissingAsync(rules))
            await Task.Delay(TimeSpan.FromSeconds(3), Cancel);
        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    /// <summary>What the test above is for.</summary>
    [Fact]
    public async Task A_misspelt_metric_and_a_label_that_is_not_there_would_be_found()
    {
        Assert.Equal(["Misspelt: nothing is scraped as hub_conections_used{}"], await MissingAsync([("Misspelt", "hub_conections_used > 1", "")]));
        Assert.Equal(["Foreign: nothing is scraped as pg_up{cluster=\"another\"}"], await MissingAsync([("Foreign", new RuleScope("another", null).Narrow("pg_up == 0"), "")]));
        Assert.Equal(["Label: its text names label volume, which its series do not have"], await MissingAsync([("Label", "pg_up == 0", "{{ $labels.volume }} and {{ $labels.member }}")]));
    }

    [Fact]
    public async Task Metrics_listed_as_absent_are_absent()
    {
        foreach (var name in Elsewhere.Keys)
            Assert.True((await fixture.Prometheus.SeriesAsync(name, Cancel)).Count == 0, $"{name} is scraped: take it from the list, so that its rules are proven");
    }

    [Fact]
    public async Task No_target_brings_more_series_than_its_bound()
    {
        foreach (var (job, most) in MostSamples)
        {
            var samples = await fixture.Prometheus.ValueAsync($"max(max_over_time(scrape_samples_post_metric_relabeling{{job=\"{job}\"}}[10m]))", Cancel);
            output.WriteLine($"{job}: {samples} samples a scrape");
            Assert.InRange(samples ?? 0, 1, most);
        }
    }

    /// <summary>
    /// Processor time of the exporters and of their sessions on the servers: most of what it costs to be scraped, at the interval of every hub.
    /// <see cref="ScrapeCostTests"/> measures all of it, and takes six minutes.
    /// </summary>
    [Fact]
    public async Task The_exporters_and_their_sessions_cost_less_than_three_percent_of_one_core()
    {
        var exporters = await fixture.Prometheus.ValueAsync("sum(rate(process_cpu_seconds_total{job=~\"postgres|pgbouncer\"}[2m]))", Cancel) ?? double.NaN;
        var sessions = 0.0;
        foreach (var host in fixture.Cluster.Topology.Database.Hosts)
        {
            // 17 (postgres) S 1 17 17 0 -1 4194560 999 0 0 0 UTIME STIME …, in hundredths of a second; then the session's age.
            var result = await fixture.Cluster[host].ExecAsync(["env", "PGPASSWORD=" + fixture.Cluster.Deployment.Passwords[Secrets.Superuser], "sh", "-c",
                $"psql -XAtq -F ' ' -h {Paths.SocketDirectory} -U {Roles.Superuser} -c \"SELECT pid, extract(epoch FROM now() - backend_start) FROM pg_stat_activity WHERE usename = '{Roles.Monitor}'\" "
                + "| while read pid age; do echo $(sed 's/.*) //' /proc/$pid/stat | cut -d ' ' -f 12,13) $age; done"], Cancel);
            Assert.True(result.ExitCode == 0, result.Stderr);
            sessions += result.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ').Select(part => double.Parse(part, CultureInfo.InvariantCulture)).ToArray())
                .Where(figures => figures[2] > 20).Sum(figures => (figures[0] + figures[1]) / 100 / figures[2]);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"exporters {exporters:P2} and their sessions {sessions:P2} of one core"));
        Assert.InRange(exporters + sessions, 0.00001, 0.03);
    }

    /// <summary>A label that clients or data choose would make series without end.</summary>
    [Fact]
    public async Task No_figure_of_the_database_is_labelled_by_what_clients_or_chunks_are_called()
    {
        var labels = (await fixture.Prometheus.SeriesAsync("""{job="postgres"}""", Cancel)).SelectMany(series => series.Keys).Distinct().ToList();
        Assert.DoesNotContain("relname", labels);
        Assert.DoesNotContain("queryid", labels);
        Assert.DoesNotContain("client_addr", labels);
        var senders = (await fixture.Prometheus.SeriesAsync("pg_stat_replication_pg_wal_lsn_diff", Cancel)).Select(series => series["application_name"]).Distinct();
        Assert.Subset(fixture.Cluster.Topology.Database.Hosts.ToHashSet(), senders.ToHashSet());
    }

    private async Task<List<string>> MissingAsync(IReadOnlyList<(string Name, string Expression, string Texts)> rules)
    {
        var missing = new List<string>();
        foreach (var (name, expression, texts) in rules)
        {
            var labels = Grouping().Matches(expression).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)).ToHashSet();

            // Of an expression that reads the kubelet's figures too, nobody here knows all labels.
            var known = PromQl.Metrics(expression).All(metric => !Elsewhere.ContainsKey(metric.Name));
            foreach (var (metric, matchers) in PromQl.Metrics(expression).Where(metric => !Elsewhere.ContainsKey(metric.Name)))
            {
                // What is asked to be absent or above a bound that nothing has reached is there all the same.
                var series = await fixture.Prometheus.SeriesAsync(matchers.Length == 0 ? metric : $"{metric}{{{matchers}}}", Cancel);
                if (series.Count == 0)
                    missing.Add($"{name}: nothing is scraped as {metric}{{{matchers}}}");
                known &= series.Count > 0;
                labels.UnionWith(series.SelectMany(item => item.Keys));
            }

            if (known && !expression.StartsWith("absent(", StringComparison.Ordinal))
                missing.AddRange(Label().Matches(texts).Select(match => match.Groups[1].Value).Where(label => !labels.Contains(label)).Select(label => $"{name}: its text names label {label}, which its series do not have"));
        }

        return missing;
    }

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\$labels\.(\w+)")]
    private static partial Regex Label();
}
