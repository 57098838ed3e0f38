using System.Diagnostics;
using Spectre.Console;

namespace Hub.Cli;

/// <summary>What the user sees while something runs: live on a terminal, one line for each change elsewhere.</summary>
internal sealed class Ui(IAnsiConsole console)
{
    private readonly bool live = console.Profile.Capabilities.Interactive && !System.Console.IsOutputRedirected;

    public IAnsiConsole Console => console;

    /// <summary>Runs one step, with what it reports beside its name, and its duration when it is done.</summary>
    public async Task<T> StepAsync<T>(string name, Func<Action<string>, Task<T>> run, Func<T, string?>? result = null)
    {
        var clock = Stopwatch.StartNew();
        T value;
        if (live)
        {
            value = await console.Status().StartAsync(Markup.Escape(name), async context =>
                await run(detail => context.Status(Markup.Escape($"{name}: {detail}"))));
        }
        else
        {
            var last = "";
            console.WriteLine($"· {name}");
            value = await run(detail =>
            {
                if (detail == last)
                    return;
                last = detail;
                console.WriteLine($"    {detail} ({clock.Elapsed.TotalSeconds:0} s)");
            });
        }

        var summary = result?.Invoke(value);
        console.MarkupLineInterpolated(
            $"[green]✓[/] {name}{(summary is null ? "" : $": {summary}")} [grey]({clock.Elapsed.TotalSeconds:0.0} s)[/]");
        return value;
    }

    public Task StepAsync(string name, Func<Action<string>, Task> run, string? result = null) => StepAsync(name, async report =>
    {
        await run(report);
        return true;
    }, _ => result);
}
