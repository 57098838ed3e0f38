namespace Hub.Cli.Engine;

/// <summary>An image as engines name it, in parts.</summary>
/// <param name="Host">The registry, with its port where there is one.</param>
/// <param name="Repository">The path in it.</param>
/// <param name="Tag">Its tag.</param>
internal sealed record ImageName(string Host, string Repository, string Tag)
{
    /// <summary>What a name without a host means to every engine.</summary>
    private const string DefaultHost = "registry-1.docker.io";

    /// <summary>Plain HTTP on this machine alone, as engines have it.</summary>
    public Uri Address =>
        new($"{(Host.Split(':')[0] is "localhost" || Host.StartsWith("127.", StringComparison.Ordinal) ? "http" : "https")}://{Host}/v2/");

    /// <summary>Parses <c>haproxy:3.2.25</c>, <c>timescale/timescaledb-ha:pg17</c>, <c>quay.io/coreos/etcd:v3.5.33@sha256:…</c>.</summary>
    /// <exception cref="CliException">It has no tag.</exception>
    public static ImageName Parse(string image)
    {
        var name = image.Split('@')[0];
        var colon = name.IndexOf(':', name.LastIndexOf('/') + 1);
        if (colon < 0)
            throw new CliException($"{image} has no tag.");
        var (path, tag) = (name[..colon], name[(colon + 1)..]);
        var first = path.Split('/')[0];
        if (!path.Contains('/'))
            return new ImageName(DefaultHost, "library/" + path, tag);
        return first.Contains('.') || first.Contains(':') || first == "localhost"
            ? first == "docker.io" ? Parse(image["docker.io/".Length..]) : new ImageName(first, path[(first.Length + 1)..], tag)
            : new ImageName(DefaultHost, path, tag);
    }
}
