using Analytics.Migrations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var builder = Host.CreateApplicationBuilder(args.Where(a => a.StartsWith('-')).ToArray());
builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss "));
using var host = builder.Build();
var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Hub.Migrations");

using var stop = new CancellationTokenSource();
using var terminate = Signals.CancelOnStop(stop);
try
{
    await Verbs.RunAsync(args.FirstOrDefault(a => !a.StartsWith('-')) ?? "migrate", builder.Configuration, logger, TimeProvider.System, stop.Token);
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
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    logger.LogCritical("Stopped by a signal; what was not committed is rolled back. Run again to continue");
    return ExitCodes.Failed;
}
