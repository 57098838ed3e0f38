using Analytics.Ingest.Http;
using Analytics.Ingest.Otlp;
using Microsoft.AspNetCore.Diagnostics;

namespace Analytics.Ingest.Hosting;

/// <summary>Gives every error that no endpoint has answered (404, 405, an unexpected exception) the body of the protocol that was asked
/// for.</summary>
internal static class ErrorResponses
{
    public static void UseErrorResponses(this WebApplication app)
    {
        app.UseExceptionHandler(handler => handler.Run(async context =>
        {
            // A client that went away, or broke off its body, is answered to nobody and is no fault of ours.
            var failure = context.Features.Get<IExceptionHandlerFeature>()?.Error;
            context.Response.StatusCode = failure is BadHttpRequestException bad
                ? bad.StatusCode : StatusCodes.Status500InternalServerError;
            await AnswerAsync(context);
        }));
        app.UseStatusCodePages(page => AnswerAsync(page.HttpContext));
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var status = context.Response.StatusCode;
        var message = status switch
        {
            StatusCodes.Status404NotFound => $"There is nothing at {context.Request.Path} on this port.",
            StatusCodes.Status405MethodNotAllowed => $"{context.Request.Path} does not take {context.Request.Method}.",
            StatusCodes.Status500InternalServerError => "An internal error; it is in the log of this service.",
            _ => "The request was not understood.",
        };
        if (Listeners.Of(context) == Listener.OtlpHttp || context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal))
        {
            await OtlpHttpApi.WriteErrorAsync(context, status, message);
        }
        else
        {
            await TypedResults.Problem(message, statusCode: status).ExecuteAsync(context);
        }
    }
}
