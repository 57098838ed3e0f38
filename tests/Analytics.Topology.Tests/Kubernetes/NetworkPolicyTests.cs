using k8s.Models;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>The network policies, evaluated as a network would: which pod reaches which port of which other.</summary>
public class NetworkPolicyTests
{
    private static readonly Published Hub = Published.Of("recommended");

    /// <summary>The arrows of the architecture, written down here once more, and nothing else.</summary>
    private static readonly HashSet<(string From, string To, int Port)> Arrows =
    [
        ("etcd", "etcd", 2380), ("etcd-auth", "etcd", 2379), ("etcd-snapshot", "etcd", 2379), ("timescaledb", "etcd", 2379),
        ("timescaledb", "timescaledb", 5432), ("timescaledb", "timescaledb", 8008),
        ("gateway", "timescaledb", 5432), ("gateway", "timescaledb", 8008),
        ("ingest", "gateway", 6432), ("ingest", "gateway", 8404), ("migrations", "gateway", 5000), ("backup", "gateway", 5000), ("backup", "gateway", 5001), ("backup", "timescaledb", 8432),
    ];

    /// <summary>What a pod of another namespace may reach.</summary>
    private static readonly HashSet<(string Who, string To, int Port)> Visitors =
    [
        ("telemetry", "ingest", 4317), ("telemetry", "ingest", 4318), ("telemetry", "ingest", 8080),
        ("sql", "gateway", 6432), ("sql", "gateway", 5000), ("sql", "gateway", 5001), ("sql", "timescaledb", 5432),
        ("prometheus", "timescaledb", 8008), ("prometheus", "timescaledb", 9187), ("prometheus", "etcd", 2381),
        ("prometheus", "gateway", 8404), ("prometheus", "gateway", 9127), ("prometheus", "ingest", 8080),
    ];

    private static readonly string[] Components = ["etcd", "etcd-auth", "etcd-snapshot", "timescaledb", "gateway", "ingest", "migrations", "backup"];

    private static IEnumerable<int> AllPorts => Hub.Services.SelectMany(pod => pod.Template.Spec.Containers).SelectMany(container => container.Ports ?? []).Select(port => port.ContainerPort).Distinct();

    [Fact]
    public void Each_arrow_of_the_architecture_passes_and_no_other()
    {
        var open = from source in Components
                   from target in Components
                   from port in AllPorts
                   where Leaves(source, target, port) && Enters(Own(source), [], target, port)
                   select (source, target, port);
        Assert.Equal(Arrows.Order(), open.Order());
    }

    /// <summary>An open end without the other would be a hole, or a connection that hangs.</summary>
    [Fact]
    public void Both_ends_of_each_arrow_are_open()
    {
        foreach (var (source, target, port) in from source in Components from target in Components from port in AllPorts select (source, target, port))
            Assert.True(Leaves(source, target, port) == Enters(Own(source), [], target, port), $"{source} to {target}:{port}");
    }

