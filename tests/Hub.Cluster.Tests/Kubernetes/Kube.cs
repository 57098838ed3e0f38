using System.Text;
using System.Text.Json;
using Hub.Operations;
using Hub.Operations.Processes;
using k8s;
using k8s.Models;

namespace Hub.Cluster.Tests.Kubernetes;

/// <summary>kubectl in one namespace: what an operator has, with whatever plugin the cluster's kubeconfig needs.</summary>
/// <param name="space">The namespace.</param>
/// <param name="stop">Ends its calls. Null: the end of the test run.</param>
internal sealed class Kube(string space, CancellationToken? stop = null)
{
    private const string Program = "kubectl";
    private const int LogLines = 15;

    public string Namespace => space;

    /// <summary>For what heals and tidies up, also after somebody lost patience.</summary>
    public Kube Unstoppable => With(CancellationToken.None);

    private CancellationToken Cancel => stop ?? TestContext.Current.CancellationToken;

    public Kube With(CancellationToken cancel) => new(space, cancel);

    /// <summary>What is missing for a test on a cluster, with how to get it; null when nothing is. Helm is asked for only where it is used.</summary>
    public static async Task<string?> MissingAsync(bool helm, CancellationToken cancel)
    {
        // Not kubectl's own default: nobody's cluster is broken because it happens to be the current one.
        if (Environment.GetEnvironmentVariable("KUBECONFIG") is not { Length: > 0 } config)
            return "KUBECONFIG, which names the cluster to test on: KUBECONFIG=… ./hub test --tier cluster.";
        if (config.Split(Path.PathSeparator).FirstOrDefault(file => file.Length > 0 && !File.Exists(file)) is { } absent)
            return $"{absent}, which KUBECONFIG names.";
        foreach (var program in helm ? new[] { Program, "bash", "openssl", "helm" } : [Program, "bash", "openssl"])
        {
            if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(directory => directory.Length > 0 && File.Exists(Path.Combine(directory, program))))
                return $"{program} on the PATH.";
        }

