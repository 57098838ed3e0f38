using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Hub.Testing;

/// <summary>
/// Compares generated text with files committed beside the tests. What differs is written next to the snapshot as
/// <c>name.received.ext</c>, to be compared with any tool. <c>HUB_ACCEPT_SNAPSHOTS=1</c> takes it over, and the test fails all the same:
/// a run that changes what it checks proves nothing. In CI nothing is accepted.
/// </summary>
public static class Snapshot
{
    private const string AcceptVariable = "HUB_ACCEPT_SNAPSHOTS";

    private static bool Accepts => Environment.GetEnvironmentVariable(AcceptVariable) is "1" or "true" && !Prerequisites.InCi;

    /// <summary>The text equals the snapshot, to the byte.</summary>
    /// <param name="text">What was generated.</param>
    /// <param name="path">Path of the snapshot relative to the test project, such as <c>Snapshots/development/compose.yaml</c>.</param>
    /// <param name="source">Filled in by the compiler.</param>
    public static void Match(string text, string path, [CallerFilePath] string source = "") => Report([Compare(text, path, ProjectDirectory(source))]);

    /// <summary>Each file equals its snapshot, and the directory holds no snapshot that nothing generates any more.</summary>
    /// <param name="files">Path below <paramref name="directory"/> → text.</param>
    /// <param name="directory">Directory of the snapshots relative to the test project.</param>
    /// <param name="source">Filled in by the compiler.</param>
    public static void MatchAll(IEnumerable<(string Path, string Text)> files, string directory, [CallerFilePath] string source = "")
    {
        ArgumentNullException.ThrowIfNull(files);
        var project = ProjectDirectory(source);
        var expected = files.ToDictionary(file => $"{directory}/{file.Path}", file => file.Text, StringComparer.Ordinal);
        Report([.. expected.Select(file => Compare(file.Value, file.Key, project)), .. Abandoned(expected.Keys, directory, project)]);
    }

    /// <summary>
    /// As <see cref="MatchAll"/>, by the differences to files that are committed elsewhere and hold most of it: <c>name.diff</c> for a file
    /// that differs or is left out, the file itself where there is none to compare with. Together with those files they say every byte.
    /// </summary>
    /// <param name="files">Path → text.</param>
    /// <param name="full">What they are compared with, path → text.</param>
    /// <param name="directory">Directory of the snapshots relative to the test project.</param>
    /// <param name="source">Filled in by the compiler.</param>
    public static void MatchDifferences(
        IEnumerable<(string Path, string Text)> files, IReadOnlyDictionary<string, string> full, string directory, [CallerFilePath] string source = "")
    {
        ArgumentNullException.ThrowIfNull(full);
        var all = files.ToDictionary(file => file.Path, file => file.Text, StringComparer.Ordinal);
        MatchAll(
            [
                .. all.Where(file => full.GetValueOrDefault(file.Key) != file.Value).Select(file => full.TryGetValue(file.Key, out var other)
                    ? (file.Key + ".diff", LineDiff.Unified(other, file.Value, whole: true))
                    : (file.Key, file.Value)),
                .. full.Keys.Except(all.Keys).Select(path => (path + ".diff", "This file is not there.\n")),
            ], directory, source);
    }

    private static string? Compare(string text, string path, string project)
    {
        var snapshot = Path.Combine(project, path);
        var received = Path.ChangeExtension(snapshot, null) + ".received" + Path.GetExtension(snapshot);
        var committed = File.Exists(snapshot) ? File.ReadAllText(snapshot) : null;
        if (committed == text)
        {
            File.Delete(received);
            return null;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(snapshot)!);
        File.WriteAllText(Accepts ? snapshot : received, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        if (Accepts)
            File.Delete(received);
        return $"--- {path} ({(committed is null ? "not there yet" : "committed")})\n+++ {path} (generated)\n{LineDiff.Unified(committed ?? "", text)}";
    }

    private static IEnumerable<string> Abandoned(IEnumerable<string> expected, string directory, string project)
    {
        var full = Path.Combine(project, directory);
        var present = Directory.Exists(full) ? Directory.GetFiles(full, "*", SearchOption.AllDirectories) : [];
        foreach (var file in present.Select(file => Path.GetRelativePath(project, file).Replace('\\', '/')).Except(expected).Order(StringComparer.Ordinal))
        {
            if (Path.GetFileNameWithoutExtension(file).EndsWith(".received", StringComparison.Ordinal))
                continue;
            if (Accepts)
                File.Delete(Path.Combine(project, file));
            yield return $"--- {file} (committed, but nothing generates it)\n";
        }
    }

    private static void Report(IEnumerable<string?> differences)
    {
        var found = differences.OfType<string>().ToList();
        if (found.Count == 0)
            return;
        var advice = Accepts
            ? $"Accepted because {AcceptVariable} is set. Read the change, then run the test again without it."
            : $"If the change is meant, run once with {AcceptVariable}=1 and commit the snapshots.";
        Assert.Fail($"{found.Count} generated file(s) differ from their snapshots. {advice}\n{string.Join('\n', found)}");
    }

    /// <summary>The directory of the nearest project file above the calling source file.</summary>
    private static string ProjectDirectory(string source)
    {
        for (var directory = Path.GetDirectoryName(source); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (Directory.Exists(directory) && Directory.EnumerateFiles(directory, "*.csproj").Any())
                return directory;
        }

        throw new InvalidOperationException($"The snapshots are looked for beside the source file '{source}', which is not on this machine.");
    }
}