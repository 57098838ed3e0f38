namespace Hub.Drills;

/// <summary>A drill or an operation that cannot go on: what is wrong, and what to do about it.</summary>
public sealed class DrillException(string message, string? hint = null) : Exception(message)
{
    /// <summary>What to do about it, in one or two lines.</summary>
    public string? Hint { get; } = hint;
}
