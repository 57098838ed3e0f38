using Analytics.Topology.Config;
using Analytics.Topology.Monitoring;
using Analytics.Topology.Security;
using static Analytics.Topology.Containers.ClusterContainers;

namespace Analytics.Topology.Containers;

/// <summary>Prometheus and the exporters; in Kubernetes the exporters are sidecars of what they watch.</summary>
internal static class MonitoringContainers
{
    public static IEnumerable<ContainerSpec> For(ClusterTopology topology)
    {
        var web = (WebConfig.FileName, WebConfig.Render());
        var queries = (ExporterQueries.FileName, ExporterQueries.Render(topology));
        for (var member = 1; member <= topology.Database.Members; member++)
        {
            var host = ClusterNames.Member(ClusterNames.TimescaleDb, member);
            yield return new ContainerSpec
            {
                Name = ClusterNames.Member(ClusterNames.PostgresExporter, member),
                Image = topology.Images.PostgresExporter,
                Entrypoint = ["postgres_exporter"],
                Arguments =
                [
                    $"--web.listen-address=:{Ports.PostgresExporter}", $"--web.config.file={Paths.Config}/{WebConfig.FileName}",
                    $"--extend.query-path={Paths.Config}/{ExporterQueries.FileName}", "--log.format=json", .. ExporterQueries.Collectors,
                ],
                Environment = new Dictionary<string, SecretText>
                {
                    ["DATA_SOURCE_URI"] = $"{host}:{Ports.Postgres}/{ClusterNames.Database}?sslmode=verify-full&sslrootcert={Paths.CaFile}",
                    ["DATA_SOURCE_USER"] = Roles.Monitor,
                    ["DATA_SOURCE_PASS"] = Secret(Secrets.Monitor),
                },
                Directories = [ConfigFiles(ClusterNames.PostgresExporter, web, queries), TlsFiles(CertificateNames.Exporter)],
                Ports = [new PortMapping("metrics", Ports.PostgresExporter)],
                After = [host],
                MemoryLimit = ByteSize.MiB(128),
                ReadOnlyRoot = true,
            };
        }

        yield return new ContainerSpec
        {
            Name = ClusterNames.PgBouncerExporter,
            Image = topology.Images.PgBouncerExporter,
            Entrypoint = ["pgbouncer_exporter"],
            Arguments = [$"--web.listen-address=:{Ports.PgBouncerExporter}", $"--web.config.file={Paths.Config}/{WebConfig.FileName}",
                "--log.format=json"],
            Environment = new Dictionary<string, SecretText>
            {
                ["PGBOUNCER_EXPORTER_CONNECTION_STRING"] =
                    $"postgres://{Roles.Monitor}:{Secret(Secrets.Monitor)}@{ClusterNames.PgBouncer}:{Ports.PgBouncer}/pgbouncer"
                        + $"?sslmode=verify-full&sslrootcert={Paths.CaFile}",
            },
            Directories = [ConfigFiles("exporter", web), TlsFiles(CertificateNames.Exporter)],
            Ports = [new PortMapping("metrics", Ports.PgBouncerExporter)],
            After = [ClusterNames.PgBouncer],
            MemoryLimit = ByteSize.MiB(128),
            ReadOnlyRoot = true,
        };
        yield return new ContainerSpec
        {
            Name = ClusterNames.Prometheus,
            Image = topology.Images.Prometheus,
            Entrypoint = ["prometheus"],
            Arguments =
            [
                $"--config.file={Paths.Config}/{PrometheusConfig.FileName}",
                $"--storage.tsdb.path={Paths.PrometheusData}/data",
                $"--storage.tsdb.retention.time={(int)topology.Monitoring.Retention.TotalDays}d",
                $"--web.listen-address=:{Ports.Prometheus}",
                "--log.format=json",
            ],
            Directories =
            [
                ConfigFiles(ClusterNames.Prometheus, (PrometheusConfig.FileName, PrometheusConfig.Render(topology)),
                    (RuleFile.FileName, RuleFile.Render(topology)),
                    (AlertmanagerConfig.FileName, AlertmanagerConfig.Render())),
                TlsFiles(ClusterNames.Prometheus),
            ],
            Volumes = [new VolumeMount(ClusterNames.Prometheus, Paths.PrometheusData)],
            Ports = [new PortMapping("web", Ports.Prometheus, Ports.Prometheus)],
            MemoryLimit = ByteSize.MiB(512),
            ReadOnlyRoot = true,
        };
    }
}