    [Theory]
    [InlineData("telemetry", "analytics-hub/telemetry", null, null)]
    [InlineData("telemetry", null, "analytics-hub/telemetry", "true")]
    [InlineData("sql", "analytics-hub/sql", null, null)]
    [InlineData("sql", null, "analytics-hub/sql", "true")]
    [InlineData("prometheus", null, "app.kubernetes.io/name", "prometheus")]
    [InlineData("nobody", null, "app", "anything")]
    public void Client_pod_reaches_what_its_label_allows(string who, string? spaceLabel, string? podLabel, string? podValue)
    {
        var space = new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = who == "prometheus" ? "monitoring" : "elsewhere" };
        if (spaceLabel is not null)
            space[spaceLabel] = "true";
        var pod = podLabel is null ? [] : new Dictionary<string, string> { [podLabel] = podValue! };
        var open = from target in Components
                   from port in AllPorts
                   where Enters(pod, space, target, port)
                   select (who, target, port);
        Assert.Equal(Visitors.Where(visitor => visitor.Who == who).Order(), open.Order());
    }

    /// <summary>A client in Hub's own namespace is denied its way out as well, unless a policy selects its label.</summary>
    [Theory]
    [InlineData("telemetry", "analytics-hub/telemetry")]
    [InlineData("sql", "analytics-hub/sql")]
    [InlineData("nobody", "analytics-hub/other")]
    public void A_client_in_this_namespace_gets_out_and_in(string who, string label)
    {
        var pod = new Dictionary<string, string> { [label] = "true" };
        var egress = Hub.All<V1NetworkPolicy>().Where(policy => Published.Selects(policy.Spec.PodSelector, pod)).SelectMany(policy => policy.Spec.Egress ?? []).ToList();
        var open = from target in Components
                   from port in AllPorts
                   where egress.Any(rule => Has(rule.Ports, port) && rule.To.Any(peer => Is(peer, Own(target), []))) && Enters(pod, [], target, port)
                   select (who, target, port);
        Assert.Equal(Visitors.Where(visitor => visitor.Who == who).Order(), open.Order());
    }

    [Fact]
    public void Everything_is_denied_both_ways_by_default_and_asks_DNS()
    {
        var deny = Hub.One<V1NetworkPolicy>("default-deny").Spec;
        Assert.Null(deny.PodSelector.MatchLabels);
        Assert.Equal(["Ingress", "Egress"], deny.PolicyTypes);
        Assert.Null(deny.Ingress);
        Assert.Null(deny.Egress);
        var dns = Hub.One<V1NetworkPolicy>("dns").Spec.Egress.Single();
        Assert.Contains(dns.Ports, port => (string)port.Port == "53" && port.Protocol == "UDP");
        Assert.Contains(dns.Ports, port => (string)port.Port == "53" && port.Protocol == "TCP");
    }

    [Fact]
    public void Only_database_members_and_the_backup_runner_reach_object_storage()
    {
        var outside = Hub.All<V1NetworkPolicy>().Where(policy => (policy.Spec.Egress ?? []).Any(rule => (rule.To ?? []).Any(peer => peer.IpBlock?.Cidr == "0.0.0.0/0"))).ToList();
        Assert.Equal(["backup", "timescaledb"], outside.Select(policy => policy.Spec.PodSelector.MatchLabels["app.kubernetes.io/name"]).Order());
        Assert.All(outside, policy => Assert.Equal("443", Assert.Single(policy.Spec.Egress.Single().Ports).Port));
    }

    private static IDictionary<string, string> Own(string component) =>
        Hub.Pods.First(pod => pod.Template.Metadata.Labels["app.kubernetes.io/name"] == component).Template.Metadata.Labels;

    private static IEnumerable<V1NetworkPolicy> Of(string component) =>
        Hub.All<V1NetworkPolicy>().Where(policy => policy.Metadata.Name != "timescaledb-external" && Published.Selects(policy.Spec.PodSelector, Own(component)));

    private static bool Leaves(string source, string target, int port) =>
        Of(source).SelectMany(policy => policy.Spec.Egress ?? []).Any(rule => Has(rule.Ports, port) && rule.To.Any(peer => Is(peer, Own(target), [])));

    /// <param name="pod">The visitor's labels.</param>
    /// <param name="space">Labels of its namespace; empty: the same namespace.</param>
    private static bool Enters(IDictionary<string, string> pod, Dictionary<string, string> space, string target, int port) =>
        Of(target).SelectMany(policy => policy.Spec.Ingress ?? []).Any(rule => Has(rule.Ports, port) && rule.FromProperty.Any(peer => Is(peer, pod, space)));

    private static bool Has(IEnumerable<V1NetworkPolicyPort> ports, int port) =>
        ports.Any(open => open.Port == port.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static bool Is(V1NetworkPolicyPeer peer, IDictionary<string, string> pod, Dictionary<string, string> space) =>
        peer.IpBlock is null
        && (peer.NamespaceSelector is null ? space.Count == 0 : Published.Selects(peer.NamespaceSelector, space))
        && (peer.PodSelector is null || Published.Selects(peer.PodSelector, pod));
}
