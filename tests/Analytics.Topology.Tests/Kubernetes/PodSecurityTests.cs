namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>Every pod passes Pod Security's restricted profile, and goes beyond it where it can.</summary>
public class PodSecurityTests
{
    public static TheoryData<string, string?> Everywhere => Published.Everywhere;

    [Theory, MemberData(nameof(Everywhere))]
    public void The_namespace_enforces_restricted(string size, string? cloud)
    {
        var labels = Published.Of(size, cloud).All<k8s.Models.V1Namespace>().Single().Metadata.Labels;
        Assert.All(["enforce", "audit", "warn"], mode => Assert.Equal("restricted", labels[$"pod-security.kubernetes.io/{mode}"]));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void No_pod_runs_as_root_or_shares_anything_with_its_node(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Pods, pod =>
        {
            var spec = pod.Template.Spec;
            Assert.True(spec.SecurityContext.RunAsNonRoot, pod.Workload);
            Assert.Equal(1000, spec.SecurityContext.RunAsUser);
            Assert.Equal(1000, spec.SecurityContext.RunAsGroup);
            Assert.Equal(1000, spec.SecurityContext.FsGroup);
            Assert.Equal("OnRootMismatch", spec.SecurityContext.FsGroupChangePolicy);
            Assert.Equal("RuntimeDefault", spec.SecurityContext.SeccompProfile.Type);
            Assert.Null(spec.HostNetwork);
            Assert.Null(spec.HostPID);
            Assert.Null(spec.HostIPC);
            Assert.Null(spec.ShareProcessNamespace);
            Assert.False(spec.AutomountServiceAccountToken);
        });

    [Theory, MemberData(nameof(Everywhere))]
    public void No_container_may_gain_or_keep_privileges(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Containers, found =>
        {
            var security = found.Container.SecurityContext;
            Assert.False(security.AllowPrivilegeEscalation, found.Where);
            Assert.True(security.RunAsNonRoot, found.Where);
            Assert.True(security.ReadOnlyRootFilesystem, found.Where);
            Assert.Equal(["ALL"], security.Capabilities.Drop);
            Assert.Null(security.Capabilities.Add);
            Assert.Null(security.Privileged);
            Assert.Null(security.RunAsUser);
            Assert.All(found.Container.Ports ?? [], port => Assert.Null(port.HostPort));
        });

    [Theory, MemberData(nameof(Everywhere))]
    public void Volumes_are_of_the_kinds_that_restricted_knows(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Pods.SelectMany(pod => pod.Template.Spec.Volumes), volume =>
            Assert.Single(new object?[] { volume.ConfigMap, volume.Secret, volume.EmptyDir, volume.Projected, volume.PersistentVolumeClaim,
                volume.Ephemeral }, kind => kind is not null));

    /// <summary>PostgreSQL refuses a key that its group could write or others could read.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void Secret_files_are_readable_by_owner_and_group_alone(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Pods.SelectMany(pod => pod.Template.Spec.Volumes).Where(volume => volume.Secret is not null),
            volume => Assert.Equal(Convert.ToInt32("440", 8), volume.Secret.DefaultMode));

    [Theory, MemberData(nameof(Everywhere))]
    public void No_identity_has_rights_or_a_token(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        Assert.All(published.All<k8s.Models.V1ServiceAccount>(), account => Assert.False(account.AutomountServiceAccountToken));
        Assert.Empty(published.All<k8s.Models.V1Role>());
        Assert.Empty(published.All<k8s.Models.V1ClusterRole>());
        Assert.Empty(published.All<k8s.Models.V1ClusterRoleBinding>());
        var binding = Assert.Single(published.All<k8s.Models.V1RoleBinding>());
        Assert.Equal("system:openshift:scc:nonroot-v2", binding.RoleRef.Name);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void No_secret_has_a_value_and_no_password_stands_in_a_variable(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        Assert.All(published.All<k8s.Models.V1Secret>(), secret =>
        {
            Assert.Null(secret.Data);
            Assert.Null(secret.StringData);
        });
        var named = published.Containers.SelectMany(found => found.Container.Env ?? [])
            .Where(variable => variable.Name.Contains("PASS", StringComparison.Ordinal) || variable.Name.Contains("SECRET",
                StringComparison.Ordinal));
        Assert.All(named, variable => Assert.NotNull(variable.ValueFrom?.SecretKeyRef));
    }
}
