using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.EndToEnd;

/// <summary>The promise of the README: one command, then real telemetry, and every figure adds up.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class HubUpTests(RunningHub hub) : IClassFixture<RunningHub>
{
    [Fact]
    public async Task Up_ends_with_addresses_and_status_says_healthy()
    {
        Assert.Contains("The hub is up", hub.UpOutput, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{hub.Port(Ports.OtlpHttp)}/v1/traces", hub.UpOutput, StringComparison.Ordinal);
        var status = await hub.RunAsync("status", "--json");
        Assert.True(status.ExitCode == 0, status.Output + status.Error);
        using var document = JsonDocument.Parse(status.Output);
        Assert.True(document.RootElement.GetProperty("healthy").GetBoolean());
        var members = document.RootElement.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("role").GetString())
            .Order().ToArray();
        Assert.Equal(["Leader", "Quorum Standby", "Quorum Standby"], members);
        Assert.Contains(document.RootElement.GetProperty("database").GetProperty("edition").GetString(), new[] { "apache", "timescale" });
    }

    [Fact]
    public async Task Status_has_three_figures_of_each_component_and_stays_quick_when_a_part_hangs()
    {
        var prometheus = await hub.ContainerAsync(ClusterNames.Prometheus);
        var before = await StatusAsync();
        Assert.All(before.GetProperty("components").EnumerateArray(),
            component => Assert.Equal(3, component.GetProperty("figures").GetArrayLength()));
        Assert.Empty(before.GetProperty("unanswered").EnumerateArray());
        (await ProcessRunner.RunAsync("docker", ["pause", prometheus], TestContext.Current.CancellationToken)).OrThrow(
            "Prometheus was not paused");
        try
        {
            var during = await StatusAsync();
            Assert.False(during.GetProperty("healthy").GetBoolean());
            Assert.Equal(["prometheus"], during.GetProperty("unanswered").EnumerateArray().Select(source => source.GetString()));
            Assert.NotEmpty(during.GetProperty("members").EnumerateArray());
            Assert.NotEqual(JsonValueKind.Null, during.GetProperty("database").ValueKind);
        }
        finally
        {
            (await ProcessRunner.RunAsync("docker", ["unpause", prometheus], CancellationToken.None)).OrThrow("Prometheus was not resumed");
        }
    }

    [Fact]
    public async Task A_whole_trace_is_stored_once_and_usage_equals_the_sums_of_its_file()
    {
        var trace = SharedData.Path(SharedData.Trace);
        var rows = File.ReadLines(trace).Skip(1).Select(line => line.Split(',')).ToArray();
        var input = rows.Sum(row => long.Parse(row[1], CultureInfo.InvariantCulture));
        var output = rows.Sum(row => long.Parse(row[2], CultureInfo.InvariantCulture));
        var before = await CountsAsync();

        var first = await SendAsync(trace);
        Assert.Equal(rows.Length, first.GetProperty("acknowledged").GetInt32());
        var after = await CountsAsync();
        Assert.Equal(before.Select(count => count + rows.Length), after);

        await SendAsync(trace);
        Assert.Equal(after, await CountsAsync());

        var usage = await UsageAsync(TimeProvider.System.GetUtcNow().AddDays(-3).ToString("yyyy-MM-dd'T'HH:00:00'Z'",
            CultureInfo.InvariantCulture));
        Assert.Equal(rows.Length, usage.GetProperty("requests").GetInt64());
        Assert.Equal(input, usage.GetProperty("input_tokens").GetInt64());
        Assert.Equal(output, usage.GetProperty("output_tokens").GetInt64());
    }

    [Fact]
    public async Task Up_again_keeps_passwords_and_data()
    {
        var secrets = await File.ReadAllTextAsync(Path.Combine(hub.State, "secrets.env"), TestContext.Current.CancellationToken);
        var before = await CountsAsync();
        var again = await hub.RunAsync("up");
        Assert.True(again.ExitCode == 0, again.Output + again.Error);
        Assert.Equal(secrets, await File.ReadAllTextAsync(Path.Combine(hub.State, "secrets.env"), TestContext.Current.CancellationToken));
        Assert.All((await CountsAsync()).Zip(before), pair => Assert.True(pair.First >= pair.Second));
    }

    [Fact]
    public async Task Up_under_another_profile_is_refused_with_what_to_do()
    {
        var result = await hub.RunAsync("up", "--profile", "single");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("already has a hub", result.Error, StringComparison.Ordinal);
        Assert.Contains("./hub down --volumes", result.Error, StringComparison.Ordinal);
    }

    /// <summary>
    /// The database image under another name is taken and kept; one without the library that the data needs is refused before anything is
    /// touched.
    /// </summary>
    [Fact]
    public async Task Up_on_another_database_image_is_refused_unless_it_opens_the_data_and_is_kept()
    {
        var image = $"{hub.Name}-database";
        try
        {
            (await ProcessRunner.RunAsync("docker", ["build", "--tag", $"{image}:other", "-"], TestContext.Current.CancellationToken, $"""
                FROM {DatabaseServer.Image}
                USER 0
                RUN cd "$(pg_config --pkglibdir)" && for library in timescaledb-*.so; do mv "$library" "$(echo "$library" | sed 's/-[0-9.]*\.so/-2.99.0.so/')"; done
                USER 1000
                """, environment: new Dictionary<string, string> { ["DOCKER_BUILDKIT"] = "0" })).OrThrow("The image was not made");
            (await ProcessRunner.RunAsync("docker", ["tag", DatabaseServer.Image, $"{image}:same"],
                TestContext.Current.CancellationToken)).OrThrow("The image has no second name");
            var counts = await CountsAsync();
            var refused = await hub.RunAsync(new Dictionary<string, string> { ["HUB_DATABASE_IMAGE"] = $"{image}:other" }, "up");
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("2.99.0", refused.Error, StringComparison.Ordinal);
            Assert.Contains("first use an image that has", refused.Error, StringComparison.Ordinal);
            Assert.Equal(counts, await CountsAsync());

            var taken = await hub.RunAsync(new Dictionary<string, string> { ["HUB_DATABASE_IMAGE"] = $"{image}:same" }, "up");
            Assert.True(taken.ExitCode == 0, taken.Output + taken.Error);
            var again = await hub.RunAsync("up");
            Assert.True(again.ExitCode == 0, again.Output + again.Error);
            var container = await hub.ContainerAsync(ClusterNames.Member(ClusterNames.TimescaleDb, 1));
            Assert.Equal($"{image}:same",
                (await ProcessRunner.RunAsync("docker", ["inspect", "--format", "{{.Config.Image}}", container],
                    TestContext.Current.CancellationToken)).Output.Trim());
            Assert.Equal(counts, await CountsAsync());

            var back = await hub.RunAsync(new Dictionary<string, string> { ["HUB_DATABASE_IMAGE"] = DatabaseServer.Image }, "up");
            Assert.True(back.ExitCode == 0, back.Output + back.Error);
        }
        finally
        {
            await ProcessRunner.RunAsync("docker", ["image", "rm", $"{image}:other", $"{image}:same"], CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_revoked_key_is_listed_as_such_and_refused()
    {
        var created = await hub.RunAsync("key", "create", "--project", "other", "--name", "test");
        Assert.True(created.ExitCode == 0, created.Error);
        var key = created.Output.Trim();
        var listed = (await hub.RunAsync("key", "list")).Output.Split('\n')
            .Single(line => line.Contains(key[..12], StringComparison.Ordinal));
        var id = listed.Split('│', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)[0];
        Assert.Contains("5 calls/day", (await hub.RunAsync("key", "limit", id, "--calls-per-day", "5")).Output, StringComparison.Ordinal);
        Assert.Contains("5 calls/day", (await hub.RunAsync("key", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await hub.RunAsync("key", "revoke", id)).ExitCode);
        using var http = Client(key);
        using var response = await http.GetAsync(new Uri("/api/v1/usage", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, response.StatusCode);
    }

    /// <summary>One call of status, which must end by itself long before anybody gives up on it.</summary>
    private async Task<JsonElement> StatusAsync()
    {
        var result = await hub.RunAsync("status", "--json").WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }

    private async Task<JsonElement> SendAsync(string trace)
    {
        var result = await hub.RunAsync("send", trace, "--json");
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }

    private async Task<long[]> CountsAsync()
    {
        var result = await hub.RunAsync("psql", "--", "-At", "-F", " ", "-c",
            "SELECT (SELECT count(*) FROM analytics.llm_requests), (SELECT count(*) FROM analytics.token_usage), (SELECT count(*) FROM "
                + "analytics.cost_tracking)");
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        return [.. result.Output.Trim().Split(' ').Select(count => long.Parse(count, CultureInfo.InvariantCulture))];
    }

    private async Task<JsonElement> UsageAsync(string from)
    {
        using var http = Client(hub.ApiKey);
        var json = await http.GetStringAsync(new Uri($"/api/v1/usage?group_by=model&from={from}", UriKind.Relative),
            TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("total").Clone();
    }

    private HttpClient Client(string key) => new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{hub.Port(Ports.Rest)}"),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };
}
