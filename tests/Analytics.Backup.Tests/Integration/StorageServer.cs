using DotNet.Testcontainers.Networks;

namespace Analytics.Backup.Tests.Integration;

/// <summary>A database server whose repository is in object storage, reached over TLS.</summary>
public sealed class StorageServer : IAsyncLifetime
{
    private INetwork? network;
    private S3Server? storage;
    private BackupServer? backups;

    /// <summary>Where the stanza's backups and WAL are.</summary>
    public const string Backups = "hub/backup/hub/", Archive = "hub/archive/hub/";

    public S3Server Storage => storage!;

    public string Network => network!.Name;

    /// <summary>The server, with one full backup.</summary>
    public Task<BackupServer> StartAsync() => backups!.StartAsync();

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        network = await Engine.CreateNetworkAsync(TestContext.Current.CancellationToken);
        storage = await S3Server.StartAsync(network, TestContext.Current.CancellationToken);
        // As Hub renders it, but for the timeout: a minute for each try would be spent by every test of a storage that does not answer.
        backups = new BackupServer(network, $"""
            repo1-type=s3
            repo1-path=/hub
            repo1-s3-bucket={S3Server.Bucket}
            repo1-s3-endpoint={S3Server.Host}:{S3Server.Port}
            repo1-s3-region=us-east-1
            repo1-s3-uri-style=path
            repo1-s3-key={S3Server.Key}
            repo1-s3-key-secret=secret
            repo1-storage-ca-file={BackupServer.AuthorityFile}
            io-timeout=2
            """, storage.AuthorityPem);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (backups is not null) await backups.DisposeAsync();
        if (storage is not null) await storage.DisposeAsync();
        if (network is not null) await network.DisposeAsync();
    }
}
