namespace ServiceDefaults;

/// <summary>Which probe a health check belongs to.</summary>
public static class HealthTags
{
    /// <summary>The process itself. Never a dependency: a database outage must not restart the service.</summary>
    public const string Live = "live";

    /// <summary>Whether the service can do its work now, its dependencies included.</summary>
    public const string Ready = "ready";

    /// <summary>Whether requests are to be sent here. A dependency that is away for a moment does not count: the others do not have it
    /// either.</summary>
    public const string Accepting = "accepting";
}
