namespace Analytics.Migrations;

/// <summary>What the process answers. A Kubernetes Job or a Compose dependency reads nothing else.</summary>
public static class ExitCodes
{
    /// <summary>Everything is applied, by this run or an earlier one.</summary>
    public const int Ok = 0;

    /// <summary>A step failed; what was committed stays, running again continues. The last line of the log says what failed.</summary>
    public const int Failed = 1;

    /// <summary>The configuration is wrong or incomplete; running again without changing it is of no use.</summary>
    public const int Configuration = 2;
}

/// <summary>Something that an operator has to act on; its message is complete without a stack trace.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A setting is missing or wrong; the message names it.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
