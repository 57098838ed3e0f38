namespace Analytics.Backup;

/// <summary>What the process answers. A CronJob, and the person who is paged, read nothing else.</summary>
public static class ExitCodes
{
    /// <summary>The job did all that it is for, and said so in the database.</summary>
    public const int Ok = 0;

    /// <summary>The job failed, found something broken, or could not record its result.</summary>
    public const int Failed = 1;

    /// <summary>A setting or an argument is missing or wrong; running again without changing it is of no use.</summary>
    public const int Configuration = 2;

    /// <summary>Stopped by a signal; what it had made is cleaned up.</summary>
    public const int Interrupted = 130;
}

/// <summary>Something that an operator has to act on: what is wrong and where, and what to do. Shown without a stack trace.</summary>
/// <param name="what">What is wrong, and where.</param>
/// <param name="todo">What to do about it.</param>
/// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
public sealed class BackupException(string what, string? todo = null, int exitCode = ExitCodes.Failed) : Exception(what)
{
    /// <summary>What to do about it; null when the message says it all.</summary>
    public string? Todo { get; } = todo;

    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>Both in one line, for a row in the database.</summary>
    public string Whole => Todo is null ? Message : $"{Message} → {Todo}";
}
