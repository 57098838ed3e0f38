using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Analytics.Ingest.Tests.Infrastructure;

namespace Analytics.Ingest.Tests.Integration;

[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class RequestsApiTests(DatabaseFixture databases) : HostedTests(databases)
{
    [Fact]
    public async Task A_batch_is_stored_once_and_every_call_has_an_id()
    {
        var given = Guid.NewGuid();
        var batch = new
        {
            requests = new object[]
            {
                new { time = Now, request_id = given, provider = "openai", model = "gpt-4o", duration_seconds = 1.5,
                    usage = new { input_tokens = 10, output_tokens = 5 } },
                new { time = Now, id = "order-1", provider = "anthropic", model = "claude-sonnet-4-5",
                    usage = new { input_tokens = 10, output_tokens = 5, cache_read_tokens = 90, cached_tokens_included = false } },
                new { time = Now, model = "m", error_type = "timeout", error_message = "too slow" },
                new { model = "without a time" },
                new { time = Now.AddDays(2), model = "of tomorrow" },
                new { time = Now, model = "m", duration_seconds = -1 },
                new { time = Now, model = "m", duration_seconds = 1e308 },
            },
        };
        var first = await PostAsync(batch);
        Assert.Equal((3, 0), (first.GetProperty("accepted").GetInt32(), first.GetProperty("duplicates").GetInt32()));
        var rejected = first.GetProperty("rejected").EnumerateArray().ToArray();
        Assert.Equal([3, 4, 5, 6], rejected.Select(item => item.GetProperty("index").GetInt32()));
        Assert.Equal("the start time is missing", rejected[0].GetProperty("reason").GetString());
        var ids = first.GetProperty("request_ids").EnumerateArray().Select(id => id.GetGuid()).ToArray();
        Assert.Equal((7, given), (ids.Distinct().Count(), ids[0]));
        await AssertRowsAsync(3);
        Assert.Equal(["exclusive", 100L],
            Assert.Single(
                await Database.Owner.RowsAsync("SELECT cache_convention, input_tokens FROM analytics.token_usage WHERE request_id = $1",
                    ids[1])));

        var second = await PostAsync(batch);
        // The third call has no id of its own, so nobody can know that it is the same.
        Assert.Equal((1, 2), (second.GetProperty("accepted").GetInt32(), second.GetProperty("duplicates").GetInt32()));
        Assert.Equal(ids[1], second.GetProperty("request_ids")[1].GetGuid());
    }

    [Theory]
    [InlineData("{", 400, "line 1, byte ")]
    [InlineData("null", 400, "null")]
    [InlineData("{\"requests\":[{\"input_token\":1}]}", 400, "input_token")]
    [InlineData("{\"requests\":[{\"time\":\"noon\"}]}", 400, "$.requests[0].time")]
    [InlineData("{\"requests\":[null]}", 400, "requests[0] is null")]
    [InlineData("{}", 400, "requests")]
    [InlineData("{\"requests\":[{\"usage\":{\"input_tokens\":1.5}}]}", 400, "$.requests[0].usage.input_tokens")]
    [InlineData("{\"requests\":[{\"model\":\"\\ud800\"}]}", 400, "$.requests[0].model")]
    public async Task What_is_malformed_gets_a_problem_that_says_where(string body, int status, string place)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Rest.PostAsync("/api/v1/requests", content, TestContext.Current.CancellationToken);
        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var problem = JsonDocument.Parse(await response.TextAsync()).RootElement;
        Assert.Contains(place, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("System.", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Analytics.", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_key_or_as_another_type_it_is_refused()
    {
        using var anonymous = await Client(Host.Rest, null).SendAsync("/api/v1/requests", "{}"u8.ToArray(), "application/json");
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (anonymous.StatusCode, anonymous.Headers.WwwAuthenticate.ToString()));
        using var text = await Rest.SendAsync("/api/v1/requests", "{}"u8.ToArray(), "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, text.StatusCode);
        using var elsewhere = await Rest.SendAsync("/v1/traces", [], "application/x-protobuf");
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        using var otherPort = await Otlp.GetAsync("/api/v1/usage", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, otherPort.StatusCode);
    }

    [Fact]
    public async Task The_service_describes_itself()
    {
        var document = JsonDocument.Parse(await Rest.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken)).RootElement;
        var paths = document.GetProperty("paths").EnumerateObject().Select(path => path.Name);
        Assert.Equal(["/api/v1/requests", "/api/v1/usage"], paths.Order());
        var facts = document.GetProperty("components").GetProperty("schemas").GetProperty("RestCall").GetProperty("properties");
        Assert.All(facts.EnumerateObject(),
            property => Assert.True(property.Value.TryGetProperty("description", out _) || property.Name == "usage", property.Name));
        using var reference = await Rest.GetAsync("/reference", TestContext.Current.CancellationToken);
        Assert.Equal("text/html", reference.Content.Headers.ContentType?.MediaType);
    }

    private async Task<JsonElement> PostAsync(object batch)
    {
        using var response = await Rest.PostAsJsonAsync("/api/v1/requests", batch, TestContext.Current.CancellationToken);
        var text = await response.TextAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }
}
