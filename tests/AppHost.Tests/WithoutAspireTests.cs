namespace AppHost.Tests;

/// <summary>Stands for every test of the AppHost where it was not built, so that a run says that they are missing.</summary>
public class The_AppHost
{
    [Fact(Skip = "Aspire's packages are not in this registry; HubAspire=false")]
    public void Runs_and_publishes_the_topology()
    {
    }
}
