using CsCheck;

namespace Analytics.Topology.Tests;

/// <summary>Each rule refuses what it must with a message that names the field, its value and the rule.</summary>
public class TopologyRulesTests
{
    private static readonly Resources None = new(0, 0, default, default);

    public static TheoryData<string, Func<ClusterDefinition, ClusterDefinition>, string> Broken => new()
    {
        { "name not a label", c => c with { Name = "Hub_1" }, "Name = Hub_1: must be a DNS label (a-z, 0-9, '-', starting with a letter) of at most 40 characters" },
        { "name too long", c => c with { Name = new string('a', 41) }, $"Name = {new string('a', 41)}: must be a DNS label" },
        { "name ending in a line break", c => c with { Name = "hub\n" }, "Name = hub\n: must be a DNS label" },
        { "name ending in a dash", c => c with { Name = "hub-" }, "Name = hub-: must be a DNS label" },
        { "namespace", c => c with { Namespace = "a.b" }, "Namespace = a.b: must be a DNS label of at most 63 characters" },
        { "schedule", c => Backup(c, b => b with { FullSchedule = "daily" }), "Backup.FullSchedule = daily: must be a cron expression of five fields" },
        { "schedule of four fields", c => Backup(c, b => b with { DrillSchedule = "0 2 * *" }), "Backup.DrillSchedule = 0 2 * *: must be a cron expression" },
        { "no daily set", c => Backup(c, b => b with { KeepDaily = 0 }), "Backup.KeepDaily = 0: must be between 1 and 366" },
        { "weekly sets", c => Backup(c, b => b with { KeepWeekly = -1 }), "Backup.KeepWeekly = -1: must be between 0 and 520" },
        { "monthly sets", c => Backup(c, b => b with { KeepMonthly = 241 }), "Backup.KeepMonthly = 241: must be between 0 and 240" },
        { "runner", c => Backup(c, b => b with { Runner = None }), "Backup.Runner.Resources.CpuRequestMillis = 0: must be between 1 and" },
        { "small repository", c => Backup(c, b => b with { Repository = new VolumeRepository { Size = ByteSize.MiB(1) } }), "Backup.Repository.Size = 1Mi: must be at least 1 GiB" },
        { "half a bucket", c => Backup(c, b => b with { Repository = new S3Repository { Bucket = "abc" } }),
            "Backup.Repository = bucket 'abc', endpoint '', region '': Bucket, Endpoint and Region must all be set, or all be left to the install" },
        { "bucket", c => Bucket(c, s => s with { Bucket = "My_Bucket" }), "Backup.Repository.Bucket = My_Bucket: must be 3 to 63 characters" },
        { "bucket with a line break", c => Bucket(c, s => s with { Bucket = "abc\nrepo1-type=posix" }), "Backup.Repository.Bucket = abc\nrepo1-type=posix: must be" },
        { "endpoint", c => Bucket(c, s => s with { Endpoint = "https://s3/x" }), "Backup.Repository.Endpoint = https://s3/x: must be a host name with an optional port" },
        { "endpoint's port", c => Bucket(c, s => s with { Endpoint = "s3:70000" }), "Backup.Repository.Endpoint = s3:70000: must be a host name with an optional port" },
        { "region", c => Bucket(c, s => s with { Region = "eu 1" }), "Backup.Repository.Region = eu 1: must be a word" },
        { "path in the bucket", c => Bucket(c, s => s with { Path = "hub/" }), "Backup.Repository.Path = hub/: must begin with '/'" },
        { "authority", c => Bucket(c, s => s with { CaCertificate = "ca.crt" }), "Backup.Repository.CaCertificate = 6 characters: must be a certificate in PEM" },
        { "image without tag", c => c with { Images = c.Images with { Etcd = "localhost:5000/etcd" } }, "Images.Etcd = localhost:5000/etcd: must be pinned by a tag other than latest, or by digest" },
        { "image latest", c => c with { Images = c.Images with { Database = "db:latest" } }, "Images.Database = db:latest: must be pinned" },
        { "image empty", c => c with { Images = c.Images with { Ingest = "" } }, "Images.Ingest = : must be pinned" },
        { "two members", c => Db(c, d => d with { Members = 2 }), "Database.Members = 2: must be 1, or 3 to 7: with two, the loss of one stops writes" },
        { "no member", c => Db(c, d => d with { Members = 0 }), "Database.Members = 0: must be 1, or 3 to 7" },
        { "no connections", c => Db(c, d => d with { MaxConnections = 0 }), "Database.MaxConnections = 0: must be between 50 and 5000" },
        { "too many connections", c => Db(c, d => d with { MaxConnections = 5001 }), "Database.MaxConnections = 5001: must be between 50 and 5000" },
        { "connections that memory does not carry", c => Db(c, d => d with { MaxConnections = 300 }),
            "Database.MaxConnections = 300: must leave each connection at least 4Mi of Database.Resources.MemoryLimit (1Gi) less shared_buffers (256Mi)" },
        { "shared_buffers", c => Set(c, "shared_buffers", "512MB"), "Database.Settings[shared_buffers] = 512MB: must be at most 40 % of Database.Resources.MemoryLimit (1GB)" },
        { "max_wal_size", c => Set(c, "max_wal_size", "2GB"), "Database.Settings[max_wal_size] = 2GB: must be at most half of Database.WalVolume (2GB)" },
        { "size without unit", c => Set(c, "shared_buffers", "16384"), "Database.Settings[shared_buffers] = 16384: must be a whole number followed by kB, MB or GB" },
        { "connections no number", c => Set(c, "max_connections", "many"), "Database.Settings[max_connections] = many: must be a whole number" },
        { "mandatory", c => Set(c, "ssl", "off"), "Database.Settings[ssl] = off: is fixed by Hub and cannot be overridden" },
        { "mandatory in another case", c => Set(c, "SSL", "off"), "Database.Settings[SSL] = off: must be a setting's name in lower case" },
        { "Patroni's own", c => Set(c, "hba_file", "/tmp/hba"), "Database.Settings[hba_file] = /tmp/hba: is set by Patroni and cannot be overridden" },
        { "database processor", c => Db(c, d => d with { Resources = d.Resources with { CpuRequestMillis = 9000 } }), "Database.Resources.CpuRequestMillis = 9000: must be between 1 and CpuLimitMillis (2000)" },
        { "database memory", c => Db(c, d => d with { Resources = d.Resources with { MemoryRequest = ByteSize.GiB(2) } }), "Database.Resources.MemoryRequest = 2Gi: must be between 1 byte and MemoryLimit (1Gi)" },
        { "ttl", c => Timing(c, t => t with { Ttl = 19 }), "Database.Timing.Ttl = 19: must be at least 20 seconds, Patroni's own minimum" },
        { "loop_wait", c => Timing(c, t => t with { LoopWait = 0 }), "Database.Timing.LoopWait = 0: must be between 1 and 60 seconds" },
        { "retry_timeout", c => Timing(c, t => t with { RetryTimeout = 2 }), "Database.Timing.RetryTimeout = 2: must be between 3 and 60 seconds" },
        { "lease", c => Timing(c, t => t with { LoopWait = 11 }),
            "Database.Timing = loop_wait 11 + 2 × retry_timeout 5 > ttl 20: loop_wait + 2 × retry_timeout must be at most ttl, or a healthy leader loses its lease" },
        { "witness of one's own", c => Timing(c with { Database = c.Database with { Members = 1 } }, t => t with { LeaseWitnesses = true }),
            "Database.Timing.LeaseWitnesses = True: needs another member, who can be a witness" },
        { "even etcd", c => c with { Etcd = c.Etcd with { Members = 2 } }, "Etcd.Members = 2: must be an odd number from 1 to 7" },
        { "many etcd", c => c with { Etcd = c.Etcd with { Members = 9 } }, "Etcd.Members = 9: must be an odd number from 1 to 7" },
        { "etcd quota", c => c with { Etcd = c.Etcd with { QuotaBackend = ByteSize.MiB(600) } }, "Etcd.QuotaBackend = 600Mi: must be at most half of Etcd.Volume (1Gi): snapshots lie beside it" },
        { "etcd resources", c => c with { Etcd = c.Etcd with { Resources = None } }, "Etcd.Resources.CpuRequestMillis = 0: must be between 1 and CpuLimitMillis (0)" },
        { "gateway connections", c => Gate(c, g => g with { ServerConnections = 71 }),
            "Gateway.ServerConnections = 71: must be at most 70 (Database.MaxConnections 100 less Database.ReservedConnections 30), counted at the largest scale of 1 gateways" },
        { "gateway share", c => Gate(c, g => g with { MaxReplicas = 30 }), "Gateway.ServerConnections = 50: must leave each of 30 gateways at least 2: one to the primary, one to a replica" },
        { "gateway clients", c => Gate(c, g => g with { ClientConnections = 10 }), "Gateway.ClientConnections = 10: must be at least Gateway.ServerConnections (50)" },
        { "no gateway", c => Gate(c, g => g with { MinReplicas = 0, MaxReplicas = 0 }), "Gateway.MinReplicas = 0: must be at least 1" },
        { "gateway scale", c => Gate(c, g => g with { MinReplicas = 3, MaxReplicas = 2 }), "Gateway.MaxReplicas = 2: must be between Gateway.MinReplicas (3) and 50" },
        { "ingest scale", c => c with { Ingest = c.Ingest with { MaxReplicas = 51 } }, "Ingest.MaxReplicas = 51: must be between Ingest.MinReplicas (1) and 50" },
        { "recovery point", c => c with { Backup = new BackupPolicy { RecoveryPointObjective = TimeSpan.FromHours(2) } }, "Backup.RecoveryPointObjective = 02:00:00: must be between 30 seconds and 1 hour" },
        { "scrape interval", c => c with { Monitoring = new MonitoringPolicy { ScrapeInterval = TimeSpan.FromSeconds(1) } }, "Monitoring.ScrapeInterval = 00:00:01: must be between 5 seconds and 5 minutes" },
    };

