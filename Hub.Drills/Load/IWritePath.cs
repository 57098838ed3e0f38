using Hub.Drills.Ledgers;

namespace Hub.Drills.Load;

/// <summary>A writer on one way into the database.</summary>
internal interface IWritePath : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Makes one write, once, and says what it was told. Throws nothing that the way can do to it.</summary>
    Task<(Answer Answer, string? Reason)> WriteAsync(Guid id, CancellationToken abandon);
}
