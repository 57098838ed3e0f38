using System.Text.Json;
using System.Text.Json.Serialization;
using Hub.Cli.State;

namespace Hub.Cli.Restore;

/// <summary>How far a restore of the cluster got. Each step may be repeated.</summary>
internal enum RestorePhase
{
    /// <summary>Containers are being stopped; no file has been touched.</summary>
    Stopping,

    /// <summary>The old data lies aside, or is on its way there.</summary>
    Aside,

    /// <summary>The cluster runs on the restored data; the old one is still there.</summary>
    Restored,

    /// <summary>The old data is being brought back.</summary>
    Undoing,
}

/// <summary>A restore that is neither confirmed nor undone, in <c>restore.json</c> of the state directory.</summary>
/// <param name="To">What was asked for.</param>
/// <param name="Started">When.</param>
/// <param name="Phase">How far it got.</param>
/// <param name="Leader">The member that led before; null when none did.</param>
/// <param name="Abandoned">Sets that the restored cluster left behind.</param>
internal sealed record RestoreState(string To, DateTimeOffset Started, RestorePhase Phase, string? Leader, IReadOnlyList<string> Abandoned)
{
    private const string FileName = "restore.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) }
    };

    /// <summary>Null when there is none.</summary>
    public static RestoreState? Load(Deployment deployment)
    {
        var file = Path.Combine(deployment.Directory, FileName);
        return File.Exists(file) ? JsonSerializer.Deserialize<RestoreState>(File.ReadAllText(file), Json) : null;
    }

    public RestoreState Save(Deployment deployment)
    {
        Analytics.Topology.OutputFiles.Write(deployment.Directory,
            [new Analytics.Topology.OutputFile(FileName, JsonSerializer.Serialize(this, Json) + "\n")]);
        return this;
    }

    public static void Remove(Deployment deployment)
    {
        var file = Path.Combine(deployment.Directory, FileName);
        if (File.Exists(file))
            File.Delete(file);
    }
}
