namespace Hub.Cli;

/// <summary>An error that the user can do something about: what is wrong, and what to do. Shown without a stack trace.</summary>
public sealed class CliException(string message, string? hint = null, int exitCode = 1) : Exception(message)
{
    /// <summary>What to do about it, in one or two lines.</summary>
    public string? Hint { get; } = hint;

    public int ExitCode { get; } = exitCode;
}
