using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AppHost.Cluster;

namespace AppHost.Patroni;

/// <summary>Patroni refused, or did not answer; the message contains the reason.</summary>
internal sealed class PatroniException(string message) : Exception(message);

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
    private readonly IReadOnlyList<EndpointReference> members;

    /// <param name="tls">The hub's certificates.</param>
    /// <param name="login">User name and password of the REST API.</param>
    /// <param name="members">Its published port on every member.</param>
    public PatroniClient(HubTls tls, (string User, string Password) login, IReadOnlyList<EndpointReference> members)
    {
        this.members = members;
        http = tls.CreateClient();
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.User}:{login.Password}"));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", basic);
    }

    /// <summary>Whether a member is the primary, or a replica that PostgreSQL runs on (<c>GET /readiness</c>).</summary>
    /// <exception cref="HttpRequestException">It does not answer, or shows a certificate of another CA or name.</exception>
    public async Task<bool> IsReadyAsync(EndpointReference member, CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(Address(member, "readiness"), cancellation);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Whether a member says itself, now, that it is the leader: the others' list keeps a dead one until its lease ends.</summary>
    public async Task<bool> LeadsAsync(string name, CancellationToken cancellation)
    {
        if (members.FirstOrDefault(member => member.Resource.Name == name) is not { } leader)
            return false;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(AnswerTimeout);
        try
        {
            using var answer = await http.GetAsync(Address(leader, "primary"), stop.Token);
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
        await http.GetFromJsonAsync<PatroniCluster>(Address(member, "cluster"), stop) ?? throw new PatroniException("Patroni answered /cluster with null."), cancellation);

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
            using var answer = await http.PostAsync(Address(member, "switchover"), content, stop);
            var text = (await answer.Content.ReadAsStringAsync(stop)).Trim();
            return answer.IsSuccessStatusCode ? text : throw new PatroniException($"Patroni refused ({(int)answer.StatusCode}): {text}");
        }, cancellation);
    }

    public void Dispose() => http.Dispose();

    /// <summary>
    /// Asks one member after the other; only one that does not answer is passed over. One that is killed while it answers leaves half an answer.
    /// </summary>
    private async Task<T> FirstAsync<T>(TimeSpan limit, Func<EndpointReference, CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        var problem = "no member has started";
        foreach (var member in members.Where(member => member.PublishedPort() is not null))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            stop.CancelAfter(limit);
            try
            {
                return await ask(member, stop.Token);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException)
            {
                problem = $"{member.Resource.Name}: {failure.Message}";
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                problem = $"{member.Resource.Name}: no answer within {limit.TotalSeconds:F0} s";
            }
        }

        throw new PatroniException($"Patroni does not answer ({problem}).");
    }

    private static Uri Address(EndpointReference member, string path) => new($"https://{HubTls.Host}:{member.PublishedPort()}/{path}");
}
