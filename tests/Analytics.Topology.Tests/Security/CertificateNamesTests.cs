using System.Text.RegularExpressions;
using Analytics.Topology.Containers;
using Analytics.Topology.Security;

namespace Analytics.Topology.Tests.Security;

/// <summary>Whoever connects to a name over TLS finds it in the certificate that answers there.</summary>
public partial class CertificateNamesTests
{
    /// <summary>Figures and Hub's own services inside the network, in clear.</summary>
    private static readonly int[] Plain = [Ports.EtcdMetrics, Ports.OtlpGrpc, Ports.OtlpHttp, Ports.Rest, Ports.Prometheus];

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public void Every_name_that_anything_connects_to_is_in_the_certificate_that_answers(string preset)
    {
        var topology = Definitions.Presets[preset];
        var containers = ClusterContainers.For(topology);
        var names = CertificateNames.For(topology);
        var targets = containers.SelectMany(Texts).SelectMany(Targets).Distinct().ToList();
        Assert.True(targets.Count > 10, "the search for addresses finds too few");
        Assert.All(targets, target =>
        {
            var container = Assert.Single(containers, container => container.Name == target.Host);
            Assert.Contains(container.Ports, port => port.Port == target.Port);
            if (!Plain.Contains(target.Port))
                Assert.Contains(target.Host, names[Component(container, target.Port)]);
        });
    }

    [Theory, MemberData(nameof(Definitions.PresetNames), MemberType = typeof(Definitions))]
    public void Every_mounted_certificate_is_made(string preset)
    {
        var deployment = new TestDeployment(Definitions.Presets[preset]);
        foreach (var (directory, file) in deployment.Containers.SelectMany(container => container.Directories)
            .SelectMany(directory => directory.Files.Select(file => (directory, file))))
            Assert.NotEmpty(deployment.Content(directory, file));
    }

    [Fact]
    public void A_developer_reaches_what_is_published_under_localhost() =>
        Assert.All(new[] { ClusterNames.TimescaleDb, ClusterNames.PgBouncer }, component =>
            Assert.Superset(new HashSet<string> { "localhost", "127.0.0.1", "::1" },
                CertificateNames.For(Presets.Development)[component].ToHashSet()));

    /// <summary>HAProxy passes TLS through: behind its SQL ports the database answers.</summary>
    private static string Component(ContainerSpec container, int port) =>
        port is Ports.ReadWrite or Ports.ReadOnly
            ? ClusterNames.TimescaleDb
            : container.Directories.Single(directory => directory.Path == Paths.Tls).Source["tls/".Length..];

    private static IEnumerable<string> Texts(ContainerSpec container) =>
        container.Arguments.Concat(container.Environment.Values.Select(value => value.Template))
            .Concat(container.Health?.Command ?? [])
            .Concat(container.Directories.SelectMany(directory => directory.Files).Where(file => file.Name != "01-init-database.sql")
                .Select(file => file.Text).OfType<string>());

    private static IEnumerable<(string Host, int Port)> Targets(string text) =>
        Address().Matches(text.Replace("${HUB_DATABASE_DOMAIN}", "", StringComparison.Ordinal))
            .Select(match => (Host: match.Groups["host"].Value, Port: int.Parse(match.Groups["port"].ValueSpan, null)))
            .Where(target => target.Host is not ("localhost" or "0.0.0.0"));

    // host:port, Host=…;Port=… (Npgsql), host=… port=… (PgBouncer)
    [GeneratedRegex(@"(?<![\w.-])(?:(?<host>[a-z][a-z0-9.-]*|0\.0\.0\.0):(?<port>\d{4})"
        + @"|[Hh]ost=(?<host>[^;\s]+)[;\s][Pp]ort=(?<port>\d{4}))\b")]
    private static partial Regex Address();
}
