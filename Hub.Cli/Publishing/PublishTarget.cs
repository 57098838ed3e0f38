using Analytics.Topology;
using Analytics.Topology.Publishing;

namespace Hub.Cli.Publishing;

/// <summary>A directory and what belongs in it.</summary>
internal sealed class PublishTarget
{
    private readonly IReadOnlyList<OutputFile> files;

    private PublishTarget(string directory, string owned, IReadOnlyList<OutputFile> files) =>
        (Directory, OwnedRoot, this.files) = (directory, owned, files);

    /// <summary>As it was given, for messages.</summary>
    public string Directory { get; }

    public int FileCount => files.Count;

    /// <summary>The directory above the generated ones.</summary>
    private string OwnedRoot { get; }

    /// <summary>
    /// A directory of the operator's, or the checkout's own, which also includes the generated pages in docs/.
    /// </summary>
    /// <exception cref="CliException">There is no checkout to write to.</exception>
    public static PublishTarget At(string? output, PublishSize size)
    {
        var published = PublishedFiles.For(size);
        if (output is not null)
            return new PublishTarget(output, Path.GetFullPath(output), published);
        var checkout = Environment.GetEnvironmentVariable("HUB_HOME") ?? Environment.CurrentDirectory;
        if (!File.Exists(Path.Combine(checkout, "Hub.sln")))
            throw new CliException($"{checkout} is not a checkout of Hub.", "Name a directory: ./hub publish --output DIRECTORY");
        return new PublishTarget(PublishedFiles.Directory, Path.Combine(checkout, PublishedFiles.Directory),
            [.. published, InDocs(Inventory.Render(size)), InDocs(AlertTable.Render(size.Topology))]);
    }

    private static OutputFile InDocs(OutputFile file) => file with { Path = "../" + file.Path };

    /// <summary>Writes what differs and removes what an earlier version generated.</summary>
    /// <returns>The paths that were written or removed.</returns>
    public IReadOnlyList<string> Write()
    {
        var written = OutputFiles.Write(OwnedRoot, files).ToList();
        foreach (var leftover in Leftovers())
        {
            File.Delete(Path.Combine(OwnedRoot, leftover));
            written.Add(leftover);
        }

        return written;
    }

    /// <summary>One text for each file that is missing, edited or left over.</summary>
    public IEnumerable<string> Differences()
    {
        foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            var path = Path.Combine(OwnedRoot, file.Path);
            if (!File.Exists(path))
                yield return $"{file.Path}: missing";
            else if (File.ReadAllText(path) is var present && present != file.Content)
                yield return $"{file.Path}: differs\n{FirstDifference.Of(present, file.Content)}";
        }

        foreach (var leftover in Leftovers())
            yield return $"{leftover}: not generated any more";
    }

    private IEnumerable<string> Leftovers() => PublishedFiles.Owned
        .Select(owned => Path.Combine(OwnedRoot, owned)).Where(System.IO.Directory.Exists)
        .SelectMany(owned => System.IO.Directory.EnumerateFiles(owned, "*", SearchOption.AllDirectories))
        .Select(path => Path.GetRelativePath(OwnedRoot, path).Replace('\\', '/'))
        .Except(files.Select(file => file.Path)).Order(StringComparer.Ordinal).ToList();
}
