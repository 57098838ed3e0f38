using System.Xml.Linq;

namespace Hub.Cli.Engine;

/// <summary>Which of Aspire's packages builds use: what ./hub was told by the registry, by the rules of
/// AppHost/Registry/Aspire.props.</summary>
/// <param name="answers">The file that ./hub writes, or null before it has asked.</param>
/// <param name="environment">A variable of the environment, which comes before the file.</param>
internal sealed class AspirePackages(XDocument? answers, Func<string, string?> environment)
{
    /// <summary>Each package, the property that says whether it is used, and what is missing without it.</summary>
    public static readonly IReadOnlyList<(string Id, string Property, string Use)> All =
    [
        ("Aspire.Hosting.AppHost", "HubAspireAppHost", "the AppHost: F5, aspire publish, aspire deploy"),
        ("Aspire.Hosting.PostgreSQL", "HubAspirePostgreSQL", "the AppHost"),
        ("Aspire.Hosting.Orchestration", "HubAspireOrchestration", "running the AppHost (F5)"),
        ("Aspire.Dashboard.Sdk", "HubAspireDashboard", "running the AppHost (F5)"),
        ("Aspire.Hosting.Testing", "HubAspireTesting", "the AppHost's tests"),
        ("Aspire.Npgsql", "HubAspireNpgsql", "nothing: the services configure Npgsql themselves"),
        ("Aspire.Hosting.Kubernetes", "HubAspireKubernetes", "nothing: the AppHost publishes and deploys the chart itself"),
    ];

    public static AspirePackages Load(string repository)
    {
        var file = Path.Combine(repository, "artifacts", "aspire.props");
        return new AspirePackages(File.Exists(file) ? XDocument.Load(file) : null, Environment.GetEnvironmentVariable);
    }

    public bool Has(string property)
    {
        if (environment(property) is { Length: > 0 } chosen)
            return chosen == "true";
        if (environment("HubAspire") == "false")
            return false;
        return answers?.Descendants(property).SingleOrDefault()?.Value is { } answer ? answer == "true" : property != "HubAspireKubernetes";
    }
}
