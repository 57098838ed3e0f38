using Analytics.Backup.Repository;

namespace Analytics.Backup.Tests;

public class The_version_of_pgBackRest
{
    [Theory]
    [InlineData("pgBackRest 2.55.1\n", "2.55.1")]
    [InlineData("pgBackRest 2.55", "2.55")]
    [InlineData("pgBackRest 2.60.0dev\n", "2.60.0")]
    [InlineData("pgBackRest 3.0", "3.0")]
    public void Is_parsed_from_the_output_of_pgbackrest(string text, string version) => Assert.Equal(Version.Parse(version), PgBackRestVersion.Require(text));

    [Theory]
    [InlineData("pgBackRest 2.54.2", "pgBackRest 2.54.2 is too old.")]
    [InlineData("", "printed ''")]
    [InlineData("command not found", "printed 'command not found'")]
    public void Is_refused(string text, string message) => Assert.Contains(message, Assert.Throws<BackupException>(() => PgBackRestVersion.Require(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("2.55.0", "2.55.1", "a bucket with object lock")]
    [InlineData("2.55.1", "2.57", "io-timeout")]
    [InlineData("2.55.1", "2.59", "timeline")]
    [InlineData("2.58", "2.59.1", "in several parts")]
    public void Lists_defects_that_a_newer_version_fixes(string version, string mended, string words)
    {
        Assert.Contains(PgBackRestVersion.Known(Version.Parse(version)), fault => fault.StartsWith($"{mended} mends: ", StringComparison.Ordinal) && fault.Contains(words, StringComparison.Ordinal));
        Assert.DoesNotContain(PgBackRestVersion.Known(Version.Parse(mended)), fault => fault.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public void Lists_no_defect_of_a_later_version() => Assert.DoesNotContain(PgBackRestVersion.Known(new Version(2, 55, 1)), fault => fault.Contains("in several parts", StringComparison.Ordinal));

    [Fact]
    public void Is_accepted_from_the_advised_version_on()
    {
        Assert.Equal(new Version(2, 59, 1), PgBackRestVersion.Advised);
        Assert.Empty(PgBackRestVersion.Known(PgBackRestVersion.Advised));
    }
}
