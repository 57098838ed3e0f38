using System.Collections.Concurrent;

namespace Hub.Drills.Ledgers;

/// <summary>Every write of a drill with its answer, in one monotonic time. Any number of writers may report at once.</summary>
public sealed class Ledger(TimeProvider time)
{
    private readonly ConcurrentQueue<LedgerEntry> entries = new();
    private readonly ConcurrentDictionary<string, (int Acknowledged, TimeSpan Started)> latest = new();
    private readonly long began = time.GetTimestamp();
    private readonly DateTimeOffset beganAt = time.GetUtcNow();

    /// <summary>Since the ledger began.</summary>
    public TimeSpan Now => time.GetElapsedTime(began);

    public IReadOnlyList<LedgerEntry> Entries => [.. entries];

    /// <summary>A wall-clock time of this machine in the ledger's own.</summary>
    public TimeSpan Since(DateTimeOffset moment) => moment - beganAt;

    public void Add(LedgerEntry entry)
    {
        entries.Enqueue(entry);
        if (entry.Answer == Answer.Acknowledged)
            latest.AddOrUpdate(entry.Path, _ => (1, entry.Started),
                (_, before) => (before.Acknowledged + 1, entry.Started > before.Started ? entry.Started : before.Started));
    }

    /// <summary>How many writes of a path were acknowledged so far, and when the newest of them was sent.</summary>
    public (int Acknowledged, TimeSpan Newest) Progress(string path) => latest.GetValueOrDefault(path);
}
