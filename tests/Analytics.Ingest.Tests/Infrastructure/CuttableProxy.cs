using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Analytics.Ingest.Tests.Infrastructure;

/// <summary>A way to the database that can be cut, also between the server's COMMIT and the answer to it.</summary>
internal sealed class CuttableProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> open = [];
    private readonly CancellationTokenSource stop = new();
    private readonly string host;
    private readonly int port;
    private readonly Task accepting;
    private volatile bool swallowing;

    public CuttableProxy(string host, int port)
    {
        (this.host, this.port) = (host, port);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>How many connections have been cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>Ends every connection at once.</summary>
    public void Cut()
    {
        foreach (var client in open.Keys)
        {
            Cuts++;
            // Null when the relay has just disposed of it.
            client.Client?.Close(0);
        }
    }

    /// <summary>Lets everything through to the server and nothing back, for a while; then cuts. What was committed meanwhile, nobody
    /// learns.</summary>
    public async Task SwallowAnswersAsync(TimeSpan time)
    {
        swallowing = true;
        await Task.Delay(time);
        Cut();
        swallowing = false;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        Cut();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var client = await listener.AcceptTcpClientAsync(stop.Token);
            _ = RelayAsync(client);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(host, port, stop.Token);
            (client.NoDelay, server.NoDelay) = (true, true);
            open[client] = 0;
            open[server] = 0;
            await Task.WhenAny(PumpAsync(client, server, answers: false), PumpAsync(server, client, answers: true));
        }
        catch (Exception gone) when (gone is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The cut is what this class is for.
        }

        open.TryRemove(client, out _);
        open.TryRemove(server, out _);
        client.Dispose();
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, bool answers)
    {
        try
        {
            var buffer = new byte[64 << 10];
            for (int read; (read = await from.GetStream().ReadAsync(buffer, stop.Token)) > 0;)
            {
                if (!answers || !swallowing) await to.GetStream().WriteAsync(buffer.AsMemory(0, read), stop.Token);
            }
        }
        catch (Exception gone) when (gone is SocketException or IOException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException)
        {
            // The same.
        }
    }
}
