using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Analytics.Ingest.Tests.Infrastructure;

namespace Analytics.Ingest.Tests.Integration;

/// <summary>What an attack once answered with a 500.</summary>
[Trait(Tiers.Trait, Tiers.Integration)]
public sealed class HostileRequestsTests(DatabaseFixture databases) : HostedTests(databases)
{
    [Fact]
    public async Task A_null_where_the_list_belongs_is_a_400()
    {
        using var body = new StringContent("""{"requests":null}""", Encoding.UTF8, "application/json");
        using var response = await Rest.PostAsync("/api/v1/requests", body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Costs_of_extreme_size_and_precision_do_not_break_the_usage_response()
    {
        var costs = new[] { "79228162514264337593543950335", "0.0000000000000000000000000001", "999999.123456789012345", "0.5" };
        foreach (var cost in costs)
        {
            using var body = new StringContent(
                $$$"""{"requests":[{"time":"{{{Now.UtcDateTime:O}}}","model":"m","usage":{"input_tokens":1,"output_tokens":1,"cost_usd":{{{cost}}} } }]}""", Encoding.UTF8, "application/json");
            using var response = await Rest.PostAsync("/api/v1/requests", body, TestContext.Current.CancellationToken);
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{cost}: {response.StatusCode}");
        }

        var usage = await Rest.GetFromJsonAsync<JsonElement>("/api/v1/usage", TestContext.Current.CancellationToken);
        Assert.InRange(usage.GetProperty("total").GetProperty("cost_usd").GetDecimal(), 0.5m, 1_000_001m);
    }
}
