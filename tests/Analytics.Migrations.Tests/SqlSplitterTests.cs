namespace Analytics.Migrations.Tests;

public class A_script_is_cut_into_statements
{
    [Theory]
    [InlineData("SELECT 1; SELECT 2;", "SELECT 1|SELECT 2")]
    [InlineData("SELECT 1;;  ; SELECT 2", "SELECT 1|SELECT 2")]
    [InlineData("", "")]
    [InlineData("-- only; a comment\n/* and; /* a nested; */ one */", "")]
    [InlineData("SELECT ';'; SELECT 'it''s;'", "SELECT ';'|SELECT 'it''s;'")]
    [InlineData("SELECT \"a;\"\"b\"; SELECT 2", "SELECT \"a;\"\"b\"|SELECT 2")]
    [InlineData(@"SELECT E'\';'; SELECT 2", @"SELECT E'\';'|SELECT 2")]
    [InlineData(@"SELECT '\'; SELECT 2", @"SELECT '\'|SELECT 2")]
    [InlineData("DO $$ BEGIN; END $$; SELECT 2", "DO $$ BEGIN; END $$|SELECT 2")]
    [InlineData("DO $body$ SELECT $$;$$; $body$; SELECT 2", "DO $body$ SELECT $$;$$; $body$|SELECT 2")]
    [InlineData("SELECT a$b$; SELECT $1; SELECT 3", "SELECT a$b$|SELECT $1|SELECT 3")]
    [InlineData("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3", "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)|SELECT 3")]
    [InlineData("SELECT 1 -- why;\n + 1; SELECT 2", "SELECT 1 -- why;\n + 1|SELECT 2")]
    [InlineData("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END|SELECT 3")]
    public void As_psql_cuts_it(string script, string statements) =>
        Assert.Equal(statements, string.Join('|', SqlSplitter.Split(script).Select(statement => statement.Text)));

    [Fact]
    public void And_every_statement_knows_its_line()
    {
        var statements = SqlSplitter.Split("-- header\n\nSELECT 1;\n/* a\n comment */ SELECT\n 2;");
        Assert.Equal([3, 5], statements.Select(statement => statement.Line));
    }

    [Theory]
    [InlineData("SELECT 1;\nSELECT 'open", 2)]
    [InlineData("SELECT \"open", 1)]
    [InlineData("DO $x$ BEGIN $y$", 1)]
    [InlineData("SELECT 1 /* open", 1)]
    [InlineData("SELECT (1;", 1)]
    public void Unterminated_text_is_refused_with_its_line(string script, int line) =>
        Assert.StartsWith($"line {line}:", Assert.Throws<FormatException>(() => SqlSplitter.Split(script)).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_script_of_this_release_keeps_its_whole_text()
    {
        foreach (var script in MigrationScript.LoadEmbedded().Where(script => script.Header.ByRunner))
            Assert.NotEmpty(SqlSplitter.Split(script.Text));
    }
}
