namespace Analytics.Migrations;

/// <summary>
/// What a script says about itself in its leading comment lines:
/// <code>
/// -- hub: transaction=none edition=timescale
/// </code>
/// <c>transaction</c>: <c>script</c> (default: all or nothing) or <c>none</c> (each statement on its own; the script has to bear being run
/// again). <c>edition</c>: <c>apache</c> or <c>timescale</c> (default both). <c>run</c>: <c>runner</c> (default) or <c>psql</c>.
/// </summary>
/// <param name="InTransaction">The script and its journal row are committed together.</param>
/// <param name="Edition">The only edition that it is for; null for both.</param>
/// <param name="ByRunner">False for a script that psql runs.</param>
public sealed record ScriptHeader(bool InTransaction, Edition? Edition, bool ByRunner)
{
    private const string Marker = "-- hub:";

    /// <summary>Reads the leading comment of a script.</summary>
    /// <exception cref="FormatException">An unknown key or value: a typing error must not turn into a default.</exception>
    public static ScriptHeader Parse(string script, string text)
    {
        var header = new ScriptHeader(InTransaction: true, Edition: null, ByRunner: true);
        foreach (var line in text.Split('\n').Select(line => line.Trim())
            .TakeWhile(line => line.Length == 0 || line.StartsWith("--", StringComparison.Ordinal)))
        {
            if (!line.StartsWith(Marker, StringComparison.Ordinal)) continue;
            foreach (var setting in line[Marker.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
                header = header.With(script, setting);
        }

        return header;
    }

    private ScriptHeader With(string script, string setting) => setting switch
    {
        "transaction=script" => this with { InTransaction = true },
        "transaction=none" => this with { InTransaction = false },
        "edition=apache" => this with { Edition = Migrations.Edition.Apache },
        "edition=timescale" => this with { Edition = Migrations.Edition.Timescale },
        "run=runner" => this with { ByRunner = true },
        "run=psql" => this with { ByRunner = false },
        _ => throw new FormatException(
            $"{script}: '{setting}' in its header is none of transaction=script|none, edition=apache|timescale, run=runner|psql."),
    };
}
