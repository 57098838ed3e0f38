namespace Hub.Operations.Clusters;

/// <summary>Where a hub's parts run. Load, watchers and ledger need no more of it than this; faults bring tools of their own.</summary>
internal interface IClusterHost
{
    /// <summary>The program and its arguments that run a command in a part, with this program's standard streams.</summary>
    (string File, IReadOnlyList<string> Arguments) Command(string part, params string[] command);

    /// <summary>The port of 127.0.0.1 that leads to a port of a part. Remembered until <see cref="ForgetPorts"/>.</summary>
    /// <exception cref="OperationException">None does at present.</exception>
    Task<int> HostPortAsync(string part, int port, CancellationToken cancel);

    /// <summary>Ports may have changed: a part was started anew, or a connection broke.</summary>
    void ForgetPorts();

    /// <summary>Why a part does not run; null when it does.</summary>
    Task<string?> DownAsync(string part, CancellationToken cancel);
}
