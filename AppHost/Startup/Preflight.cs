using AppHost.Cluster;

namespace AppHost.Startup;

/// <summary>What keeps the AppHost from starting at all. Aspire's own exception would not say what to do.</summary>
internal static class Preflight
{
    /// <summary>Looks at the settings and, for a run, at the state directory and the dashboard's ports.</summary>
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

        if (builder.ExecutionContext.IsPublishMode)
            return null;
        return StateProblem(HubState.DirectoryOf(builder))
            ?? await DashboardPorts.ProblemAsync(profile.PortOffset, Console.Error, TimeProvider.System);
    }

    /// <summary>Whether the state directory can be written: passwords and certificates are kept there.</summary>
    internal static string? StateProblem(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            var file = Path.Combine(directory, ".writable");
            File.WriteAllText(file, "a file can be made here\n");
            File.Delete(file);
            return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return $"The state directory {directory} cannot be written: {problem.Message} "
                + $"Mend that, or take another: {HubState.Variable}=another-directory.";
        }
    }
}
