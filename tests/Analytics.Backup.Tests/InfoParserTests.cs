using Analytics.Backup.Repository;

namespace Analytics.Backup.Tests;

public class The_state_of_the_repository
{
    [Fact]
    public void Lists_sets_with_what_was_noted_on_them()
    {
        var info = InfoParser.Parse(Samples.Capture("info-two-sets-annotated.json"), "hub");
        Assert.Equal(StanzaStatus.Ok, info.Status);
        var (full, diff) = (info.Sets[0], info.Sets[1]);
        Assert.Equal(("20261122-203858F", BackupType.Full, Samples.Utc("2026-11-22T20:38:58Z")), (full.Label, full.Type, full.Start));
        Assert.Equal(("000000010000000000000003", 36324822, 6763504), (full.WalStart, full.Size, full.StoredSize));
        Assert.Equal("14a96ec00116793d232990af4b8689e7602d3a11cd9adb5b5bda087961f1dab2", full.Manifest);
        Assert.True(full.IsVerified);
        Assert.False(full.IsDamaged);
        Assert.Equal(("20261122-203858F", "20261122-203858F", 7008), (diff.Prior, diff.FullLabel, diff.StoredSize));
        Assert.Equal(["20261122-203858F"], diff.References);
        Assert.Equal(6763504 + 7008, info.StoredSize);
        Assert.Equal(new RepositoryArchive("17-1", 1, "000000010000000000000003", "000000010000000000000006"), Assert.Single(info.Archives));
        Assert.False(info.IsLocked);
    }

    [Fact]
    public void Knows_the_databases_of_a_stanza_that_was_upgraded()
    {
        var info = InfoParser.Parse(Samples.Capture("info-two-databases.json"), "hub");
        Assert.Equal([1, 2], info.Databases.Select(database => database.Id));
        Assert.Equal(7711099024972698286m, info.Databases[1].SystemId);
        Assert.Equal([1, 1, 2, 2], info.Sets.Select(set => set.DatabaseId));
        Assert.Equal(BackupType.Incremental, info.Sets[3].Type);
        Assert.Equal(["17-1", "17-2"], info.Archives.Select(archive => archive.Id));
        Assert.True(InfoParser.Parse(Samples.Capture("info-locked.json"), "hub").IsLocked);
    }

    [Fact]
    public void Is_readable_without_a_backup()
    {
        var info = InfoParser.Parse(Samples.Capture("info-no-backup.json"), "hub").RequireReadable();
        Assert.Equal(StanzaStatus.NoBackup, info.Status);
        Assert.Empty(info.Sets);
    }

    [Theory]
    [InlineData("info-no-stanza.json", "nope", "does not know stanza 'nope'")]
    [InlineData("info-no-stanza.json", "other", "does not know stanza 'other'")]
    [InlineData("info-wrong-cipher.json", "hub", "wrong cipher key")]
    [InlineData("info-unreachable.json", "hub", "a host cannot be reached: 127.0.0.1:1")]
    public void Says_why_it_cannot_be_read_although_info_exits_with_0(string capture, string stanza, string why)
    {
        var info = InfoParser.Parse(Samples.Capture(capture), stanza);
        var refused = Assert.Throws<BackupException>(info.RequireReadable);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.Todo);
        Assert.DoesNotContain('\ufffd', refused.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[{}]")]
    [InlineData("[{\"name\":\"hub\",\"status\":null}]")]
    [InlineData("[{\"name\":\"hub\",\"status\":{\"code\":0,\"message\":\"ok\"},\"backup\":[{\"label\":\"x\"}]}]")]
    [InlineData("{\"name\":\"hub\"}")]
    public void Malformed_input_is_refused(string text) =>
        Assert.Contains("cannot read", Assert.Throws<BackupException>(() => InfoParser.Parse(text, "hub")).Message, StringComparison.Ordinal);
}
