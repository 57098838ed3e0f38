using Xunit;

namespace Hub.Testing;

/// <summary>
/// Public data that lies beside a checkout, in <c>shared/data</c>, or where HUB_SHARED_DATA says: an LLM trace, OTLP examples, prices.
/// The project holds no copy.
/// </summary>
public static class SharedData
{
    /// <summary>8 819 calls of about one hour (Azure/AzurePublicDataset, CC-BY 4.0).</summary>
    public const string Trace = "azure-llm-inference-code-2023.csv";

    /// <summary>Path of a file; without it the test is skipped, in CI too, for a checkout alone does not have it.</summary>
    public static string Path(string name)
    {
        var configured = Environment.GetEnvironmentVariable("HUB_SHARED_DATA");
        var candidates = string.IsNullOrEmpty(configured) ? Beside(Environment.GetEnvironmentVariable("HUB_HOME"))
            .Concat(Beside(AppContext.BaseDirectory)) : [configured];
        var path = candidates.Select(directory => System.IO.Path.Combine(directory, name)).FirstOrDefault(File.Exists);
        if (path is null)
            Assert.Skip($"{name} is neither in a folder shared/data beside the checkout nor where HUB_SHARED_DATA says.");
        return path!;
    }

    private static IEnumerable<string> Beside(string? start)
    {
        for (var directory = string.IsNullOrEmpty(start)
            ? null : new DirectoryInfo(start); directory is not null; directory = directory.Parent)
            yield return System.IO.Path.Combine(directory.FullName, "shared", "data");
    }
}
