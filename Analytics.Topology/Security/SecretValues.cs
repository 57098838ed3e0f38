using System.Security.Cryptography;
using System.Text;

namespace Analytics.Topology.Security;

/// <summary>Passwords of one deployment: made once, kept, and read back from <c>secrets.env</c>.</summary>
public sealed class SecretValues
{
    public const string FileName = "secrets.env";
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private readonly SortedDictionary<string, string> values;

    private SecretValues(SortedDictionary<string, string> values) => this.values = values;

    /// <exception cref="KeyNotFoundException">The name is none of <see cref="Secrets"/>.</exception>
    public string this[string name] => values.TryGetValue(name, out var value)
        ? value
        : throw new KeyNotFoundException($"There is no secret named '{name}'; known are {string.Join(", ", values.Keys)}.");

    /// <summary>
    /// The secrets of an earlier run, and new ones for the names that have none. 32 letters and digits (190 bits): they stand in
    /// URLs, connection strings and shell files without quoting.
    /// </summary>
    /// <param name="existing">Content of an earlier <c>secrets.env</c>, or null.</param>
    public static SecretValues Complete(string? existing)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in (existing ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var separator = line.IndexOf('=', StringComparison.Ordinal);
            if (line[0] != '#' && separator > 0)
                values[line[..separator]] = line[(separator + 1)..];
        }

        foreach (var name in Secrets.All)
        {
            if (!values.TryGetValue(name, out var value) || value.Length == 0)
                values[name] = NewSecret();
        }

        return new SecretValues(values);
    }

    /// <summary>A new API key: <c>hub_</c> and 32 letters and digits. 190 bits, so a plain hash is enough to keep it.</summary>
    public static string NewApiKey() => "hub_" + NewSecret();

    private static string NewSecret() => RandomNumberGenerator.GetString(Alphabet, 32);

    public OutputFile ToFile()
    {
        var text = new StringBuilder(
            "# Passwords of this deployment, made by hub. Changing one here changes nothing in a running database.\n");
        foreach (var (name, value) in values)
            text.Append(name).Append('=').Append(value).Append('\n');
        return new OutputFile(FileName, text.ToString(), Private: true);
    }
}
