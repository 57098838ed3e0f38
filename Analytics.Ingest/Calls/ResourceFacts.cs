using System.Text;
using ServiceDefaults;

namespace Analytics.Ingest.Calls;

/// <summary>What the resource of an export says about all of its spans.</summary>
internal record struct ResourceFacts(string? ServiceName, string? Environment, bool IsOwnTelemetry)
{
    private static readonly byte[] OwnAttribute = Encoding.UTF8.GetBytes(OwnTelemetry.ResourceAttribute);

    private string? olderEnvironment;

    /// <summary>The newer of two names wins, in whatever order they come.</summary>
    public readonly string? DeploymentEnvironment => Environment ?? olderEnvironment;

    /// <summary>Whether an attribute of this name says something that is kept.</summary>
    public static bool Wants(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("service.name"u8) || key.StartsWith("deployment.environment"u8) || key.SequenceEqual(OwnAttribute);

    /// <summary>Takes one attribute.</summary>
    public void Take(ReadOnlySpan<byte> key, AttributeValue value, ExportText text)
    {
        if (key.SequenceEqual("service.name"u8)) ServiceName = value.TextOf(text);
        else if (key.SequenceEqual("deployment.environment.name"u8)) Environment = value.TextOf(text);
        else if (key.SequenceEqual("deployment.environment"u8)) olderEnvironment = value.TextOf(text);
        else if (key.SequenceEqual(OwnAttribute)) IsOwnTelemetry = value.IsTrue;
    }
}
