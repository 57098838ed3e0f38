using System.Text.Json;
using Analytics.Topology;

namespace Hub.Cli.Publishing;

/// <summary>
/// Digests as registries told them, in a file: what <c>hub images --pin</c> writes and <c>hub publish --digests</c> reads.
/// </summary>
/// <param name="Read">When they were asked for.</param>
/// <param name="Digests">Image with its tag → digest.</param>
internal sealed record ImageDigests(DateTimeOffset Read, SortedDictionary<string, string> Digests)
{
    public const string DefaultFile = "image-digests.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <exception cref="CliException">The file does not exist, or has another format.</exception>
    public static ImageDigests Load(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<ImageDigests>(File.ReadAllText(file), Json) is { Digests.Count: > 0 } digests ? digests : throw new JsonException("it holds no digests");
        }
        catch (Exception problem) when (problem is JsonException or IOException)
        {
            throw new CliException($"{file} cannot be read: {problem.Message}", "`./hub images --pin` writes it.", exitCode: 2);
        }
    }

    public void Save(string file) => OutputFiles.Write(Path.GetDirectoryName(Path.GetFullPath(file))!, [new OutputFile(Path.GetFileName(file), JsonSerializer.Serialize(this, Json) + "\n")]);
}
