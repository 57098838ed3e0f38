using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Analytics.Migrations.Etcd;

/// <summary>
/// Turns etcd's authentication on: the user root, and the user patroni who may read and write below <c>/service/</c> and nothing else. Mutual
/// TLS alone would let every holder of a client certificate write Patroni's leader key, and the JSON gateway cannot tell certificates apart.
/// </summary>
/// <remarks>
/// May be run again at any time, after any interruption, also when authentication is on already. It changes only what is not as it should be,
/// for each change makes every client's token void.
/// </remarks>
public sealed class EtcdAuth(EtcdGateway gateway, EtcdAuthSettings settings, ILogger logger, TimeProvider time)
{
    private const string Root = "root";
    private const string Patroni = "patroni";
    private const string Prefix = "/service/";

    // The end of a range is exclusive: the prefix with its last byte raised by one.
    private const string PrefixEnd = "/service0";

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);
    private readonly long started = time.GetTimestamp();
    private string? token;

    /// <summary>Makes it so.</summary>
    /// <exception cref="MigrationException">etcd has no quorum in time, or refuses; the message says what it answered.</exception>
    public async Task EnsureAsync(CancellationToken cancel)
    {
        try
        {
            token = await TokenAsync(Root, settings.RootPassword, cancel);
            var enabled = token is not null;
            logger.LogInformation("etcd's authentication is {State}", enabled ? "on already" : "off");
            if (!enabled)
            {
                await EnsureUserAsync(Root, settings.RootPassword, enabled, cancel);
                await EnsureRoleAsync(Root, cancel);
                await EnsureUserHasRoleAsync(Root, Root, cancel);
            }

            await EnsureUserAsync(Patroni, settings.PatroniPassword, enabled, cancel);
            await EnsureRoleAsync(Patroni, cancel);
            await EnsurePermissionAsync(cancel);
            await EnsureUserHasRoleAsync(Patroni, Patroni, cancel);
            if (!enabled)
            {
                await PostAsync("/v3/auth/enable", [], cancel);
                logger.LogInformation("etcd's authentication is on");
            }

            await VerifyAsync(cancel);
        }
        catch (EtcdException e)
        {
            throw new MigrationException($"etcd refused: {e.Message} (code {e.Code}).", e);
        }
    }

    /// <summary>A user's token; null when authentication is off.</summary>
    private async Task<string?> TokenAsync(string user, string password, CancellationToken cancel)
    {
        try
        {
            var answer = await PostAsync("/v3/auth/authenticate", new() { ["name"] = user, ["password"] = password }, cancel, authenticated: false);
            return (string?)answer["token"] ?? throw new MigrationException("etcd answered /v3/auth/authenticate without a token.");
        }
        catch (EtcdException e) when (Says(e, "authentication is not enabled"))
        {
            return null;
        }
        catch (EtcdException e) when (user == Root && Says(e, "invalid user ID or password"))
        {
            throw new MigrationException("etcd's authentication is on, and ETCD_ROOT_PASSWORD is not the password of its user root.", e);
        }
    }

    private async Task EnsureUserAsync(string user, string password, bool enabled, CancellationToken cancel)
    {
        JsonObject credentials() => new() { ["name"] = user, ["password"] = password };
        if (await AddAsync("/v3/auth/user/add", credentials(), cancel))
        {
            logger.LogInformation("User {User} added", user);
            return;
        }

        // While authentication is off a password cannot be checked: set it, because an interrupted run may have left another.
        if (enabled && await IsPasswordAsync(user, password, cancel)) return;
        await PostAsync("/v3/auth/user/changepw", credentials(), cancel);
        logger.LogInformation("Password of user {User} set", user);
    }

    private async Task<bool> IsPasswordAsync(string user, string password, CancellationToken cancel)
    {
        try
        {
            return await TokenAsync(user, password, cancel) is not null;
        }
        catch (EtcdException e) when (Says(e, "invalid user ID or password"))
        {
            return false;
        }
    }

    private async Task EnsureRoleAsync(string role, CancellationToken cancel)
    {
        if (await AddAsync("/v3/auth/role/add", new() { ["name"] = role }, cancel)) logger.LogInformation("Role {Role} added", role);
    }

    private async Task EnsureUserHasRoleAsync(string user, string role, CancellationToken cancel)
    {
        var answer = await PostAsync("/v3/auth/user/get", new() { ["name"] = user }, cancel);
        if (answer["roles"] is JsonArray roles && roles.Any(held => (string?)held == role)) return;
        await PostAsync("/v3/auth/user/grant", new() { ["user"] = user, ["role"] = role }, cancel);
        logger.LogInformation("Role {Role} granted to user {User}", role, user);
    }

    private async Task EnsurePermissionAsync(CancellationToken cancel)
    {
        var answer = await PostAsync("/v3/auth/role/get", new() { ["role"] = Patroni }, cancel);
        if (answer["perm"] is JsonArray permissions && permissions.Any(held =>
                (string?)held?["permType"] == "READWRITE" && (string?)held["key"] == Encode(Prefix) && (string?)held["range_end"] == Encode(PrefixEnd)))
            return;
        var permission = new JsonObject { ["permType"] = "READWRITE", ["key"] = Encode(Prefix), ["range_end"] = Encode(PrefixEnd) };
        await PostAsync("/v3/auth/role/grant", new() { ["name"] = Patroni, ["perm"] = permission }, cancel);
        logger.LogInformation("Role {Role} may read and write {Prefix}", Patroni, Prefix);
    }

    /// <summary>Verifies the result: patroni logs in and reads its prefix, and a client without a token does not.</summary>
    private async Task VerifyAsync(CancellationToken cancel)
    {
        var range = new JsonObject { ["key"] = Encode(Prefix), ["range_end"] = Encode(PrefixEnd), ["count_only"] = true };
        token = await TokenAsync(Patroni, settings.PatroniPassword, cancel);
        await PostAsync("/v3/kv/range", range, cancel);
        try
        {
            await PostAsync("/v3/kv/range", range, cancel, authenticated: false);
        }
        catch (EtcdException)
        {
            logger.LogInformation("Verified: user {User} reads {Prefix}, a client without a token is refused", Patroni, Prefix);
            return;
        }

        throw new MigrationException($"etcd still lets a client without a token read {Prefix}.");
    }

    /// <summary>False when it is there already.</summary>
    private async Task<bool> AddAsync(string path, JsonObject body, CancellationToken cancel)
    {
        try
        {
            await PostAsync(path, body, cancel);
            return true;
        }
        catch (EtcdException e) when (Says(e, "already exists"))
        {
            return false;
        }
    }

    /// <summary>Asks until etcd has a quorum or the time is over; every request may be repeated.</summary>
    private async Task<JsonObject> PostAsync(string path, JsonObject body, CancellationToken cancel, bool authenticated = true)
    {
        var reported = time.GetTimestamp();
        while (true)
        {
            string problem;
            try
            {
                return await gateway.PostAsync(path, body, authenticated ? token : null, cancel);
            }
            catch (HttpRequestException e)
            {
                problem = e.Message;
            }
            catch (EtcdException e) when (e.IsTransient)
            {
                problem = e.Message;
            }

            var waited = time.GetElapsedTime(started);
            if (waited >= settings.Timeout) throw new MigrationException($"etcd has not answered within {settings.Timeout:c}: {problem}");
            if (time.GetElapsedTime(reported) >= ProgressInterval)
            {
                reported = time.GetTimestamp();
                logger.LogInformation("Waiting for etcd, {Waited:F0} s of {Limit:F0} s: {Problem}", waited.TotalSeconds, settings.Timeout.TotalSeconds, problem);
            }

            await Task.Delay(PollInterval, time, cancel);
        }
    }

    private static bool Says(EtcdException e, string what) => e.Message.Contains(what, StringComparison.OrdinalIgnoreCase);

    private static string Encode(string key) => Convert.ToBase64String(Encoding.UTF8.GetBytes(key));
}
