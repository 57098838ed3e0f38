using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;

namespace Analytics.Topology.Tests.Publishing;

/// <summary>The published deploy.sh beside its manifests, and a kubectl that only writes down what it is asked (kubectl-stub.sh).</summary>
internal sealed class DeployRun : IDisposable
{
    // Rendering takes as long as a run of the script, and most tests publish the same.
    private static readonly ConcurrentDictionary<(string Size, string? Registry), IReadOnlyList<OutputFile>> Published = new();

    private readonly string directory = Directory.CreateTempSubdirectory("hub-deploy-").FullName;

    /// <param name="size">What is published.</param>
    /// <param name="bucket">Whether somebody has named a bucket already: most of what is tested is not about it.</param>
    /// <param name="registry">Where Hub's own images are; null: nobody has said.</param>
    public DeployRun(string size = "dev", bool bucket = true, string? registry = "registry.example.com/hub")
    {
        foreach (var tool in new[] { "bash", "openssl", "awk" }.Where(tool => Find(tool) is null))
            Prerequisites.Missing($"{tool} on the PATH.");
        OutputFiles.Write(directory, Published.GetOrAdd((size, registry),
            published => PublishedFiles.For(PublishSize.Named(published.Size).From(new ImageSource(published.Registry)))));
        OutputFiles.Write(directory,
            [new OutputFile("bin/kubectl", File.ReadAllText(Path.Combine(Here(), "kubectl-stub.sh")), Executable: true),
            new OutputFile("bin/helm", File.ReadAllText(Path.Combine(Here(), "helm-stub.sh")), Executable: true)]);
        Directory.CreateDirectory(State);
        Directory.CreateDirectory(Temporary);

        foreach (var key in bucket ? ObjectStorage.Keys : [])
            SetSecret(KubernetesNames.BackupStorage, key, "given");
    }

    public string Script => Path.Combine(directory, "kubernetes", DeployScript.FileName);

    public string Chart => Path.Combine(directory, "helm");

    /// <summary>The directory in which the script's own temporary files come and go.</summary>
    public string Temporary => Path.Combine(directory, "tmp");

    private string State => Path.Combine(directory, "state");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    /// <summary>Everything that would have changed the cluster, in order, since the last <see cref="Forget"/>.</summary>
    public List<string> Changes => Lines("changes");

    /// <summary>The arguments of every call of kubectl.</summary>
    public List<string> Calls => Lines("calls");

    public void Forget()
    {
        File.Delete(Path.Combine(State, "changes"));
        File.Delete(Path.Combine(State, "calls"));
    }

    public void Mark(string name) => File.WriteAllText(Path.Combine(State, name), "");

    public bool IsMarked(string name) => File.Exists(Path.Combine(State, name));

    /// <summary>A file as it was last applied.</summary>
    public string Applied(string file) => File.ReadAllText(Path.Combine(State, "applied", file));

    /// <summary>A value of a Secret in the cluster, or null.</summary>
    public string? Secret(string name, string key)
    {
        var path = Path.Combine(State, "secrets", name, key);
        return File.Exists(path) ? Encoding.UTF8.GetString(Convert.FromBase64String(File.ReadAllText(path))) : null;
    }

    public void SetSecret(string name, string key, string value)
    {
        Directory.CreateDirectory(Path.Combine(State, "secrets", name));
        File.WriteAllText(Path.Combine(State, "secrets", name, key), Convert.ToBase64String(Encoding.UTF8.GetBytes(value)));
    }

    public void DropSecret(string name, string? key = null)
    {
        if (key is null)
            Directory.Delete(Path.Combine(State, "secrets", name), recursive: true);
        else
            File.Delete(Path.Combine(State, "secrets", name, key));
    }

    /// <summary>Name/key=value of all Secrets.</summary>
    public SortedDictionary<string, string> Secrets()
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var root = Path.Combine(State, "secrets");
        if (Directory.Exists(root))
        {
            foreach (var file in Directory.GetFiles(root, "*", SearchOption.AllDirectories))
                all[Path.GetRelativePath(root, file)] = Encoding.UTF8.GetString(Convert.FromBase64String(File.ReadAllText(file)));
        }

        return all;
    }

    public Task<(int ExitCode, string Text)> RunAsync(params string[] arguments) => RunAsync(arguments, []);

    public async Task<(int ExitCode, string Text)> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        using var process = Start(Find("bash")!, [Script, .. arguments], environment);
        return await EndAsync(process);
    }

    /// <summary>In a session of its own, so that a signal reaches it and what it runs, as Ctrl-C does.</summary>
    // A shell cannot trap a signal that was ignored when it began, as SIGINT is in whatever a CI runner starts in the background.
    public Process StartInSession(string[] arguments, params (string Name, string Value)[] environment) =>
        Start("setsid", ["--wait", "/usr/bin/env", "--default-signal=INT", Find("bash")!, Script, .. arguments], environment);

    public static async Task<(int ExitCode, string Text)> EndAsync(Process process)
    {
        process.StandardInput.Close();
        var cancellation = TestContext.Current.CancellationToken;
        var error = process.StandardError.ReadToEndAsync(cancellation);
        var output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, output + await error);
    }

    public static async Task<(int ExitCode, string Text)> ToolAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(Redirected(new ProcessStartInfo(program, arguments)))!;
        return await EndAsync(process);
    }

    /// <summary>A PATH on which nothing is but the tools that the script uses, without one of them.</summary>
    public string PathWithout(string missing)
    {
        var bin = Directory.CreateDirectory(Path.Combine(directory, $"without-{missing}")).FullName;
        foreach (var tool in new[] { "sed", "awk", "dirname", "cat", "tr", "cut", "grep", "mktemp", "rm", "mkdir", "ls", "cp",
            "openssl" }.Where(tool => tool != missing))
            File.CreateSymbolicLink(Path.Combine(bin, tool), Find(tool)!);
        if (missing != "kubectl")
            File.CreateSymbolicLink(Path.Combine(bin, "kubectl"), Path.Combine(directory, "bin/kubectl"));
        return bin;
    }

    public static string? Find(string tool) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(place => Path.Combine(place, tool))
            .FirstOrDefault(File.Exists);

    private Process Start(string program, string[] arguments, (string Name, string Value)[] environment)
    {
        var start = Redirected(new ProcessStartInfo(program, arguments));
        start.Environment["PATH"] = $"{Path.Combine(directory, "bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["STUB"] = State;
        start.Environment["TMPDIR"] = Temporary;
        start.Environment["HUB_VERIFY_PAUSE"] = "0";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static ProcessStartInfo Redirected(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        return start;
    }

    private List<string> Lines(string name) =>
        File.Exists(Path.Combine(State, name)) ? [.. File.ReadAllLines(Path.Combine(State, name))] : [];

    private static string Here([CallerFilePath] string source = "") => Path.GetDirectoryName(source)!;
}
