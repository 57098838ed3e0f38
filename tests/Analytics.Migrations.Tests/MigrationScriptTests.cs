namespace Analytics.Migrations.Tests;

public class A_script_says_how_it_is_run
{
    [Fact]
    public void In_a_transaction_and_on_both_editions_when_it_says_nothing()
    {
        var script = MigrationScript.Parse("02-a.sql", "SELECT 1;");
        Assert.Equal(new ScriptHeader(InTransaction: true, Edition: null, ByRunner: true), script.Header);
        Assert.True(script.IsFor(Edition.Apache) && script.IsFor(Edition.Timescale));
    }

    [Fact]
    public void In_the_leading_comment_only()
    {
        var script = MigrationScript.Parse("02-a.sql", "-- what it does\n\n-- hub: transaction=none edition=timescale\nSELECT 1;\n-- hub: edition=apache\n");
        Assert.Equal(new ScriptHeader(InTransaction: false, Edition.Timescale, ByRunner: true), script.Header);
        Assert.True(script.IsFor(Edition.Timescale));
        Assert.False(script.IsFor(Edition.Apache));
    }

    [Theory]
    [InlineData("-- hub: transaction=nope")]
    [InlineData("-- hub: edtion=apache")]
    public void And_a_typing_error_is_refused(string text) =>
        Assert.Contains("02-a.sql", Assert.Throws<FormatException>(() => MigrationScript.Parse("02-a.sql", text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("a.sql")]
    [InlineData("2-a.sql")]
    [InlineData("02_a.sql")]
    public void And_its_name_tells_its_place(string name) => Assert.Throws<FormatException>(() => MigrationScript.Parse(name, "SELECT 1"));
}

public class A_checksum_is_of_the_text
{
    private const string AbcNewline = "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb";

    [Theory]
    [InlineData("abc\n")]
    [InlineData("abc\r\n")]
    [InlineData("\uFEFFabc\n")]
    public void Whatever_its_line_ends_are(string text) => Assert.Equal(AbcNewline, MigrationScript.Parse("02-a.sql", text).Checksum);

    [Fact]
    public void And_changes_with_it() => Assert.NotEqual(AbcNewline, MigrationScript.Parse("02-a.sql", "abd\n").Checksum);
}

public class What_a_database_has_is_compared_with_the_release
{
    private static readonly MigrationScript Second = MigrationScript.Parse("02-a.sql", "SELECT 1");
    private static readonly MigrationScript OnApache = MigrationScript.Parse("03-apache.sql", "-- hub: edition=apache\nSELECT 1");
    private static readonly MigrationScript OnCommunity = MigrationScript.Parse("03-timescale.sql", "-- hub: edition=timescale\nSELECT 1");
    private static readonly MigrationScript First = MigrationScript.Parse("01-init.sql", "-- hub: run=psql\n\\connect");
    private static readonly MigrationScript[] All = [First, Second, OnApache, OnCommunity];

    [Fact]
    public void What_is_missing_is_pending_for_its_edition_in_order()
    {
        Assert.Equal([Second, OnApache], MigrationPlan.Pending(All, Applied(), Edition.Apache));
        Assert.Equal([OnCommunity], MigrationPlan.Pending(All, Applied(Second).ToDictionary(e => e.Key, e => e.Value with { Edition = "timescale" }), Edition.Timescale));
    }

    [Fact]
    public void An_edited_script_is_refused_with_its_name_and_both_checksums()
    {
        var edited = MigrationScript.Parse("02-a.sql", "SELECT 2");
        var message = Refused([edited], Applied(Second));
        Assert.Contains("02-a.sql", message, StringComparison.Ordinal);
        Assert.Contains(Second.Checksum, message, StringComparison.Ordinal);
        Assert.Contains(edited.Checksum, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_database_is_refused() => Assert.Contains("newer than this release", Refused([Second], Applied(Second, OnApache)), StringComparison.Ordinal);

    [Fact]
    public void A_script_that_vanished_is_refused() => Assert.Contains("not part of this release", Refused([OnApache], Applied(Second)), StringComparison.Ordinal);

    [Fact]
    public void Another_edition_is_refused()
    {
        var applied = Applied(Second).ToDictionary(entry => entry.Key, entry => entry.Value with { Edition = "timescale" });
        Assert.Contains("timescale edition", Refused(All, applied), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_scripts_with_one_number_are_refused() =>
        Assert.Contains("same number", Refused([Second, MigrationScript.Parse("02-b.sql", "SELECT 1")], Applied()), StringComparison.Ordinal);

    private static Dictionary<string, JournalEntry> Applied(params MigrationScript[] scripts) =>
        scripts.ToDictionary(script => script.Name, script => new JournalEntry(script.Name, script.Checksum, "apache"));

    private static string Refused(MigrationScript[] scripts, Dictionary<string, JournalEntry> applied) =>
        Assert.Throws<MigrationException>(() => MigrationPlan.Pending(scripts, applied, Edition.Apache)).Message;
}
