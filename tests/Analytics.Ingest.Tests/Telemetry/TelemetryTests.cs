using Analytics.Ingest.Telemetry;

namespace Analytics.Ingest.Tests.Telemetry;

public sealed class TelemetryTests
{
    [Theory]
    [InlineData(200, RequestMeter.Accepted)]
    [InlineData(401, RequestMeter.Refused)]
    [InlineData(413, RequestMeter.Refused)]
    [InlineData(429, RequestMeter.Refused)]
    [InlineData(500, RequestMeter.Failed)]
    [InlineData(503, RequestMeter.Unavailable)]
    public void An_answer_of_http_counts_for_what_it_tells_the_sender(int status, string outcome) =>
    Assert.Equal(outcome, RequestMeter.HttpOutcome(status));

    [Theory]
    [InlineData(0, RequestMeter.Accepted)]
    [InlineData(3, RequestMeter.Refused)]
    [InlineData(8, RequestMeter.Refused)]
    [InlineData(13, RequestMeter.Failed)]
    [InlineData(14, RequestMeter.Unavailable)]
    [InlineData(16, RequestMeter.Refused)]
    public void An_answer_of_grpc_counts_alike(int code, string outcome) => Assert.Equal(outcome, RequestMeter.GrpcOutcome(code));

    [Fact]
    public void The_first_projects_have_a_series_of_their_own_and_the_others_share_one()
    {
        var labels = new BoundedLabels(2);
        Assert.Equal(["7", "8", BoundedLabels.Others, BoundedLabels.Others, "7"], new[] { 7, 8, 9, 10, 7 }.Select(labels.Of));
    }
}
