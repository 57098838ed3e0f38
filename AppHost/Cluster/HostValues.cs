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
    public static ReferenceExpression Secrets(DevelopmentHub hub, SecretText value)
    {
        var expression = new ReferenceExpressionBuilder();
        foreach (var (text, isSecret) in value.Parts())
        {
            if (isSecret)
                expression.AppendFormatted(hub.Secret(text));
            else
                expression.AppendLiteral(text);
        }

        return expression.Build();
    }

    /// <summary>For a program on this machine: <c>Host=haproxy;Port=5000</c> and <c>https://etcd-1:2379</c> become published ports, mounted files those of the state directory.</summary>
    public static ReferenceExpression OnThisMachine(DevelopmentHub hub, ContainerSpec spec, SecretText value)
    {
        var template = value.Template;
        foreach (var directory in spec.Directories)
            template = template.Replace(directory.Path, hub.State.PathOf(directory), StringComparison.Ordinal);
        var expression = new ReferenceExpressionBuilder();
        var position = 0;
        foreach (Match match in Address().Matches(template))
        {
            Append(template[position..match.Index]);
            var endpoint = Endpoint(hub, match.Groups["host"].Value, int.Parse(match.Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture));
            expression.AppendLiteral(match.Groups["before"].Value);
            expression.AppendFormatted(endpoint.Property(EndpointProperty.IPV4Host));
            expression.AppendLiteral(match.Groups["between"].Value);
            expression.AppendFormatted(endpoint.Property(EndpointProperty.Port));
            position = match.Index + match.Length;
        }

        Append(template[position..]);
        return expression.Build();

        void Append(string text)
        {
            foreach (var (part, isSecret) in new SecretText(text).Parts())
            {
                if (isSecret)
                    expression.AppendFormatted(hub.Secret(part));
                else
                    expression.AppendLiteral(part);
            }
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
