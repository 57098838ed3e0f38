using System.Globalization;
using System.Text.RegularExpressions;
using Analytics.Topology.Containers;

namespace AppHost.Cluster;

/// <summary>
/// Environment values of the topology's containers as Aspire's expressions. Nothing is typed twice: a program that runs on this machine
/// instead of in its container gets the container's own values, with addresses and paths as they are from here.
/// </summary>
internal static partial class HostValues
{
    /// <summary>For a container: the text with its secrets as references to parameters.</summary>
    /// <returns>A text, or an expression where there is something to refer to: an expression without one, and empty, sets no variable at all.</returns>
    public static object Secrets(DevelopmentHub hub, SecretText value)
    {
        if (!value.Parts().Any(part => part.IsSecret))
            return value.Template;
        var expression = new ReferenceExpressionBuilder();
        Append(expression, hub, value.Template);
        return expression.Build();
    }

    /// <summary>For a program on this machine: <c>Host=haproxy;Port=5000</c> and <c>https://etcd-1:2379</c> become published ports, mounted files those of the state directory.</summary>
    public static object OnThisMachine(DevelopmentHub hub, ContainerSpec spec, SecretText value)
    {
        var template = value.Template;
        foreach (var directory in spec.Directories)
            template = template.Replace(directory.Path, hub.State.PathOf(directory), StringComparison.Ordinal);
        var addresses = Address().Matches(template);
        if (addresses.Count == 0)
            return Secrets(hub, template);
        var expression = new ReferenceExpressionBuilder();
        var position = 0;
        foreach (Match address in addresses)
        {
            Append(expression, hub, template[position..address.Index]);
            var endpoint = Endpoint(hub, address.Groups["host"].Value, int.Parse(address.Groups["port"].Value, CultureInfo.InvariantCulture));
            expression.AppendLiteral(address.Groups["before"].Value);
            expression.AppendFormatted(endpoint.Property(EndpointProperty.IPV4Host));
            expression.AppendLiteral(address.Groups["between"].Value);
            expression.AppendFormatted(endpoint.Property(EndpointProperty.Port));
            position = address.Index + address.Length;
        }

        Append(expression, hub, template[position..]);
        return expression.Build();
    }

    private static void Append(ReferenceExpressionBuilder expression, DevelopmentHub hub, string text)
    {
        foreach (var (part, isSecret) in new SecretText(text).Parts())
        {
            if (isSecret)
                expression.AppendFormatted(hub.Secret(part));
            else
                expression.AppendLiteral(part);
        }
    }

    /// <exception cref="InvalidOperationException">The container does not have the port.</exception>
    private static EndpointReference Endpoint(DevelopmentHub hub, string host, int port)
    {
        var mapping = hub.Spec(host).Ports.FirstOrDefault(candidate => candidate.Port == port)
            ?? throw new InvalidOperationException($"'{host}' has no port {port}.");
        return new EndpointReference((IResourceWithEndpoints)hub.Resource(host).Resource, ClusterResources.EndpointName(mapping));
    }

    [GeneratedRegex("(?<before>https://|Host=)(?<host>[a-z][a-z0-9-]*)(?<between>:|;Port=)(?<port>[0-9]+)")]
    private static partial Regex Address();
}
