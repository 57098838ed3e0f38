using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace Hub.Cli.Tests.Restore;

/// <summary>Writes a row each second and keeps a ledger of those that the database acknowledged, by the clock of the database.</summary>
internal sealed class Ticker(BackedUpHub hub, string table) : IAsyncDisposable
{
    /// <summary>A write that waits longer has missed its second anyway.</summary>
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<(int Id, DateTimeOffset At)> acknowledged = new();
    private readonly CancellationTokenSource stop = new();
    private Task? running;

    public IReadOnlyList<(int Id, DateTimeOffset At)> Acknowledged => [.. acknowledged];

    public void Start() => running = Task.Run(WriteAsync);

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await (running ?? Task.CompletedTask);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
    }

    /// <summary>Ids of a restored table.</summary>
    public async Task<HashSet<int>> StoredAsync(CancellationToken cancel) =>
        [.. await hub.ScalarAsync<int[]>($"SELECT coalesce(array_agg(id), '{{}}') FROM {table}", cancel)];

    private async Task WriteAsync()
    {
        for (var id = 1; !stop.IsCancellationRequested; id++)
        {
            try
            {
                await using var connection = await hub.OpenAsync(stop.Token, WaitLimit);
                await using var command = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO {table} VALUES ({id}, clock_timestamp()) RETURNING at"), connection);
                var at = (DateTime)(await command.ExecuteScalarAsync(stop.Token))!;
                acknowledged.Enqueue((id, new DateTimeOffset(at, TimeSpan.Zero)));
                await Task.Delay(TimeSpan.FromSeconds(1), stop.Token);
            }
            catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
            {
                // A failover, a dropped table or a cluster that is gone: what was not acknowledged is not in the ledger.
                await Task.Delay(TimeSpan.FromMilliseconds(200), CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