    [Theory, MemberData(nameof(Broken))]
    public void A_broken_rule_is_named_with_field_and_value(string what, Func<ClusterDefinition, ClusterDefinition> change, string message)
    {
        var refused = Assert.Throws<TopologyException>(() => new ClusterTopology(change(Definitions.Sound)));
        Assert.True(refused.Problems.Any(problem => problem.StartsWith(message, StringComparison.Ordinal)), $"{what}: {refused.Message}");
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_broken_rules_are_reported_at_once()
    {
        var broken = Definitions.Sound with { Name = "Hub", Etcd = Definitions.Sound.Etcd with { Members = 4 } };
        var refused = Assert.Throws<TopologyException>(() => new ClusterTopology(broken));
        Assert.Equal(["Name", "Etcd.Members"], refused.Problems.Select(problem => problem.Split(' ')[0]));
        Assert.StartsWith("The cluster's definition breaks 2 rules:\n", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_is_validated_again() =>
        Assert.Throws<TopologyException>(() => Presets.Development.With(cluster => cluster with { Name = "" }));

    [Theory]
    [InlineData("repository@sha256:0123")]
    [InlineData("localhost:5000/team/etcd:v3")]
    public void An_image_pinned_by_tag_or_digest_is_taken(string image) =>
        Assert.Equal(image, Presets.Development.With(cluster => cluster with { Images = cluster.Images with { Etcd = image } }).Images.Etcd);

    [Fact]
    public void A_definition_of_any_size_that_leaves_room_is_taken() => Definitions.OfAnySize.Sample(definition => _ = new ClusterTopology(definition));

    /// <summary>Whatever a definition holds, it is refused by rules, not by an arithmetic accident.</summary>
    [Fact]
    public void Invalid_definitions_are_refused_only_by_rules() =>
        Gen.Select(Gen.Int[-2, 60], Gen.Int[-2, 60], Gen.Int[-5, 6000], Gen.Long[-10, 4096], Gen.String[Gen.Char["0129GMBk .x"], 0, 5])
            .Sample((low, high, connections, size, text) =>
            {
                var definition = Definitions.Sound with
                {
                    Name = text,
                    Database = Definitions.Sound.Database with
                    {
                        Members = low,
                        MaxConnections = connections,
                        WalVolume = ByteSize.MiB(size),
                        Resources = new Resources(low, high, ByteSize.MiB(high), ByteSize.MiB(size)),
                        Settings = new Dictionary<string, string> { ["shared_buffers"] = text, ["max_connections"] = text, ["max_wal_size"] = text },
                    },
                    Etcd = Definitions.Sound.Etcd with { Members = high },
                    Gateway = Definitions.Sound.Gateway with { MinReplicas = low, MaxReplicas = high, ServerConnections = connections },
                };
                Assert.Throws<TopologyException>(() => new ClusterTopology(definition));
            });

    private static ClusterDefinition Backup(ClusterDefinition cluster, Func<BackupPolicy, BackupPolicy> change) => cluster with { Backup = change(cluster.Backup) };

    private static ClusterDefinition Bucket(ClusterDefinition cluster, Func<S3Repository, S3Repository> change) =>
        Backup(cluster, policy => policy with { Repository = change(new S3Repository { Bucket = "backups", Endpoint = "s3.example.org", Region = "eu-1" }) });

    private static ClusterDefinition Db(ClusterDefinition cluster, Func<DatabaseTier, DatabaseTier> change) => cluster with { Database = change(cluster.Database) };

    private static ClusterDefinition Timing(ClusterDefinition cluster, Func<PatroniTiming, PatroniTiming> change) =>
        Db(cluster, database => database with { Timing = change(database.Timing) });

    private static ClusterDefinition Set(ClusterDefinition cluster, string name, string value) =>
        Db(cluster, database => database with { Settings = new Dictionary<string, string> { [name] = value } });

    private static ClusterDefinition Gate(ClusterDefinition cluster, Func<GatewayTier, GatewayTier> change) => cluster with { Gateway = change(cluster.Gateway) };
}
