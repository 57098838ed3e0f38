using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Analytics.Ingest.Http;

/// <summary>The three ports of the service.</summary>
internal enum Listener
{
    Rest,
    OtlpHttp,
    OtlpGrpc,
}

/// <summary>Marks an endpoint with the port that serves it; on the others it does not exist.</summary>
internal sealed record ListenerMetadata(Listener Listener);

internal static class Listeners
{
    private static readonly object ConnectionItem = new();

    /// <summary>Marks a connection with the port that it came in by. The port's number would not do: it may be chosen by the
    /// system.</summary>
    public static void Mark(this ListenOptions options, Listener listener) => options.Use(next => connection =>
    {
        connection.Items[ConnectionItem] = listener;
        return next(connection);
    });

    /// <summary>Serves these endpoints on one port only.</summary>
    public static TBuilder On<TBuilder>(this TBuilder endpoints, Listener listener) where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithMetadata(new ListenerMetadata(listener));

    /// <summary>Answers 404 when an endpoint is asked for on another port than its own.</summary>
    public static IApplicationBuilder UseListeners(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var wanted = context.GetEndpoint()?.Metadata.GetMetadata<ListenerMetadata>()?.Listener;
        if (wanted is not null && Of(context) is { } actual && actual != wanted)
        {
            context.SetEndpoint(null);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return next(context);
    });

    /// <summary>The port that a request came in by; null on a server without connections (a test's).</summary>
    public static Listener? Of(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(ConnectionItem, out var listener) == true
            ? (Listener)listener! : null;
}
