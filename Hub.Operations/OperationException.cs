namespace Hub.Operations;

/// <summary>An operation that cannot go on: what is wrong, and what to do about it. Shown without a stack trace.</summary>
public class OperationException(string message, string? hint = null) : Exception(message)
{
    /// <summary>What to do about it, in one or two lines.</summary>
    public string? Hint { get; } = hint;
}
