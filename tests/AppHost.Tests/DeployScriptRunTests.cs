using System.Reflection;
using AppHost.Deployment;
using Aspire.Hosting.Pipelines;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

#pragma warning disable ASPIREPIPELINES001
#pragma warning disable CA1852 // the proxy is a type derived from it

namespace AppHost.Tests;

/// <summary>How a run of deploy.sh becomes the progress of a pipeline step; the scripts here are a few lines.</summary>
public sealed class DeployScriptRunTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("hub-run-");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task Its_parts_are_tasks_and_its_warnings_are_told_as_warnings()
    {
        var step = Step.Create();
        await RunAsync("echo before; echo '== First'; echo '  one'; echo 'warning: careful' >&2; echo '== Second'; echo; echo two", step,
            TestContext.Current.CancellationToken);
        Assert.Equal(["begin First", "end First", "begin Second", "end Second"], step.Tasks);
        Assert.Equal(["Information before", "Information   one", "Information two"],
            step.Logs.Where(line => line.StartsWith("Information", StringComparison.Ordinal)));
        Assert.Contains("Warning careful", step.Logs);
    }

    [Fact]
    public async Task Its_error_with_what_to_do_is_the_reason()
    {
        var failure =
            await Assert.ThrowsAsync<InvalidOperationException>(
                () => RunAsync("echo '== First'; echo 'error: no room' >&2; echo '  -> Make some.' >&2; exit 1", Step.Create(),
                    TestContext.Current.CancellationToken));
        Assert.Equal("no room\n  -> Make some.", failure.Message);
        failure = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync("exit 3", Step.Create(),
            TestContext.Current.CancellationToken));
        Assert.Contains("exit code 3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_it_is_cancelled_it_removes_what_it_wrote()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var secret = Path.Combine(root.FullName, "secret");
        var run = RunAsync($"trap 'rm {secret}' EXIT; trap 'exit 143' TERM; touch {secret}; sleep 60", Step.Create(), cancel.Token);
        while (!File.Exists(secret))
            await Task.Delay(20, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(TimeSpan.FromSeconds(10),
            TestContext.Current.CancellationToken));
        Assert.False(File.Exists(secret));
    }

    private async Task RunAsync(string script, Step step, CancellationToken cancellation)
    {
        var file = Path.Combine(root.FullName, "script");
        await File.WriteAllTextAsync(file, script, TestContext.Current.CancellationToken);
        using var services = new ServiceCollection().BuildServiceProvider();
        var context = new PipelineContext(new DistributedApplicationModel([]),
            new DistributedApplicationExecutionContext(DistributedApplicationOperation.Publish), services, NullLogger.Instance,
            cancellation);
        await DeployScriptRun.RunAsync(new PipelineStepContext { PipelineContext = context, ReportingStep = (IReportingStep)(object)step },
            file, [], new Dictionary<string, string>());
    }

    /// <summary>Writes down what a step and its tasks are told. A proxy: the interfaces grow with each version of Aspire.</summary>
    internal class Step : DispatchProxy
    {
        private string task = "";
        private Step? parent;

        public List<string> Tasks { get; } = [];

        public List<string> Logs { get; } = [];

        public static Step Create() => (Step)(object)Create<IReportingStep, Step>();

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            switch (targetMethod!.Name)
            {
                case nameof(IReportingStep.CreateTaskAsync):
                    var made = Create<IReportingTask, Step>();
                    (((Step)(object)made).task, ((Step)(object)made).parent) = ((string)args![0]!, this);
                    Tasks.Add($"begin {args[0]}");
                    return Task.FromResult(made);
                case nameof(IReportingStep.Log):
                    lock (Logs)
                        Logs.Add($"{(LogLevel)args![0]!} {args[1]}");
                    return null;
                case nameof(IReportingTask.CompleteAsync):
                    parent!.Tasks.Add($"end {task}");
                    return Task.CompletedTask;
                case nameof(IAsyncDisposable.DisposeAsync):
                    return ValueTask.CompletedTask;
                default:
                    throw new NotSupportedException(targetMethod.Name);
            }
        }
    }
}
