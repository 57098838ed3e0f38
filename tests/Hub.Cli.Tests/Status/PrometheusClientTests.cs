using System.Net;
using System.Text;
using Hub.Cli.Cluster;

namespace Hub.Cli.Tests.Status;

public sealed class PrometheusClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2.5"]}]}}""", 2.5)]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[]}}""", null)]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]}]}}""", null)]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"+Inf"]}]}}""", null)]
    public async Task A_value_is_a_number_or_none(string answer, double? value) => Assert.Equal(value, await Client(answer).ValueAsync("up", Cancel));

    [Fact]
    public async Task Alerts_come_worst_first()
    {
        var alerts = await Client("""
            {"status":"success","data":{"alerts":[
              {"labels":{"alertname":"C","severity":"critical"},"annotations":{"summary":"later"},"state":"pending","activeAt":"2026-11-22T20:00:00Z","value":"1"},
              {"labels":{"alertname":"I","severity":"info"},"annotations":{},"state":"firing","activeAt":"2026-11-22T20:00:00Z","value":"1"},
              {"labels":{"alertname":"W","severity":"warning"},"annotations":{"summary":"soon"},"state":"firing","activeAt":"2026-11-22T20:00:00.5Z","value":"1"},
              {"labels":{"alertname":"A","severity":"critical"},"annotations":{"summary":"now"},"state":"firing","activeAt":"2026-11-22T20:00:00Z","value":"1"}]}}
            """).AlertsAsync(Cancel);
        Assert.Equal(["A", "W", "I", "C"], alerts.Select(alert => alert.Name));
        Assert.Equal(("critical", "firing", "now"), (alerts[0].Severity, alerts[0].State, alerts[0].Summary));
    }

    [Theory]
    [InlineData("""{"status":"error","errorType":"bad_data","error":"parse error"}""", "Prometheus refuses query?query=up: parse error")]
    [InlineData("<html>", "is not Prometheus (HTTP 200)")]
    public async Task Errors_are_reported(string answer, string message) =>
        Assert.Contains(message, (await Assert.ThrowsAsync<CliException>(() => Client(answer).ValueAsync("up", Cancel))).Message, StringComparison.Ordinal);

    private static PrometheusClient Client(string answer) => new(new HttpClient(new Answer(answer)) { BaseAddress = new Uri("http://127.0.0.1:9090/api/v1/") });

    private sealed class Answer(string text) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, "application/json") });
    }
}
