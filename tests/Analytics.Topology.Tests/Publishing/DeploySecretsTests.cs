using System.Security.Cryptography.X509Certificates;
using Analytics.Topology.Config;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;
using Analytics.Topology.Security;
using Analytics.Topology.Tests.Kubernetes;
using k8s.Models;

namespace Analytics.Topology.Tests.Publishing;

/// <summary>The passwords and certificates that deploy.sh makes, keeps and renews.</summary>
public sealed class DeploySecretsTests : IDisposable
{
    private const string AuthoritySecret = "hub-deploy-ca";
    private readonly DeployRun deploy = new();

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static ClusterTopology Cluster => PublishSize.Named("dev").Topology;

    public void Dispose() => deploy.Dispose();

    [Fact]
    public async Task Every_secret_that_the_pods_mount_is_made()
    {
        await MakeAsync();
        var wanted = Published.Of("dev").All<V1Secret>().SelectMany(secret =>
            secret.Metadata.Annotations[KubernetesNames.KeysAnnotation].Split(',').Select(key => $"{secret.Metadata.Name}/{key}")).ToList();
        var made = deploy.Secrets();
        Assert.All(wanted, path => Assert.False(string.IsNullOrEmpty(made.GetValueOrDefault(path)), path));
        Assert.All(Topology.Secrets.All, key => Assert.Matches("^[A-Za-z0-9]{32}$", deploy.Secret(KubernetesNames.Credentials, key)));
        Assert.Equal(Topology.Secrets.All.Count, Topology.Secrets.All.Select(key => deploy.Secret(KubernetesNames.Credentials, key)).Distinct().Count());
        Assert.Equal(PgBouncerConfig.UserList(key => deploy.Secret(KubernetesNames.Credentials, key)!), deploy.Secret(KubernetesNames.UserList, PgBouncerConfig.UserListFileName));
    }

    [Fact]
    public async Task No_value_is_ever_an_argument_or_left_in_a_file()
    {
        Assert.Equal(0, (await deploy.RunAsync(["--yes", "--s3-bucket", "backups", "--s3-region", "eu-1"], ("HUB_S3_KEY", "AKIA0123456789"), ("HUB_S3_SECRET", "s3-secret-value"))).ExitCode);
        var calls = string.Join('\n', deploy.Calls);
        var secrets = deploy.Secrets();
        Assert.Equal("s3-secret-value", secrets["backup-s3/PGBACKREST_REPO1_S3_KEY_SECRET"]);
        Assert.Equal("s3.eu-1.amazonaws.com", secrets["backup-s3/PGBACKREST_REPO1_S3_ENDPOINT"]);
        foreach (var line in secrets.Values.SelectMany(value => value.Split('\n')).Where(line => line.Length > 8))
        {
            Assert.DoesNotContain(line, calls, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(line)), calls, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFileSystemEntries(deploy.Temporary));
    }

    [Fact]
    public async Task Own_storage_gets_its_path_style_and_authority()
    {
        var authority = Path.Combine(deploy.Temporary, "..", "storage.crt");
        await File.WriteAllTextAsync(authority, "PEM\n", TestContext.Current.CancellationToken);
        var run = await deploy.RunAsync("--yes", "--s3-bucket", "b", "--s3-region", "r", "--s3-key", "k", "--s3-secret", "s", "--s3-endpoint", "minio:9000", "--s3-path-style", "--s3-ca", authority);
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Equal("path", deploy.Secret(KubernetesNames.BackupStorage, "PGBACKREST_REPO1_S3_URI_STYLE"));
        Assert.Equal("PEM\n", deploy.Secret(KubernetesNames.BackupStorage, "ca.crt"));
        Assert.Equal("/etc/hub/storage/ca.crt", deploy.Secret(KubernetesNames.BackupStorage, "PGBACKREST_REPO1_STORAGE_CA_FILE"));
    }

    [Fact]
    public async Task A_password_that_is_there_is_kept_and_a_missing_one_made()
    {
        deploy.SetSecret(KubernetesNames.Credentials, Topology.Secrets.PgBouncer, "chosen \"by\" hand");
        await MakeAsync();
        var before = deploy.Secrets();
        Assert.Equal("chosen \"by\" hand", before[$"{KubernetesNames.Credentials}/{Topology.Secrets.PgBouncer}"]);
        Assert.Contains("\"pgbouncer\" \"chosen \"\"by\"\" hand\"", before[$"{KubernetesNames.UserList}/{PgBouncerConfig.UserListFileName}"], StringComparison.Ordinal);

        deploy.DropSecret(KubernetesNames.Credentials, Topology.Secrets.Owner);
        deploy.Forget();
        await MakeAsync();
        Assert.Equal(["secret " + KubernetesNames.Credentials], deploy.Changes);
        var changed = deploy.Secrets().Where(pair => before[pair.Key] != pair.Value).Select(pair => pair.Key);
        Assert.Equal([$"{KubernetesNames.Credentials}/{Topology.Secrets.Owner}"], changed);
    }

