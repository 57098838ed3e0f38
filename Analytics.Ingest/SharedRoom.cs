namespace Analytics.Ingest;

/// <summary>
/// Room of a fixed size that projects share. A project may hold at most 15 times of what then stays free, so that it can use most of an
/// unused room, projects at full speed hold equal parts, and some room is always left for the next one (A. K. Choudhury, E. L. Hahne,
/// "Dynamic queue length thresholds for shared-memory packet switches", IEEE/ACM Transactions on Networking 6(2), 1998). A project that
/// holds nothing may take whatever is free: the largest request must find room sometime.
/// </summary>
/// <param name="size">The room, in calls or bytes.</param>
internal sealed class SharedRoom(long size)
{
    /// <summary>
    /// One project alone can take 15/16 of the room, two at full speed 15/31 each, ten 15/151. Its large requests take 7/8 at most, the
    /// part that <see cref="MemoryLimits.ForLarge"/> gives them, so that they leave room to its small ones.
    /// </summary>
    private const int Share = 15, ShareOfLarge = 7;

    private readonly Lock gate = new();
    private readonly Dictionary<int, long> held = [];
    private long taken;

    /// <summary>The whole of it.</summary>
    public long Size => size;

    /// <summary>What is taken.</summary>
    public long Taken
    {
        get
        {
            lock (gate) return taken;
        }
    }

    /// <summary>Takes a part of the room for a project. False when there is none for it.</summary>
    /// <param name="project">The project.</param>
    /// <param name="amount">How much.</param>
    /// <param name="ofLarge">Whether it is for a large request.</param>
    public bool TryTake(int project, long amount, bool ofLarge = false)
    {
        lock (gate)
        {
            var own = held.GetValueOrDefault(project);
            var free = size - taken - amount;
            if (free < 0 || (own > 0 && own + amount > (ofLarge ? ShareOfLarge : Share) * free)) return false;
            if (ofLarge && taken + amount > MemoryLimits.ForLarge(size)) return false;
            held[project] = own + amount;
            taken += amount;
            return true;
        }
    }

    /// <summary>Gives back what a project has taken.</summary>
    public void Release(int project, long amount)
    {
        if (amount == 0) return;
        lock (gate)
        {
            taken -= amount;
            var own = held[project] - amount;
            if (own == 0) held.Remove(project);
            else held[project] = own;
        }
    }
}
