using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Hub.Cli.Send.Otlp;
using Hub.Cli.Send.Sampling;
using Hub.Cli.Send.Traces;

namespace Hub.Cli.Tests.Send;

public sealed class SampleTrafficTests
{
    private static readonly List<OtlpSpan> Many = [.. Sample.Traffic(20_000)];

    [Fact]
    public void The_same_rows_seed_and_start_give_the_same_bytes() =>
        Assert.Equal(OtlpProtobuf.Encode([.. Sample.Traffic(300)]), OtlpProtobuf.Encode([.. Sample.Traffic(300)]));

    [Fact]
    public void Fewer_rows_of_a_file_are_the_same_rows() =>
        Assert.Equal(OtlpProtobuf.Encode([.. Sample.Traffic(300).Take(100)]), OtlpProtobuf.Encode([.. Sample.Traffic(100)]));

    [Fact]
    public void Draws_are_the_same_on_every_version_of_the_program()
    {
        // Stored rows are recognised by these: a change here makes every file sent before a new one.
        var span = Sample.Traffic(1).Single();
        Assert.Equal(Golden.TraceId, span.TraceId());
        Assert.Equal(Golden.SpanId, Convert.ToHexStringLower(span.SpanId));
        Assert.Equal(Golden.Name, span.Name);
    }

    [Fact]
    public void Another_seed_or_start_gives_other_ids()
    {
        List<TraceRow> rows = [new(Sample.Noon, 5, 5)];
        string[] ids =
        [
            new SampleTraffic(rows, TimeSpan.Zero, 1).Single().TraceId(), new SampleTraffic(rows, TimeSpan.Zero, 2).Single().TraceId(),
            new SampleTraffic(rows, TimeSpan.FromDays(1), 1).Single().TraceId(),
        ];
        Assert.Distinct(ids);
    }

    [Fact]
    public void Another_start_gives_the_same_models_and_errors()
    {
        List<TraceRow> rows = [.. Enumerable.Range(0, 500).Select(row => new TraceRow(Sample.Noon, row, row))];
        Assert.Equal(
            new SampleTraffic(rows, TimeSpan.Zero, 1).Select(span => (span.Name, span.Error, span.Duration)),
            new SampleTraffic(rows, TimeSpan.FromDays(3), 1).Select(span => (span.Name, span.Error, span.Duration)));
    }

    [Fact]
    public void Equal_rows_are_still_different_calls() =>
        Assert.Distinct(new SampleTraffic([.. Enumerable.Repeat(new TraceRow(Sample.Noon, 5, 5), 50)], TimeSpan.Zero,
            1).Select(span => span.TraceId()));

    [Fact]
    public void Tokens_are_those_of_the_row_also_of_failed_calls()
    {
        Assert.Contains(Many, span => span.Error is not null && span.OutputTokens > 0);
        Assert.All(Many, span =>
        {
            Assert.Equal(1000L + span.Row, Attribute(span, "gen_ai.usage.input_tokens"));
            Assert.Equal((long)(span.Row % 20), Attribute(span, "gen_ai.usage.output_tokens"));
        });
    }

    [Fact]
    public void The_parts_of_usage_never_exceed_the_whole() => Assert.All(Many, span =>
    {
        var cached = Count(span, "gen_ai.usage.cache_read.input_tokens") + Count(span, "gen_ai.usage.cache_write.input_tokens");
        Assert.InRange(cached, 0, span.InputTokens);
        Assert.InRange(Count(span, "gen_ai.usage.reasoning.output_tokens"), 0, span.OutputTokens);
        if (Attribute(span, "gen_ai.response.time_to_first_chunk") is double first)
            Assert.InRange(first, 0.001, span.Duration.TotalSeconds);
    });

