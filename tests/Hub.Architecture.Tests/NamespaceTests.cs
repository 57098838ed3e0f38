using Analytics.Ingest;
using Hub.Operations;

namespace Hub.Architecture.Tests;

public sealed class NamespaceTests
{
    /// <summary>
    /// A call goes one way: Otlp or Rest reads it, Calls maps and checks it, Pricing prices it, Writing stores it. A step refers only to
    /// the steps before it; the protocols, which hand calls on from step to step, stand last.
    /// </summary>
    [Fact]
    public void A_call_goes_one_way_through_ingest() => new NamespaceRules("Analytics.Ingest",
    [
        // The options.
        ("", []),
        ("Database", []),
        ("Http", [""]),
        ("Calls", [""]),
        ("Pricing", ["", "Database", "Calls"]),
        ("Telemetry", ["", "Database", "Http", "Calls", "Pricing"]),
        ("Keys", ["", "Database", "Http", "Telemetry"]),
        ("Writing", ["", "Database", "Http", "Keys", "Calls", "Pricing", "Telemetry"]),
        ("Certificates", ["", "Telemetry"]),
        ("Maintenance", ["", "Database", "Telemetry"]),
        ("Otlp", ["Http", "Keys", "Calls", "Pricing", "Telemetry", "Writing"]),
        ("Rest", ["", "Http", "Keys", "Calls", "Pricing", "Telemetry", "Writing"]),
        ("Usage", ["", "Http", "Keys"]),
        ("Hosting",
            ["", "Database", "Http", "Keys", "Calls", "Pricing", "Telemetry", "Writing", "Certificates", "Maintenance", "Otlp", "Rest",
                "Usage"]),
    ], "Analytics.Ingest.Protos").Hold(typeof(IngestOptions).Assembly);

    [Fact]
    public void Operations_build_on_clients_and_not_the_other_way() => new NamespaceRules("Hub.Operations",
    [
        ("", []),
        ("Processes", [""]),
        ("Patroni", ["Processes"]),
        ("Clusters", ["", "Patroni", "Processes"]),
        ("PgBouncer", ["Clusters", "Processes"]),
        ("Switchovers", ["", "Patroni", "Clusters", "PgBouncer", "Processes"]),
    ]).Hold(typeof(OperationException).Assembly);
}
