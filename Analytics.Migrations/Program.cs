using Analytics.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var verb = args.FirstOrDefault(argument => !argument.StartsWith('-')) ?? "migrate";
var builder = Host.CreateApplicationBuilder([.. args.Where(argument => argument.StartsWith('-'))]);
builder.AddServiceDefaults();
// A person reads lines, a log store JSON.
if (!Console.IsOutputRedirected || builder.Environment.IsDevelopment())
    builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss "));
builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
using var host = builder.Build();
var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Hub.Migrations");
var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

// Starting the host starts the export of spans, stopping it sends the last of them; SIGTERM and Ctrl+C cancel.
await host.StartAsync();
var exitCode = await RunAsync();
await host.StopAsync();
return exitCode;

async Task<int> RunAsync()
{
    try
    {
        await Verbs.RunAsync(verb, builder.Configuration, logger, TimeProvider.System, stopping);
        return ExitCodes.Ok;
    }
    catch (ConfigurationException e)
    {
        logger.LogCritical("{Problem}", e.Message);
        return ExitCodes.Configuration;
    }
    catch (MigrationException e)
    {
        logger.LogCritical("{Problem}", e.Message);
        return ExitCodes.Failed;
    }
    catch (OperationCanceledException) when (stopping.IsCancellationRequested)
    {
        logger.LogCritical("Stopped by a signal; what was not committed is rolled back. Run again to continue");
        return ExitCodes.Failed;
    }
    catch (Exception e)
    {
        // There is no caller to handle it, and an abort would show the reason only in a core dump.
        logger.LogCritical(e, "Failed unexpectedly");
        return ExitCodes.Failed;
    }
}
