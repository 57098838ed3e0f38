using Analytics.Topology.Kubernetes;
using Analytics.Topology.Security;
using k8s.Models;

namespace Analytics.Topology.Tests.Kubernetes;

/// <summary>Everything that names something else names something that is there.</summary>
public class ReferenceTests
{
    public static TheoryData<string, string?> Everywhere => Published.Everywhere;

    [Theory, MemberData(nameof(Everywhere))]
    public void Names_are_unique_by_kind(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Objects.GroupBy(item => (item.ApiVersion, item.Kind, item.Metadata.Name)),
            group => Assert.Single(group));

    [Theory, MemberData(nameof(Everywhere))]
    public void Objects_lie_in_the_namespace_or_in_none(string size, string? cloud)
    {
        string[] global = ["Namespace", "StorageClass", "PriorityClass"];
        Assert.All(Published.Of(size, cloud).Objects, item =>
        {
            Assert.Equal(global.Contains(item.Kind) ? null : "timescaledb", item.Metadata.NamespaceProperty);
            Assert.NotNull(item.ApiVersion);
            Assert.All(item.Metadata.Labels, label => Assert.Matches("^[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$", label.Value));
        });
    }

    /// <summary>deploy.sh waits for a workload before it applies the next file: what comes later is never there for it.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void What_a_workload_mounts_is_applied_before_it(string size, string? cloud)
    {
        var there = new HashSet<string>();
        foreach (var item in Published.Of(size, cloud).Files.Where(file => !file.Optional).SelectMany(file => file.Objects))
        {
            there.Add($"{item.Kind}/{item.Metadata.Name}");
            var pod = item switch
            {
                V1StatefulSet set => set.Spec.Template.Spec,
                V1Deployment deployment => deployment.Spec.Template.Spec,
                V1Job job => job.Spec.Template.Spec,
                _ => null
            };
            foreach (var volume in pod?.Volumes ?? [])
            {
                if (volume.PersistentVolumeClaim is { } claim)
                    Assert.Contains($"PersistentVolumeClaim/{claim.ClaimName}", there);
                if (volume.ConfigMap is { Optional: not true } map)
                    Assert.Contains($"ConfigMap/{map.Name}", there);
            }
        }
    }

