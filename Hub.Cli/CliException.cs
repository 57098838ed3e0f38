using Hub.Operations;

namespace Hub.Cli;

/// <summary>An error that the user can do something about: what is wrong, and what to do. Shown without a stack trace.</summary>
public sealed class CliException(string message, string? hint = null, int exitCode = 1) : OperationException(message, hint)
{
    public int ExitCode { get; } = exitCode;
}
