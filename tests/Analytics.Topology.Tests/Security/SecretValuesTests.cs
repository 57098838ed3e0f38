using Analytics.Topology.Security;

namespace Analytics.Topology.Tests.Security;

public class SecretValuesTests
{
    [Fact]
    public void Every_secret_is_made_long_and_different()
    {
        var values = SecretValues.Complete(null);
        var all = Secrets.All.Select(name => values[name]).ToList();
        Assert.Equal(all.Distinct(), all);
        Assert.All(all, value => Assert.Matches("^[A-Za-z0-9]{32}$", value));
    }

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        var first = SecretValues.Complete(null);
        Assert.Equal(first.ToFile(), SecretValues.Complete(first.ToFile().Content).ToFile());
    }

    [Fact]
    public void The_file_is_private() => Assert.True(SecretValues.Complete(null).ToFile() is { Private: true, Path: "secrets.env" });

    [Fact]
    public void A_kept_file_keeps_its_values_and_gains_what_is_missing()
    {
        var values = SecretValues.Complete("# comment\r\nAPP_PASSWORD=old=with=signs\r\n\r\nOWNER_PASSWORD=\r\nMINE=kept\n");
        Assert.Equal("old=with=signs", values[Secrets.App]);
        Assert.Equal("kept", values["MINE"]);
        Assert.Equal(32, values[Secrets.Owner].Length);
        Assert.Equal(32, values[Secrets.Superuser].Length);
    }

    [Fact]
    public void An_unknown_name_is_refused_with_the_known_ones() =>
        Assert.Contains("APP_PASSWORD", Assert.Throws<KeyNotFoundException>(() => SecretValues.Complete(null)["NONE"]).Message,
            StringComparison.Ordinal);
}
