using Microsoft.Extensions.Options;

namespace Analytics.Ingest;

/// <summary>
/// Derives what may be held in memory from the memory that the process has: the container's limit, of which .NET uses three quarters. A
/// limit that is configured stays as it is. With 768 MiB: bodies together 128 MiB, the queue 64 MiB, one body 64 MiB.
/// </summary>
internal sealed class MemoryLimits(IConfiguration configuration, Func<long> available) : IPostConfigureOptions<IngestOptions>
{
    public MemoryLimits(IConfiguration configuration) : this(configuration, () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
    {
    }

    /// <summary>A request up to this size, in bytes, finds room where a larger one does not.</summary>
    public const int SmallRequest = 1 << 20;

    /// <summary>
    /// The part of a room that large requests may fill. The last eighth is for small ones, so that whoever sends large ones cannot keep the
    /// others out.
    /// </summary>
    public static long ForLarge(long room) => room - (room / 8);

    public void PostConfigure(string? name, IngestOptions options)
    {
        // A body of the largest size is copied once from a buffer of half of it, and an eighth of the room is for small ones: at least 12/7
        // of it.
        var ninth = available() / 9;
        if (!IsConfigured(nameof(IngestOptions.MaxBufferedBytes))) options.MaxBufferedBytes = Math.Min(options.MaxBufferedBytes, 2 * ninth);
        if (!IsConfigured(nameof(IngestOptions.QueueBytes))) options.QueueBytes = Math.Min(options.QueueBytes, ninth);
        if (!IsConfigured(nameof(IngestOptions.MaxBodyBytes))) options.MaxBodyBytes = (int)Math.Min(options.MaxBodyBytes, ninth);
    }

    private bool IsConfigured(string option) => configuration[$"{IngestOptions.Section}:{option}"] is not null;
}