        if (await ProcessRunner.RunWithinAsync(ProcessRunner.EngineTimeout, Program, ["version", "--request-timeout", "20s"], cancel) is { ExitCode: not 0 } silent)
            return $"a cluster that answers: {silent.Error.Trim()}";
        var classes = await new Kube("default").GetAsync("storageclass", "--output", "jsonpath={.items[*].metadata.annotations.storageclass\\.kubernetes\\.io/is-default-class}");
        return classes.Contains("true", StringComparison.Ordinal) ? null : "a default storage class in the cluster.";
    }

    public Task<ProcessResult> RunAsync(params string[] arguments) => ProcessRunner.RunWithinAsync(ProcessRunner.EngineTimeout, Program, ["--namespace", space, .. arguments], Cancel);

    /// <summary>For what may take long; the lines are shown as they come.</summary>
    public static async Task<ProcessResult> LongAsync(string file, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        await ProcessRunner.RunWithinAsync(TimeSpan.FromMinutes(40), file, arguments, TestContext.Current.CancellationToken, onLine: Say, environment: environment);

    public async Task<string> GetAsync(params string[] arguments) => (await RunAsync(["get", .. arguments])).OrThrow("The cluster was asked in vain").Output.Trim();

    public async Task<JsonElement> JsonAsync(params string[] arguments) => JsonSerializer.Deserialize<JsonElement>(await GetAsync([.. arguments, "--output", "json"]));

    /// <summary>Changes something, or waits for something.</summary>
    public async Task DoAsync(params string[] arguments)
    {
        Say($"kubectl {string.Join(' ', arguments)}");
        (await ProcessRunner.RunWithinAsync(TimeSpan.FromMinutes(15), Program, ["--namespace", space, .. arguments], Cancel)).OrThrow("kubectl failed");
    }

    public async Task ApplyAsync(params IKubernetesObject[] objects)
    {
        foreach (var each in objects)
            await ApplyAsync(KubernetesJson.Serialize(each));
    }

    public async Task ApplyAsync(string document) =>
        (await ProcessRunner.RunWithinAsync(ProcessRunner.EngineTimeout, Program, ["--namespace", space, "apply", "--filename", "-"], Cancel, input: document)).OrThrow("The cluster did not take an object");

    /// <summary>SQL at the first member that says it leads, as the superuser.</summary>
    public async Task<string> SqlAsync(string sql)
    {
        foreach (var member in (await GetAsync("pod", "--selector", "app.kubernetes.io/name=timescaledb", "--output", "jsonpath={.items[*].metadata.name}")).Split(' '))
        {
            if ((await PsqlAsync(member, "SELECT pg_is_in_recovery()")) is { ExitCode: 0, Output: "f\n" })
                return (await PsqlAsync(member, sql)).OrThrow($"{member} did not answer").Output.Trim();
        }

        throw new OperationException("No member leads.");
    }

    /// <summary>Fails with what Kubernetes says about the namespace: why pods do not run, what went wrong, the last lines of their logs.</summary>
    public async Task<T> ExplainAsync<T>(string what, Func<Task<T>> act)
    {
        Say($"── {what}");
        try
        {
            return await act();
        }
        catch (Exception problem) when (problem is OperationException or Xunit.Sdk.XunitException)
        {
            throw new OperationException($"{what}: {problem.Message}\n{await DescribeAsync()}");
        }
    }

    public Task ExplainAsync(string what, Func<Task> act) => ExplainAsync(what, async () =>
    {
        await act();
        return 0;
    });

    public async Task<string> DescribeAsync()
    {
        var text = new StringBuilder($"What Kubernetes says of namespace {space}:\n");
        foreach (var pod in (await JsonAsync("pod")).GetProperty("items").EnumerateArray())
        {
            var said = KubernetesJson.Deserialize<V1Pod>(pod.GetRawText());
            var containers = (said.Status.InitContainerStatuses ?? []).Concat(said.Status.ContainerStatuses ?? []).ToList();
            foreach (var condition in said.Status.Conditions?.Where(condition => condition is { Type: "PodScheduled", Status: not "True" }) ?? [])
                text.Append($"  {said.Metadata.Name} is not scheduled: {condition.Message}\n");
            foreach (var container in containers.Where(container => !container.Ready && container.State?.Terminated?.ExitCode != 0))
            {
                text.Append($"  {said.Metadata.Name}/{container.Name}: {Describe(container.State)}, {container.RestartCount} restarts{(container.LastState?.Terminated is null ? "" : $", before: {Describe(container.LastState)}")}\n");
                text.Append(await LogAsync(said.Metadata.Name, container.Name, previous: container.State?.Waiting is not null && container.RestartCount > 0));
            }
        }

        var events = await RunAsync("get", "events", "--field-selector", "type=Warning", "--sort-by", ".lastTimestamp", "--output",
            "jsonpath={range .items[*]}{.involvedObject.kind}/{.involvedObject.name}: {.reason}: {.message}{\"\\n\"}{end}");
        foreach (var line in events.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(LogLines))
            text.Append("  ").Append(line).Append('\n');
        return text.ToString();
    }

    public static void Say(string line)
    {
        if (TestContext.Current.TestOutputHelper is { } output)
            output.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss} {line}");
        else
            TestContext.Current.SendDiagnosticMessage(line);
    }

    private static string Describe(V1ContainerState? state) => state switch
    {
        { Waiting: { } waiting } => $"waits, {waiting.Reason}: {waiting.Message}",
        { Terminated: { } ended } => $"ended with exit code {ended.ExitCode}, {ended.Reason}: {ended.Message}",
        { Running: not null } => "runs and is not ready",
        _ => "unknown",
    };

    private async Task<string> LogAsync(string pod, string container, bool previous)
    {
        var log = await RunAsync(["logs", pod, "--container", container, "--tail", $"{LogLines}", .. previous ? ["--previous"] : Array.Empty<string>()]);
        return string.Concat((log.ExitCode == 0 ? log.Output : log.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"    {line}\n"));
    }

    private Task<ProcessResult> PsqlAsync(string member, string sql) => RunAsync("exec", member, "--container", "timescaledb", "--", "sh", "-c",
        "PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD exec psql -h /var/run/postgresql -U postgres -d llm_analytics -XqAt -c \"$1\"", "sh", sql);
}
