using Docker.DotNet;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
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

    /// <summary>
    /// Starts a container. No engine, or no image and no registry that has it: that is <see cref="Missing"/>. A container that is there and
    /// does not come up is a failure, told with the end of its log.
    /// </summary>
    public static async Task StartAsync(IContainer container)
    {
        var cancel = TestContext.Current.CancellationToken;
        try
        {
            await container.StartAsync(cancel);
        }
        catch (DockerApiException e) when (container.State == TestcontainersStates.Undefined)
        {
            await container.DisposeAsync();
            Missing($"the image {container.Image.FullName} (./hub images makes it): {e.Message}");
        }
        catch (TimeoutException e)
        {
            var (output, error) = await container.GetLogsAsync(ct: CancellationToken.None);
            await container.DisposeAsync();
            throw new InvalidOperationException($"{container.Image.FullName} does not become ready: {Tail(output)} {Tail(error)}", e);
        }
    }

    /// <summary>Builds a container's description, which already asks for the engine.</summary>
    public static T Build<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (DockerUnavailableException e)
        {
            Missing($"a container engine: {e.Message}");
            throw;
        }
    }

    private static string Tail(string log) => log.Length <= 1000 ? log : log[^1000..];
}
