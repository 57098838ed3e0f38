namespace Analytics.Topology.Monitoring;

/// <summary>How soon somebody must look.</summary>
public enum AlertSeverity
{
    /// <summary>Only recorded; nobody is notified.</summary>
    Info,

    /// <summary>Within a working day.</summary>
    Warning,

    /// <summary>Now, at night too.</summary>
    Critical,
}

/// <summary>One alert, the same on every host.</summary>
/// <param name="Group">What it is about: the template's name.</param>
/// <param name="Name">Unique; its runbook is docs/runbooks/NAME.md.</param>
/// <param name="Expression">PromQL, true where something is wrong.</param>
/// <param name="For">How long it must be true. Zero: at once.</param>
/// <param name="Severity">How soon somebody must look.</param>
/// <param name="Summary">One line, with the value (a template of Prometheus').</param>
/// <param name="Description">What it means, with values.</param>
public sealed record AlertRule(string Group, string Name, string Expression, TimeSpan For, AlertSeverity Severity, string Summary, string Description);

/// <summary>A figure that Prometheus works out at each evaluation.</summary>
/// <param name="Name">Name of the new series, <c>hub:what:how</c>.</param>
/// <param name="Expression">PromQL.</param>
public sealed record RecordingRule(string Name, string Expression);
