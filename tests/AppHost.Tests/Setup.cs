using System.Runtime.CompilerServices;

namespace AppHost.Tests;

internal static class Setup
{
    /// <summary>Without it a parameter that has no value makes a publishing process wait for somebody to type it.</summary>
    [ModuleInitializer]
    internal static void AskNothing() => Environment.SetEnvironmentVariable("ASPIRE_INTERACTIVITY_ENABLED", "false");
}
