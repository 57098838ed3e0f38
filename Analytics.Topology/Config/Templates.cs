namespace Analytics.Topology.Config;

/// <summary>Native text that is a file of its own in the source tree, embedded in this assembly.</summary>
internal static class Templates
{
    /// <exception cref="ArgumentException">There is no such file.</exception>
    public static string Read(string name)
    {
        using var stream = typeof(Templates).Assembly.GetManifestResourceStream("Templates/" + name)
            ?? throw new ArgumentException($"'{name}' is not among the embedded files of Analytics.Topology.", nameof(name));
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
