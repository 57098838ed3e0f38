namespace Analytics.Topology.Kubernetes;

/// <summary>Whose disks the volumes lie on.</summary>
public enum Cloud
{
    /// <summary>EBS, by its CSI driver.</summary>
    Aws,

    /// <summary>Persistent Disk, by its CSI driver.</summary>
    Gcp,

    /// <summary>Managed disks, by their CSI driver.</summary>
    Azure,

    /// <summary>Volumes that somebody has prepared (<c>kubernetes.io/no-provisioner</c>), as on bare metal.</summary>
    Generic,

    /// <summary>The cluster's own default storage class; none is made.</summary>
    Default,
}

/// <summary>How a Prometheus of the Kubernetes cluster finds what it scrapes, and the rules. What is not chosen is published, but not
/// applied.</summary>
public enum MonitoringBy
{
    /// <summary>ServiceMonitor, PodMonitor and PrometheusRule, which need prometheus-operator's definitions in the cluster.</summary>
    Operator,

    /// <summary>Services with prometheus.io annotations, and a ConfigMap with scrape jobs and rules for a Prometheus without the
    /// operator.</summary>
    Annotations,

    /// <summary>Not at all.</summary>
    None,
}

/// <summary>What is decided about the Kubernetes cluster rather than about Hub.</summary>
public sealed record KubernetesOptions
{
    public Cloud Cloud { get; init; } = Cloud.Aws;

    /// <summary>The cluster's DNS domain. Default <c>cluster.local</c>.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";

    /// <summary>Members of one tier never share a node. Off only where there is a single node to try Hub on.</summary>
    public bool SeparateNodes { get; init; } = true;

    /// <summary>How the cluster's Prometheus finds Hub. Default: through prometheus-operator.</summary>
    public MonitoringBy Monitoring { get; init; } = MonitoringBy.Operator;
}