    [Theory]
    [InlineData(KubernetesNames.Credentials)]
    [InlineData(KubernetesNames.UserList)]
    [InlineData(AuthoritySecret)]
    [InlineData("timescaledb-tls")]
    public async Task Unreadable_secret_is_not_treated_as_missing(string name)
    {
        await MakeAsync();
        var before = deploy.Secrets();
        var run = await deploy.RunAsync(["--yes"], ("STUB_UNREADABLE", name));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"Secret {name} cannot be read", run.Text, StringComparison.Ordinal);
        Assert.Equal(before, deploy.Secrets());
    }

    [Fact]
    public async Task Certificates_are_what_the_local_ones_are()
    {
        await MakeAsync();
        var authority = new KeyPair(deploy.Secret(AuthoritySecret, "ca.crt")!, deploy.Secret(AuthoritySecret, "ca.key")!);
        using var own = X509Certificate2.CreateFromPem(authority.CertificatePem, authority.KeyPem);
        var elder = Certificates.CreateAuthority(Cluster.Name, Now);
        using var reference = X509Certificate2.CreateFromPem(elder.CertificatePem);
        Assert.Equal(reference.Subject, own.Subject);
        Assert.Equal(Extensions(reference), Extensions(own));
        foreach (var (component, names) in CertificateNames.For(Cluster))
        {
            using var leaf = X509Certificate2.CreateFromPem(deploy.Secret($"{component}-tls", "tls.crt")!, deploy.Secret($"{component}-tls", "tls.key")!);
            Assert.True(Certificates.IsCurrent(leaf.ExportCertificatePem(), authority, names, Now), component);
            Assert.Equal($"OU={component}, O=Hub{(component == ClusterNames.Backup ? ", CN=backup" : "")}", leaf.Subject);
            Assert.Equal(authority.CertificatePem, deploy.Secret($"{component}-tls", "ca.crt"));
            using var local = X509Certificate2.CreateFromPem(Certificates.Issue(elder, component, names, Now).CertificatePem);
            Assert.Equal(Extensions(local), Extensions(leaf));
            Assert.InRange(leaf.NotAfter, Now.LocalDateTime.AddDays(364), Now.LocalDateTime.AddDays(366));
        }

        Assert.Equal(["ca.crt"], deploy.Secrets().Keys.Where(key => key.StartsWith("ingest-tls/", StringComparison.Ordinal)).Select(key => key["ingest-tls/".Length..]));
        Assert.DoesNotContain(deploy.Secrets(), pair => !pair.Key.StartsWith(AuthoritySecret, StringComparison.Ordinal) && pair.Value.Contains(authority.KeyPem.Trim(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("near its end")]
    [InlineData("with a common name")]
    [InlineData("lacking a name")]
    public async Task Expired_or_unsuitable_certificate_is_renewed_and_its_programs_restarted(string why)
    {
        var authority = SetAuthority(Now.AddDays(-500));
        Assert.Equal(0, (await deploy.RunAsync("--yes")).ExitCode);
        var names = CertificateNames.For(Cluster)[ClusterNames.PgBouncer];
        var old = why switch
        {
            "near its end" => Certificates.Issue(authority, ClusterNames.PgBouncer, names, Now.AddDays(-306)),
            "lacking a name" => Certificates.Issue(authority, ClusterNames.PgBouncer, [.. names.Skip(1)], Now),
            _ => Certificates.Issue(authority, "x, CN=pgbouncer", names, Now),
        };
        deploy.SetSecret("pgbouncer-tls", "tls.crt", old.CertificatePem);
        deploy.SetSecret("pgbouncer-tls", "tls.key", old.KeyPem);
        deploy.Forget();
        var run = await deploy.RunAsync("--yes");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Equal(["secret pgbouncer-tls", "restart deployment/gateway"], deploy.Changes.Where(change => !change.StartsWith("wait ", StringComparison.Ordinal)));
        Assert.True(Certificates.IsCurrent(deploy.Secret("pgbouncer-tls", "tls.crt")!, authority, names, Now));
        Assert.Equal(authority.CertificatePem, deploy.Secret(AuthoritySecret, "ca.crt"));
    }

    [Fact]
    public async Task A_restart_that_was_not_reached_is_told()
    {
        Assert.Equal(0, (await deploy.RunAsync("--yes")).ExitCode);
        deploy.DropSecret("pgbouncer-tls", "tls.key");
        var run = await deploy.RunAsync(["--yes", "--timeout", "1"], ("STUB_NOT_READY", "statefulset/etcd"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("kubectl -n timescaledb rollout restart deployment/gateway", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_CA_under_a_cluster_is_never_replaced()
    {
        await MakeAsync();
        deploy.DropSecret(AuthoritySecret);
        var before = deploy.Secrets();
        var run = await deploy.RunAsync("--yes");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("not Secret hub-deploy-ca with the CA that made them", run.Text, StringComparison.Ordinal);
        Assert.Equal(before, deploy.Secrets());
    }

    [Fact]
    public async Task A_CA_near_its_end_is_told()
    {
        SetAuthority(Now.AddDays(-3400));
        var run = await deploy.RunAsync("--yes", "--secrets-only");
        Assert.True(run.ExitCode == 0, run.Text);
        Assert.Contains("warning: the CA ends within a year", run.Text, StringComparison.Ordinal);
    }

    private KeyPair SetAuthority(DateTimeOffset made)
    {
        var authority = Certificates.CreateAuthority(Cluster.Name, made);
        deploy.SetSecret(AuthoritySecret, "ca.crt", authority.CertificatePem);
        deploy.SetSecret(AuthoritySecret, "ca.key", authority.KeyPem);
        return authority;
    }

    private static IEnumerable<(string?, bool)> Extensions(X509Certificate2 certificate) => certificate.Extensions.Select(item => (item.Oid!.Value, item.Critical)).Order();

    private async Task MakeAsync()
    {
        var run = await deploy.RunAsync("--yes", "--secrets-only");
        Assert.True(run.ExitCode == 0, run.Text);
    }
}
