using k8s.Models;

namespace Analytics.Topology.Kubernetes;

/// <summary>
/// OpenShift chooses a user id for each namespace and refuses another. Its constraint <c>nonroot-v2</c> is as strict and takes the
/// image's own; this lets Hub's service accounts use it.
/// </summary>
internal static class OpenShift
{
    public static V1RoleBinding Binding(ManifestContext context) => new()
    {
        ApiVersion = "rbac.authorization.k8s.io/v1",
        Kind = "RoleBinding",
        Metadata = context.Meta("nonroot-v2", ClusterNames.TimescaleDb),
        RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "ClusterRole", Name = "system:openshift:scc:nonroot-v2" },
        Subjects = [
            .. Namespaces.Components.Select(component => new Rbacv1Subject { Kind = "ServiceAccount", Name = component,
                NamespaceProperty = context.Namespace })],
    };
}