    [Fact]
    public void Shares_are_those_of_real_traffic()
    {
        Assert.InRange(Share(span => span.Error is not null), 0.01, 0.03);
        Assert.InRange(Share(span => (string)Attribute(span, "gen_ai.request.model")! == "support-tuned-7b"), 0.005, 0.015);
        Assert.InRange(Share(span => (string)Attribute(span, "gen_ai.operation.name")! == "chat"), 0.8, 0.99);
        Assert.InRange(Share(span => Count(span, "gen_ai.usage.cache_read.input_tokens") > 0), 0.2, 0.5);
        Assert.InRange(Share(span => Count(span, "gen_ai.usage.reasoning.output_tokens") > 0), 0.2, 0.5);
        Assert.InRange(Share(span => Attribute(span, "gen_ai.conversation.id") is not null), 0.2, 0.7);
        Assert.True(Many.Select(span => span.ServiceName).Distinct().Count() >= 4);
        Assert.True(Many.Select(span => Attribute(span, "gen_ai.provider.name")).Distinct().Count() >= 5);
    }

    [Fact]
    public void Failed_calls_say_how_and_have_no_answer() => Assert.All(Many, span =>
    {
        Assert.Equal(span.Error is not null, Attribute(span, "error.type") is not null);
        if (span.Error is not null) Assert.Null(Attribute(span, "gen_ai.response.model"));
    });

    [Fact]
    public void Only_calls_without_output_are_embeddings() => Assert.All(Many, span =>
        Assert.Equal(span.OutputTokens == 0, (string)Attribute(span, "gen_ai.operation.name")! == "embeddings"));

    [Fact]
    public void The_price_table_knows_every_model_but_one()
    {
        var prices = SourceFile("Analytics.Migrations", "Scripts", "07-model-prices.sql");
        Assert.SkipWhen(prices is null, "The sources are not beside the tests.");
        var names = Regex.Matches(File.ReadAllText(prices), @"^\s*\('[^']+', '([^']+)'", RegexOptions.Multiline)
            .SelectMany(match => match.Groups[1].Value.Split(' ')).ToList();
        bool IsKnown(SampleModel model) => names.Exists(name =>
            name.EndsWith('*') ? model.Answering.StartsWith(name[..^1], StringComparison.Ordinal) : model.Answering == name);

        Assert.Equal(["support-tuned-7b"],
            SampleModel.Generating.Concat(SampleModel.Embedding).Where(model => !IsKnown(model)).Select(model => model.Name));
    }

    [Fact]
    public void The_Azure_trace_keeps_its_sums()
    {
        var file = SharedData.Path(SharedData.Trace);
        var lines = File.ReadLines(file).Skip(1).Select(line => line.Split(',')).ToList();

        var spans = new SampleTraffic(TraceFile.Read(file), TimeSpan.Zero, 1).ToList();
        var wire = WireSpan.Read(OtlpProtobuf.Encode(spans));

        Assert.Equal(8819, wire.Count);
        Assert.Equal(lines.Sum(line => long.Parse(line[1])), wire.Sum(span => (long)span.Attributes["gen_ai.usage.input_tokens"]));
        Assert.Equal(lines.Sum(line => long.Parse(line[2])), wire.Sum(span => (long)span.Attributes["gen_ai.usage.output_tokens"]));
        Assert.Distinct(wire.Select(span => span.TraceId));
        Assert.Equal(lines.Select(line => line[0]), spans.Select(span => span.Start.ToString("yyyy-MM-dd HH:mm:ss.fffffff")));
    }

    private static object? Attribute(OtlpSpan span, string name) =>
        span.Attributes.FirstOrDefault(attribute => attribute.Key == name).Value;

    private static long Count(OtlpSpan span, string name) => Attribute(span, name) is long count ? count : 0;

    private static string? SourceFile(params string[] path)
    {
        for (var folder = Path.GetDirectoryName(ThisFile()); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Path.Combine([folder, .. path]) is var file && File.Exists(file)) return file;
        }

        return null;
    }

    private static string ThisFile([CallerFilePath] string file = "") => file;

    private static double Share(Func<OtlpSpan, bool> holds) => Many.Count(holds) / (double)Many.Count;

    private static class Golden
    {
        public const string TraceId = "5838020c9436fccfbd6b3b05dad27f55";
        public const string SpanId = "5a0a63e11f4d529e";
        public const string Name = "embeddings mistral-embed";
    }
}
