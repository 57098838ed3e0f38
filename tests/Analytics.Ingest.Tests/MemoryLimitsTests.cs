using Analytics.Ingest.Http;
using Microsoft.Extensions.Configuration;

namespace Analytics.Ingest.Tests;

public sealed class MemoryLimitsTests
{
    [Theory]
    [InlineData(768, 128, 64, 64)]
    [InlineData(384, 64, 32, 32)]
    [InlineData(24_576, 256, 128, 64)]
    public void Limits_follow_the_memory_of_the_container(long memory, long buffered, long queue, long body)
    {
        var options = Limits(memory);
        Assert.Equal((buffered, queue, body), (options.MaxBufferedBytes >> 20, options.QueueBytes >> 20, (long)options.MaxBodyBytes >> 20));
    }

    [Fact]
    public void Configured_limit_is_kept()
    {
        var options = Limits(384, ("Ingest:QueueBytes", "1"));
        Assert.Equal((64L << 20, 128L << 20), (options.MaxBufferedBytes, options.QueueBytes));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(768)]
    [InlineData(100_000)]
    public async Task The_largest_body_fits_even_when_it_does_not_say_how_large_it_is(long memory)
    {
        var options = Limits(memory);
        var reader = new BodyReader(Microsoft.Extensions.Options.Options.Create(options));
        var request = new Microsoft.AspNetCore.Http.DefaultHttpContext().Request;
        request.Body = new MemoryStream(new byte[options.MaxBodyBytes]);
        using (var body = await reader.ReadAsync(request, 1, null, TestContext.Current.CancellationToken))
            Assert.Equal(options.MaxBodyBytes, body.Length);
        request.Body = new MemoryStream(Infrastructure.Sending.Gzip(new byte[options.MaxBodyBytes]));
        request.Headers.ContentEncoding = "gzip";
        using var unzipped = await reader.ReadAsync(request, 1, null, TestContext.Current.CancellationToken);
        Assert.Equal(options.MaxBodyBytes, unzipped.Length);
    }

    private static IngestOptions Limits(long mebibytes, params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
        var options = new IngestOptions();
        new MemoryLimits(configuration, () => (mebibytes << 20) * 3 / 4).PostConfigure(null, options);
        return options;
    }
}