    /// <summary>The kubelet's hosts file calls these localhost, and a resolver that follows names both ways answers with the other
    /// one.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void Host_aliases_are_no_address_of_localhost(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Pods.SelectMany(pod => pod.Template.Spec.HostAliases ?? []),
            alias => Assert.DoesNotContain(alias.Ip, new[] { "127.0.0.1", "::1" }));

    [Theory, MemberData(nameof(Everywhere))]
    public void Mounts_are_volumes_and_volumes_are_mounted(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        Assert.All(published.Pods, pod =>
        {
            var claims = published.All<V1StatefulSet>()
                .SingleOrDefault(set => set.Spec.Template == pod.Template)?.Spec.VolumeClaimTemplates.Select(claim => claim.Metadata.Name)
                ?? [];
            var volumes = pod.Template.Spec.Volumes.Select(volume => volume.Name).Concat(claims).ToList();
            var containers = pod.Template.Spec.Containers.Concat(pod.Template.Spec.InitContainers ?? []).ToList();
            Assert.Equal(volumes.Count, volumes.Distinct().Count());
            Assert.Equal(volumes.Order(),
                containers.SelectMany(container => container.VolumeMounts).Select(mount => mount.Name).Distinct().Order());
            Assert.All(volumes, name => Assert.Matches("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", name));
            Assert.All(containers,
                container => Assert.Equal(container.VolumeMounts.Count,
                    container.VolumeMounts.Select(mount => mount.MountPath).Distinct().Count()));
        });
    }

    /// <summary>A mount that lies in another must come after it.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void Inner_mounts_follow_outer_ones(string size, string? cloud) =>
        Assert.All(Published.Of(size, cloud).Containers, found =>
        {
            var paths = found.Container.VolumeMounts.Select(mount => mount.MountPath).ToList();
            Assert.All(paths,
                (inner, at) => Assert.DoesNotContain(paths.Skip(at + 1), outer => inner.StartsWith(outer + "/", StringComparison.Ordinal)));
        });

    [Theory, MemberData(nameof(Everywhere))]
    public void Secret_keys_are_in_the_template(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        var keys = published.All<V1Secret>().ToDictionary(secret => secret.Metadata.Name,
            secret => secret.Metadata.Annotations[KubernetesNames.KeysAnnotation].Split(','));
        var variables = published.Containers.SelectMany(found => found.Container.Env ?? [])
            .Select(variable => variable.ValueFrom?.SecretKeyRef).OfType<V1SecretKeySelector>()
            .Where(reference => reference.Optional != true);
        Assert.All(variables, reference => Assert.Contains(reference.Key, keys[reference.Name]));
        var files = published.Pods.SelectMany(pod => pod.Template.Spec.Volumes).Select(volume => volume.Secret)
            .OfType<V1SecretVolumeSource>().Where(secret => secret.Optional != true).ToList();
        Assert.All(files, secret => Assert.All(secret.Items ?? [], item => Assert.Contains(item.Key, keys[secret.SecretName])));
        Assert.All(files, secret => Assert.Contains(secret.SecretName, keys.Keys));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Mounted_ConfigMaps_exist_and_hold_the_files_that_programs_are_given(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        var maps = published.All<V1ConfigMap>().ToDictionary(map => map.Metadata.Name);
        Assert.All(published.Containers, found =>
        {
            var files = (from mount in found.Container.VolumeMounts
                         join volume in found.Pod.Volumes on mount.Name equals volume.Name
                         from map in (volume.Projected?.Sources.Select(source => source.ConfigMap).Where(map => map.Optional != true)
                             .Select(map => map.Name) ?? []).Concat(volume.ConfigMap is { } one ? [one.Name] : [])
                         from key in maps[map].Data.Keys
                         select $"{mount.MountPath}/{key}").ToHashSet();
            var words = (found.Container.Command ?? []).Concat(found.Container.Args ?? [])
                .Concat(found.Container.Lifecycle?.PreStop?.Exec?.Command ?? []);
            var named = words.Select(word => word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..])
                .Where(word => word.StartsWith("/etc/hub/config/", StringComparison.Ordinal) || word.StartsWith("/etc/hub/queries/",
                    StringComparison.Ordinal));
            Assert.All(named, file => Assert.Contains(file, files));
        });
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Identities_classes_and_claims_exist(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        Assert.All(published.Pods, pod =>
        {
            Assert.Contains(published.All<V1ServiceAccount>(), account => account.Metadata.Name == pod.Template.Spec.ServiceAccountName);
            Assert.Contains(published.All<V1PriorityClass>(), priority => priority.Metadata.Name == pod.Template.Spec.PriorityClassName);
            Assert.All(pod.Template.Spec.Volumes.Where(volume => volume.PersistentVolumeClaim is not null), volume =>
                Assert.Contains(published.All<V1PersistentVolumeClaim>(),
                    claim => claim.Metadata.Name == volume.PersistentVolumeClaim.ClaimName));
        });
        var classes = published.All<V1StorageClass>().Select(item => item.Metadata.Name).ToList();
        var claims = published.All<V1StatefulSet>().SelectMany(set => set.Spec.VolumeClaimTemplates).Select(claim => claim.Spec)
            .Concat(published.All<V1PersistentVolumeClaim>().Select(claim => claim.Spec));
        Assert.All(claims,
            claim => Assert.True(classes.Count == 0 ? claim.StorageClassName is null : classes.Contains(claim.StorageClassName)));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Services_select_pods_and_their_ports(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        Assert.All(published.All<V1Service>(), service =>
        {
            var pod = Assert.Single(published.Services,
                pod => Published.Selects(new V1LabelSelector { MatchLabels = service.Spec.Selector }, pod.Template.Metadata.Labels));
            var ports = pod.Template.Spec.Containers.SelectMany(container => container.Ports).Select(port => port.Name).ToList();
            Assert.All(service.Spec.Ports, port => Assert.Contains((string)port.TargetPort, ports));
        });
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Selectors_select_their_own_pods_alone(string size, string? cloud)
    {
        var published = Published.Of(size, cloud);
        Assert.All(published.All<V1StatefulSet>().Select(set => (set.Spec.Selector, set.Spec.Template, set.Spec.ServiceName))
            .Concat(published.All<V1Deployment>()
                .Select(deployment => (deployment.Spec.Selector, deployment.Spec.Template, (string)null!))), workload =>
        {
            Assert.Same(workload.Template,
                Assert.Single(published.Pods, pod => Published.Selects(workload.Selector, pod.Template.Metadata.Labels)).Template);
            if (workload.Item3 is { } headless)
                Assert.Equal("None", published.One<V1Service>(headless).Spec.ClusterIP);
        });
    }

    [Fact]
    public void Monitors_find_a_port_and_a_name_of_the_certificate()
    {
        var published = Published.Of("recommended");
        var names = CertificateNames.For(published.Size.Topology).Values.SelectMany(names => names).ToHashSet();
        var ports = published.Services.SelectMany(pod => pod.Template.Spec.Containers).SelectMany(container => container.Ports ?? [])
            .Select(port => port.Name).ToHashSet();
        var endpoints = published.All<CustomObject>().SelectMany(monitor => new[] { "endpoints", "podMetricsEndpoints" }
            .Select(key => monitor.Spec.GetValueOrDefault(key)).OfType<IEnumerable<object>>().SelectMany(list => list))
            .Cast<Dictionary<string, object>>().ToList();
        Assert.Equal(6, endpoints.Count);
        Assert.All(endpoints, endpoint =>
        {
            Assert.Contains((string)endpoint["port"], ports);
            if (endpoint.TryGetValue("tlsConfig", out var tls))
                Assert.Contains((string)((Dictionary<string, object>)tls)["serverName"], names);
        });
    }
}
