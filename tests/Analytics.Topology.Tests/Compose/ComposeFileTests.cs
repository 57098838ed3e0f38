using System.Text.RegularExpressions;
using Analytics.Topology.Compose;
using Analytics.Topology.Containers;
using YamlDotNet.RepresentationModel;

namespace Analytics.Topology.Tests.Compose;

public partial class ComposeFileTests
{
    public static TheoryData<string> Everywhere => Definitions.PresetNames;

    [Theory, MemberData(nameof(Everywhere))]
    public void Every_variable_is_a_known_secret(string preset)
    {
        var text = Generated.Compose(preset).Replace("$$", "", StringComparison.Ordinal);
        Assert.All(Variable().Matches(text), match => Assert.Contains(match.Groups[1].Value, Secrets.All.Concat(Secrets.Given)));
        Assert.Equal(Variable().Count(text), text.Count(letter => letter == '$'));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Every_service_depends_on_services_that_exist(string preset)
    {
        var services = Services(preset);
        Assert.All(services.Values.SelectMany(service => List(service, "depends_on")), name => Assert.Contains(name, services.Keys));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Every_mounted_source_exists_and_is_read_only(string preset)
    {
        var deployment = new TestDeployment(Definitions.Presets[preset]);
        var sources = deployment.Containers.SelectMany(container => container.Directories).Select(directory => $"./{directory.Source}").ToHashSet();
        var written = ComposeFile.Configuration(deployment.Containers).Select(file => "./" + file.Path[..file.Path.LastIndexOf('/')]).ToHashSet();
        var volumes = ((YamlMappingNode)Root(preset)["volumes"]).Children.Keys.Select(key => key.ToString()).ToHashSet();
        foreach (var mount in Services(preset).Values.SelectMany(service => List(service, "volumes")).Select(mount => mount.Split(':')))
        {
            if (mount[0].StartsWith("./config/", StringComparison.Ordinal))
                Assert.Contains(mount[0], written);
            if (mount[0].StartsWith("./", StringComparison.Ordinal))
                Assert.True(sources.Contains(mount[0]) && mount is [_, _, "ro"], string.Join(':', mount));
            else
                Assert.True(volumes.Contains(mount[0]) && mount is [_, _] or [_, _, "ro"], string.Join(':', mount));
        }
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Every_volume_is_used(string preset)
    {
        var mounted = Services(preset).Values.SelectMany(service => List(service, "volumes")).Select(mount => mount.Split(':')[0]).ToHashSet();
        Assert.All(((YamlMappingNode)Root(preset)["volumes"]).Children.Keys, volume => Assert.Contains(volume.ToString(), mounted));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Ports_are_bound_to_this_machine_alone_each_once(string preset)
    {
        var ports = Services(preset).Values.SelectMany(service => List(service, "ports")).ToList();
        Assert.Equal(["127.0.0.1:4317:4317", "127.0.0.1:4318:4318", "127.0.0.1:5000:5000", "127.0.0.1:5001:5001", "127.0.0.1:6432:6432", "127.0.0.1:8080:8080", "127.0.0.1:9090:9090"],
            ports.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void Every_service_is_hardened(string preset) =>
        Assert.All(Services(preset), service =>
        {
            Assert.Equal("1000:1000", service.Value["user"].ToString());
            Assert.Equal(["ALL"], List(service.Value, "cap_drop"));
            Assert.Equal(["no-new-privileges:true"], List(service.Value, "security_opt"));
            Assert.False(service.Value.Children.ContainsKey("privileged"));
        });

    [Theory, MemberData(nameof(Everywhere))]
    public void Jobs_run_once_and_the_rest_comes_back(string preset)
    {
        var once = Services(preset).Where(service => service.Value["restart"].ToString() == "no").Select(service => service.Key);
        Assert.Equal(["backup", "etcd-auth", "migrations"], once.Order(StringComparer.Ordinal));
        Assert.All(Services(preset).Where(service => service.Value["restart"].ToString() != "no"), service => Assert.Equal("unless-stopped", service.Value["restart"].ToString()));
    }

    /// <summary>`docker compose up` leaves a service with a profile alone; `run` starts it.</summary>
    [Theory, MemberData(nameof(Everywhere))]
    public void Backup_runner_starts_only_on_request(string preset) =>
        Assert.Equal(["backup"], Services(preset).Where(service => service.Value.Children.ContainsKey("profiles")).Select(service => service.Key));

    [Fact]
    public void Dollar_sign_outside_a_secret_is_escaped_for_Compose()
    {
        var spec = new ContainerSpec
        {
            Name = "one",
            Image = "image:1",
            Arguments = ["a$1"],
            Environment = new Dictionary<string, SecretText> { ["KEY"] = "$x ${APP_PASSWORD}" },
        };
        var text = ComposeFile.Render(Presets.Development, [spec]).Content;
        Assert.Contains("- a$$1\n", text, StringComparison.Ordinal);
        Assert.Contains("KEY: $$x ${APP_PASSWORD}\n", text, StringComparison.Ordinal);
    }

    private static YamlMappingNode Root(string preset)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Generated.Compose(preset)));
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static Dictionary<string, YamlMappingNode> Services(string preset) =>
        ((YamlMappingNode)Root(preset)["services"]).Children.ToDictionary(service => service.Key.ToString(), service => (YamlMappingNode)service.Value);

    private static IEnumerable<string> List(YamlMappingNode service, string key) =>
        service.Children.TryGetValue(key, out var list) ? ((YamlSequenceNode)list).Select(item => item.ToString()) : [];

    [GeneratedRegex(@"\$\{([A-Z0-9_]+)\}")]
    private static partial Regex Variable();
}
