using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AppHost.Cluster;

/// <summary>A server is healthy when it agrees on TLS on its published port, with a certificate of the hub's CA.</summary>
internal sealed class TlsHealthCheck(HubTls tls, EndpointReference endpoint) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (endpoint.PublishedPort() is not { } port)
            return HealthCheckResult.Unhealthy("It has not started.");
        try
        {
            await tls.HandshakeAsync(port, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception failure) when (failure is SocketException or IOException or AuthenticationException)
        {
            return HealthCheckResult.Unhealthy($"No TLS on port {port}: {failure.Message}");
        }
    }
}

internal static class HealthChecks
{
    /// <summary>Adds a health check of Hub's own to a resource.</summary>
    public static IResourceBuilder<T> WithCheck<T>(this IResourceBuilder<T> resource, string name,
        Func<IServiceProvider, IHealthCheck> check) where T : IResource
    {
        var key = $"{resource.Resource.Name}_{name}";
        resource.ApplicationBuilder.Services.AddHealthChecks()
            .Add(new HealthCheckRegistration(key, check, failureStatus: null, tags: null));
        return resource.WithHealthCheck(key);
    }

    /// <summary>Asks for TLS on one of its endpoints.</summary>
    public static IResourceBuilder<ContainerResource> WithTlsCheck(this IResourceBuilder<ContainerResource> resource, string endpointName)
    {
        var endpoint = resource.GetEndpoint(endpointName);
        return resource.WithCheck("tls", services => new TlsHealthCheck(services.GetRequiredService<HubTls>(), endpoint));
    }

    /// <summary>
    /// The port on this machine; null before it is known. <see cref="EndpointReference.IsAllocated"/> keeps its first answer, and a check
    /// asks long before there is one.
    /// </summary>
    public static int? PublishedPort(this EndpointReference endpoint) => endpoint.EndpointAnnotation.AllocatedEndpoint?.Port;
}
