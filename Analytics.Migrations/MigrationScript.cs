using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Analytics.Migrations;

/// <summary>One script: <c>NN-what-it-does.sql</c>, immutable once it was released.</summary>
public sealed partial class MigrationScript
{
    private MigrationScript(string name, int number, string text, ScriptHeader header)
    {
        (Name, Number, Text, Header) = (name, number, text, header);
        Checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>The file name.</summary>
    public string Name { get; }

    /// <summary>The number that its name begins with; scripts are applied in its order.</summary>
    public int Number { get; }

    /// <summary>The text with LF line ends.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of <see cref="Text"/> in UTF-8, in lower-case hex. A checkout with CRLF gives the same.</summary>
    public string Checksum { get; }

    /// <summary>What it says about itself.</summary>
    public ScriptHeader Header { get; }

    /// <summary>Reads a script.</summary>
    /// <exception cref="FormatException">The name or the header is not as it must be.</exception>
    public static MigrationScript Parse(string name, string text)
    {
        var match = NamePattern().Match(name);
        if (!match.Success) throw new FormatException($"{name}: a script is named NN-what-it-does.sql.");
        text = text.TrimStart('\uFEFF').ReplaceLineEndings("\n");
        return new MigrationScript(name, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), text,
            ScriptHeader.Parse(name, text));
    }

    /// <summary>The scripts of this release, in order, for either edition.</summary>
    public static IReadOnlyList<MigrationScript> LoadEmbedded()
    {
        var assembly = typeof(MigrationScript).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => Parse(name, Read(assembly, name)))
            .OrderBy(script => script.Number).ThenBy(script => script.Name, StringComparer.Ordinal)];
    }

    /// <summary>Whether the runner applies it on this edition.</summary>
    public bool IsFor(Edition edition) => Header.ByRunner && (Header.Edition is null || Header.Edition == edition);

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    [GeneratedRegex("^([0-9]{2,4})-[a-z0-9-]+\\.sql$")]
    private static partial Regex NamePattern();
}
