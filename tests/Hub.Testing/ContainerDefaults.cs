using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Hub.Testing;

/// <summary>What Testcontainers has to know before its first use. It reads these variables once, hence so early.</summary>
internal static class ContainerDefaults
{
    private const string SocketPath = "/var/run/docker.sock";

    // The API version that Testcontainers 4.16 insists on unless told otherwise; Docker 20.10 to 24 speak an older one.
    private static readonly Version Assumed = new(1, 44);

    // CA2255 warns libraries of surprising their users; here the surprise would be a pull from a registry.
    [SuppressMessage("Usage", "CA2255:The ModuleInitializer attribute should not be used in libraries",
        Justification = "Test support only.")]
    [ModuleInitializer]
    internal static void Set()
    {
        // The reaper is a container of a public registry, which not every machine reaches. Every fixture removes what it starts.
        SetDefault("TESTCONTAINERS_RYUK_DISABLED", "true");
        if (Environment.GetEnvironmentVariable("DOCKER_API_VERSION") is null && EngineVersion() is { } version && version < Assumed)
            SetDefault("DOCKER_API_VERSION", version.ToString());
    }

    private static void SetDefault(string name, string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))) Environment.SetEnvironmentVariable(name, value);
    }

    /// <summary>What the local engine says; null without one, or when DOCKER_HOST leads elsewhere: then Testcontainers reports what is
    /// wrong.</summary>
    private static Version? EngineVersion()
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOCKER_HOST")) || !File.Exists(SocketPath)) return null;
        try
        {
            // A bare socket: whatever ran on another thread would wait for this module to be initialised.
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            {
                ReceiveTimeout = 5000,
                SendTimeout = 5000
            };
            socket.Connect(new UnixDomainSocketEndPoint(SocketPath));
            socket.Send("GET /version HTTP/1.0\r\nHost: engine\r\n\r\n"u8);
            using var reader = new StreamReader(new NetworkStream(socket));
            var answer = reader.ReadToEnd();
            using var body = JsonDocument.Parse(answer[answer.IndexOf('{', StringComparison.Ordinal)..]);
            return Version.Parse(body.RootElement.GetProperty("ApiVersion").GetString()!);
        }
        catch (Exception e) when (e is SocketException or IOException or JsonException or KeyNotFoundException
            or ArgumentOutOfRangeException)
        {
            return null;
        }
    }
}
