namespace Analytics.Migrations;

/// <summary>The licence under which TimescaleDB runs: what <c>timescaledb.license</c> says.</summary>
public enum Edition
{
    /// <summary>Apache-2: hypertables, <c>time_bucket</c>, <c>drop_chunks</c>. Debian's packages, most managed services, -oss
    /// images.</summary>
    Apache,

    /// <summary>Community: also compression, continuous aggregates and policies.</summary>
    Timescale,
}

/// <summary>The names under which editions are written in headers, in the journal and by the server.</summary>
public static class EditionNames
{
    /// <summary><c>apache</c> or <c>timescale</c>.</summary>
    public static string Name(this Edition edition) => edition == Edition.Apache ? "apache" : "timescale";

    /// <summary>Reads such a name.</summary>
    /// <returns>False when it is neither.</returns>
    public static bool TryParse(string? name, out Edition edition)
    {
        edition = name == "timescale" ? Edition.Timescale : Edition.Apache;
        return name is "apache" or "timescale";
    }
}
