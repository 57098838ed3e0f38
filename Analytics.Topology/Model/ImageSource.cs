using System.Text.RegularExpressions;

namespace Analytics.Topology;

/// <summary>Where the images of a published cluster are pulled from.</summary>
/// <param name="Registry">Host and path that Hub's own images are in; null: none was named, and they cannot be pulled.</param>
/// <param name="Version">Their tag; null: <see cref="HubVersion.Current"/>.</param>
/// <param name="Digests">Image with its tag → the digest that a registry answered; null: none is pinned.</param>
public sealed partial record ImageSource(string? Registry = null, string? Version = null, IReadOnlyDictionary<string, string>? Digests = null)
{
    public string VersionOrCurrent => Version ?? HubVersion.Current;

    /// <summary>The same images from there.</summary>
    public Images Of(Images images)
    {
        ArgumentNullException.ThrowIfNull(images);
        var named = Registry is null ? images : images.In(Registry, VersionOrCurrent);
        return Digests is null ? named : named.At(Digests);
    }

    /// <summary>
    /// Why a text names no registry, or null. Without a host the public default registry would be meant, and somebody's account in it.
    /// </summary>
    public static string? RegistryProblem(string text) => RegistryName().IsMatch(text) && text.Split('/')[0] is var host && (host.Contains('.') || host.Contains(':') || host == "localhost")
        ? null
        : $"'{text}' is not a registry: it must be a host, and a path if there is one, in lower case and without a scheme, such as registry.example.com/hub.";

    /// <summary>Why a text is not a valid tag of an image, or null.</summary>
    public static string? VersionProblem(string text) =>
        text != "latest" && Tag().IsMatch(text) ? null : $"'{text}' is not a version: it must have letters, digits, '.', '_' and '-', at most 128, and not latest.";

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*\z")]
    private static partial Regex RegistryName();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex Tag();
}
