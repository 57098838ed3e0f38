namespace Hub.Testing;

/// <summary>The tiers of tests, lowest first. A test belongs to the lowest one that can catch its fault; unit tests carry no
/// trait.</summary>
public static class Tiers
{
    /// <summary>The name of the trait: <c>[Trait(Tiers.Trait, Tiers.Integration)]</c>.</summary>
    public const string Trait = "Tier";

    /// <summary>A rendered file is accepted by the program that reads or runs it. Most need a container engine.</summary>
    public const string Native = "native";

    /// <summary>The real components, in containers.</summary>
    public const string Integration = "integration";

    /// <summary>The real topology with something killed, frozen, cut off or full.</summary>
    public const string Fault = "fault";

    /// <summary>As <see cref="Fault"/>, but long: every kind of restore. Run when asked for.</summary>
    public const string Nightly = "nightly";

    /// <summary>The published manifests and chart in the Kubernetes cluster that KUBECONFIG names. Run when asked for.</summary>
    public const string Cluster = "cluster";
}
