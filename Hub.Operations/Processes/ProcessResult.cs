namespace Hub.Operations.Processes;

/// <summary>What a finished program left: its exit code and what it wrote.</summary>
internal sealed record ProcessResult(string Command, int ExitCode, string Output, string Error)
{
    /// <summary>The exit code of a program that was killed because it took too long, as of <c>timeout</c>.</summary>
    public const int TimedOut = 124;

    /// <exception cref="OperationException">The exit code is not 0; the message ends with the last lines of what it wrote.</exception>
    public ProcessResult OrThrow(string what, string? hint = null)
    {
        if (ExitCode == 0)
            return this;
        var lines = (Error + "\n" + Output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(12);
        throw new OperationException($"{what}: `{Command}` ended with exit code {ExitCode}:\n  {string.Join("\n  ", lines)}", hint);
    }
}
