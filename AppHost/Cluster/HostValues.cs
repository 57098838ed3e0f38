using Analytics.Topology.Containers;

namespace AppHost.Cluster;

/// <summary>
/// Environment values of the topology's containers as Aspire's expressions. Nothing is typed twice: a program that runs on this machine
/// instead of in its container gets the container's own values, with addresses and paths as they are from here.
/// </summary>
internal static class HostValues
{
    /// <summary>For a container: the text with its secrets as references to parameters.</summary>
    /// <returns>A text, or an expression where there is something to refer to: an expression without one, and empty, sets no variable at
    /// all.</returns>
    public static object InContainer(DevelopmentHub hub, SecretText value)
    {
        if (!value.TypedParts().Any(part => part is SecretPart))
            return value.Template;
        return Expression(hub, value, (expression, part) => expression.AppendLiteral(part.InContainer));
    }

    /// <summary>For a program on this machine: other containers by their published ports, mounted files by their place in the state
    /// directory.</summary>
    public static ReferenceExpression OnThisMachine(DevelopmentHub hub, ContainerSpec spec, SecretText value) =>
        Expression(hub, value, (expression, part) =>
    {
        switch (part)
        {
            case HostPart host:
                expression.AppendFormatted(hub.Endpoint(host.Container, host.Port).Property(EndpointProperty.IPV4Host));
                break;
            case PortPart port:
                expression.AppendFormatted(hub.Endpoint(port.Container, port.Port).Property(EndpointProperty.Port));
                break;
            case FilePart file:
                expression.AppendLiteral(PathOf(hub, spec, file.Path));
                break;
            default:
                expression.AppendLiteral(part.InContainer);
                break;
        }
    });

    /// <summary>The parts in order: secrets as parameters, the rest as the host has it.</summary>
    private static ReferenceExpression Expression(DevelopmentHub hub, SecretText value, Action<ReferenceExpressionBuilder, TextPart> append)
    {
        var expression = new ReferenceExpressionBuilder();
        foreach (var part in value.TypedParts())
        {
            if (part is SecretPart secret)
                expression.AppendFormatted(hub.Secret(secret.Name));
            else
                append(expression, part);
        }

        return expression.Build();
    }

    /// <exception cref="InvalidOperationException">No directory of the container holds the file.</exception>
    private static string PathOf(DevelopmentHub hub, ContainerSpec spec, string path)
    {
        var directory = spec.Directories.FirstOrDefault(directory => path.StartsWith(directory.Path + "/", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"'{spec.Name}' mounts nothing at {path}.");
        return Path.Combine(hub.State.PathOf(directory), path[(directory.Path.Length + 1)..]);
    }
}
