using Analytics.Backup.Repository;

namespace Analytics.Backup.Tests;

public class An_error_of_pgBackRest
{
    [Theory]
    [InlineData(49, "unable to load info file '/backup/hub/backup.info' or '/backup/hub/backup.info.copy':\nHostConnectError: unable to get address for 'minio': [-2] Name or service not known", "a host cannot be reached", "network policy")]
    [InlineData(29, "unable to load info file '/repo/backup/hub/backup.info' or '/repo/backup/hub/backup.info.copy':\nFormatError: key/value found outside of section at line 1: x", "wrong cipher key", "repo1-cipher-pass")]
    [InlineData(95, "unable to load info file '/repo/archive/hub/archive.info' or 'x':\nCryptoError: cipher header invalid", "wrong cipher key", "repo1-cipher-pass")]
    [InlineData(39, "HTTP request failed with 403 (Forbidden):\n*** Path/Query ***:\nGET /hub\n*** Response Content ***:\n<Error><Code>InvalidAccessKeyId</Code></Error>", "refuses the credentials", "bucket's policy")]
    [InlineData(39, "HTTP request failed with 400 (Bad Request):\n<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>", "credentials have expired", "Renew")]
    [InlineData(39, "HTTP request failed with 403 (Forbidden):\n<Error><Code>RequestTimeTooSkewed</Code></Error>", "clock is wrong", "NTP")]
    [InlineData(39, "HTTP request failed with 404 (Not Found):\n<Error><Code>NoSuchBucket</Code></Error>", "bucket does not exist", "Create it")]
    [InlineData(64, "unable to write '/repo/backup/hub/20261122-020000F/bundle/1.pgbackrest.tmp': [28] No space left on device", "out of space: /repo/backup/hub/20261122-020000F/bundle/1.pgbackrest.tmp", "Free space")]
    [InlineData(39, "HTTP request failed with 507 (Insufficient Storage):\n<Error><Code>XMinioStorageFull</Code></Error>", "out of space", "Free space")]
    [InlineData(39, "HTTP request failed with 403 (Forbidden):\n<Error><Code>QuotaExceeded</Code></Error>", "out of space", "Free space")]
    [InlineData(39, "HTTP request failed with 400 (Bad Request):\n<Error><Code>XMinioAdminBucketQuotaExceeded</Code></Error>", "out of space", "Free space")]
    [InlineData(101, "[507] Insufficient Storage", "out of space", "Free space")]
    [InlineData(82, "WAL segment 000000010000000000000007 was not archived before the 60000ms timeout\nHINT: check the archive_command", "WAL did not arrive in the repository: 000000010000000000000007", "pg_stat_archiver")]
    [InlineData(55, "unable to load info file '/repo/backup/hub/backup.info' or 'y':\nFileMissingError: unable to open missing file 'x' for read", "stanza is missing", "stanza-create")]
    [InlineData(55, "unable to find WAL segment 000000010000000000000009", "WAL is missing: 000000010000000000000009", "full backup now")]
    [InlineData(55, "unable to open missing file '/repo/backup/hub/20261122-020000F/bundle/2' for read", "a file is missing: /repo/backup/hub/20261122-020000F/bundle/2", "verify")]
    [InlineData(26, "error restoring '/data/base/1/2': actual checksum 'a' does not match expected checksum 'b'", "a file is corrupt: /data/base/1/2", "verify")]
    [InlineData(50, "unable to acquire lock on file '/tmp/pgbackrest/hub-backup.lock': Resource temporarily unavailable", "holds the lock", "Wait")]
    [InlineData(41, "unable to open file '/repo/backup/hub/backup.info' for write: [13] Permission denied", "access to a file is denied", "uid 1000")]
    [InlineData(56, "unable to find primary cluster - cannot proceed", "has no primary", "healthy primary")]
    [InlineData(51, "PostgreSQL version 17, system-id 1 do not match stanza version 16, system-id 2", "another database", "stanza-upgrade")]
    [InlineData(106, "new backup label '20250101-000000F' is not later than latest backup label '20261122-000000F'", "clock is behind", "NTP")]
    [InlineData(62, "stop file exists for stanza hub", "stanza is stopped", "pgbackrest start")]
    [InlineData(101, "[503] Service Unavailable", "answers with an error", "object store")]
    [InlineData(75, "full backup X cannot be expired until another full backup has been created", "set cannot be used", "list")]
    [InlineData(37, "backup command requires option: repo1-s3-bucket", "no bucket is named", "--s3-bucket")]
    [InlineData(37, "backup command requires option: pg1-path", "a setting is wrong", "pgbackrest.conf")]
    [InlineData(31, "option 'nonsense' not valid", "a setting is wrong: nonsense", "pgbackrest.conf")]
    [InlineData(25, "unable to assert", "it failed", "its log is above")]
    public void Says_what_is_wrong_where_and_what_to_do(int code, string text, string what, string todo)
    {
        var problem = PgBackRestErrors.Explain("pgbackrest backup", code, text);
        Assert.Contains(what, problem.Message, StringComparison.Ordinal);
        Assert.Contains(todo, problem.Todo, StringComparison.Ordinal);
        Assert.Contains($"[{code:000}: ", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Fact]
    public void Specific_rule_precedes_general_rule()
    {
        var log = PgBackRestLog.Parse(
            """
            P00   INFO: expire command begin 2.55.1: --stanza=hub
            P00  ERROR: [029]: repo1: unable to load info file '/tmp/repo/backup/hub/backup.info' or '/tmp/repo/backup/hub/backup.info.copy':
                        HINT: has a stanza-create been performed?
            P00  ERROR: [104]: expire command encountered 1 error(s), check the log file for details
            """.Split('\n'));
        Assert.Equal([null, 29, 104], log.Select(entry => entry.Code));
        var problem = PgBackRestErrors.Explain("expire", new PgBackRestResult(104, "", log));
        Assert.Contains("wrong cipher key", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("HINT", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_text_is_identified_by_its_code() =>
        Assert.Contains("[038: ", PgBackRestErrors.Explain("restore", new PgBackRestResult(38, "", [])).Message, StringComparison.Ordinal);

    [Fact]
    public void Does_not_show_what_a_wrong_key_made_of_a_file() =>
        Assert.Equal("line 1: (unreadable bytes)", PgBackRestLog.Printable("line 1: \u0001\ufffdE/"));
}
