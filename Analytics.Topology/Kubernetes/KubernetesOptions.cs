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

/// <summary>What is decided about the Kubernetes cluster rather than about Hub.</summary>
public sealed record KubernetesOptions
{
    public Cloud Cloud { get; init; } = Cloud.Aws;

    /// <summary>The cluster's DNS domain. Default <c>cluster.local</c>.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";

    /// <summary>Members of one tier never share a node. Off only where there is a single node to try Hub on.</summary>
    public bool SeparateNodes { get; init; } = true;

    /// <summary>ServiceMonitor, PodMonitor and PrometheusRule, which need prometheus-operator's definitions in the cluster.</summary>
    public bool PrometheusOperator { get; init; } = true;
}
