using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Hub.Operations.Patroni;

/// <summary>Patroni refused, or did not answer; the message contains the reason.</summary>
internal sealed class PatroniException(string message) : Exception(message);

/// <summary>
/// Where Patroni's REST API of a member is reached; <paramref name="Address"/> answers null while the member has not started.
/// </summary>
internal sealed record PatroniEndpoint(string Name, Func<Uri?> Address)
{
    /// <exception cref="InvalidOperationException">The member has not started.</exception>
    public Uri Of(string path) => new(Address() ?? throw new InvalidOperationException($"{Name} has not started."), path);
}

/// <summary>
/// Patroni's REST API from this machine: TLS verified against the cluster's own CA, a client certificate, and a password for what changes
/// something.
/// </summary>
internal sealed class PatroniClient : IDisposable
{
    /// <summary>A member that is frozen accepts connections and says nothing: the next one is asked.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Patroni answers when the new leader leads, or when it gave up.</summary>
    private static readonly TimeSpan SwitchOverTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient http;
    private readonly IReadOnlyList<PatroniEndpoint> members;

    /// <param name="http">Verifies the hub's certificates and shows one. It is disposed of with this client.</param>
    /// <param name="login">User name and password of the REST API.</param>
    /// <param name="members">Its address on every member.</param>
    public PatroniClient(HttpClient http, (string User, string Password) login, IReadOnlyList<PatroniEndpoint> members)
    {
        this.members = members;
        this.http = http;
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.User}:{login.Password}"));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", basic);
    }

    /// <summary>Whether a member is the primary, or a replica that PostgreSQL runs on (<c>GET /readiness</c>).</summary>
    /// <exception cref="HttpRequestException">It does not answer, or shows a certificate of another CA or name.</exception>
    public async Task<bool> IsReadyAsync(PatroniEndpoint member, CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(member.Of("readiness"), cancellation);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Whether a member says itself, now, that it is the leader: the others' list keeps a dead one until its lease ends.</summary>
    public async Task<bool> LeadsAsync(string name, CancellationToken cancellation)
    {
        if (members.FirstOrDefault(member => member.Name == name) is not { } leader || leader.Address() is null)
            return false;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(AnswerTimeout);
        try
        {
            using var answer = await http.GetAsync(leader.Of("primary"), stop.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>The cluster as the first member that answers sees it.</summary>
    /// <exception cref="PatroniException">None answers.</exception>
    public Task<PatroniCluster> ClusterAsync(CancellationToken cancellation) => FirstAsync(AnswerTimeout, async (member, stop) =>
        await http.GetFromJsonAsync<PatroniCluster>(member.Of("cluster"), stop) ?? throw new PatroniException("Patroni answered /cluster with null."), cancellation);

    /// <summary>Hands the leadership to a synchronous standby and waits for it.</summary>
    /// <returns>What Patroni says about it.</returns>
    /// <exception cref="PatroniException">There is no leader, or Patroni refuses.</exception>
    public async Task<string> SwitchOverAsync(CancellationToken cancellation)
    {
        var leader = (await ClusterAsync(cancellation)).Leader ?? throw new PatroniException("The cluster has no leader now.");
        var wish = JsonSerializer.Serialize(new { leader = leader.Name });
        return await FirstAsync(SwitchOverTimeout, async (member, stop) =>
        {
            // Text, because Patroni wants to be told a length; JSON content is sent in chunks.
            using var content = new StringContent(wish, Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(member.Of("switchover"), content, stop);
            var text = (await answer.Content.ReadAsStringAsync(stop)).Trim();
            return answer.IsSuccessStatusCode ? text : throw new PatroniException($"Patroni refused ({(int)answer.StatusCode}): {text}");
        }, cancellation);
    }

    public void Dispose() => http.Dispose();

    /// <summary>
    /// Asks one member after the other; only one that does not answer is passed over. One that is killed while it answers leaves half an answer.
    /// </summary>
    private async Task<T> FirstAsync<T>(TimeSpan limit, Func<PatroniEndpoint, CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        var problem = "no member has started";
        foreach (var member in members.Where(member => member.Address() is not null))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            stop.CancelAfter(limit);
            try
            {
                return await ask(member, stop.Token);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException)
            {
                problem = $"{member.Name}: {failure.Message}";
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                problem = $"{member.Name}: no answer within {limit.TotalSeconds:F0} s";
            }
        }

        throw new PatroniException($"Patroni does not answer ({problem}).");
    }
}
