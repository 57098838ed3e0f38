using AppHost.Cluster;

namespace AppHost.Startup;

/// <summary>What keeps the AppHost from starting at all. Aspire's own exception would not say what to do.</summary>
internal static class Preflight
{
    /// <summary>Looks at the settings and, for a run, at the dashboard's ports.</summary>
    /// <returns>What is wrong and what to do; null: nothing is wrong.</returns>
    public static async Task<string?> ProblemAsync(IDistributedApplicationBuilder builder)
    {
        HubProfile profile;
        try
        {
            profile = HubProfile.Choose(builder.Configuration);
        }
        catch (InvalidOperationException problem)
        {
            return problem.Message;
        }

        return builder.ExecutionContext.IsPublishMode
            ? null
            : await DashboardPorts.ProblemAsync(profile.PortOffset, Console.Error, TimeProvider.System);
    }
}
