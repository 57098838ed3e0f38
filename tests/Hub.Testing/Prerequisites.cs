using Xunit;

namespace Hub.Testing;

/// <summary>What a test needs from the machine. Missing on a developer's machine it is skipped with the reason, in CI it fails.</summary>
public static class Prerequisites
{
    /// <summary>Whether this runs in CI (environment variable <c>CI</c> is <c>true</c> or <c>1</c>).</summary>
    public static bool InCi => Environment.GetEnvironmentVariable("CI") is "true" or "True" or "1";

    /// <summary>Ends the test: skipped, or failed in CI. Only for things that are missing, never for things that do not work.</summary>
    /// <param name="what">What is missing and how to get it.</param>
    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    public static void Missing(string what)
    {
        if (InCi) Assert.Fail($"Missing in CI: {what}");
        Assert.Skip(what);
        throw new InvalidOperationException("Assert.Skip has returned");
    }
}
