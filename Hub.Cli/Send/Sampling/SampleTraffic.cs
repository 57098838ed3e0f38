using System.Buffers.Binary;
using System.Collections;
using System.Security.Cryptography;
using Hub.Cli.Send.Otlp;
using Hub.Cli.Send.Traces;

namespace Hub.Cli.Send.Sampling;

/// <summary>
/// Makes a span of each row of a trace. Tokens and times come from the row; the trace knows nothing of model, service, cache and failure,
/// so these are drawn, from the seed and the row alone. The ids depend on the row's time as well: the same file, seed and start give the
/// same ids, and nothing is stored twice.
/// </summary>
/// <param name="rows">The rows; also those marked as errors keep their tokens exactly.</param>
/// <param name="shift">What is added to each row's time.</param>
/// <param name="seed">Other seeds give other traffic.</param>
internal sealed class SampleTraffic(IReadOnlyList<TraceRow> rows, TimeSpan shift, int seed) : IReadOnlyCollection<OtlpSpan>
{
    private const double ErrorShare = 0.02;
    private const double LongPrompt = 1024;
    private const double CachedShare = 0.4;
    private const double TailShare = 0.01;
    private const double PrefillTokensPerSecond = 12_000;

    // So many neighbouring rows share their conversations.
    private const int ConversationRows = 32;
    private const int OpenConversations = 6;

    public int Count => rows.Count;

    /// <summary>When the first call starts, in order of time.</summary>
    public DateTime First { get; } = rows.Min(row => row.Time) + shift;

    /// <summary>When the last call starts, in order of time.</summary>
    public DateTime Last { get; } = rows.Max(row => row.Time) + shift;

    /// <summary>When the first row of the file starts: given as <c>--start</c>, it makes the same ids again.</summary>
    public DateTime Start { get; } = rows[0].Time + shift;

    public IEnumerator<OtlpSpan> GetEnumerator()
    {
        for (var row = 0; row < rows.Count; row++) yield return Span(row);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private OtlpSpan Span(int row)
    {
        var (time, input, output) = (rows[row].Time + shift, rows[row].InputTokens, rows[row].OutputTokens);
        var random = new StableRandom((ulong)(uint)seed, (ulong)row, (ulong)input, (ulong)output);
        var model = random.Pick(output == 0 ? SampleModel.Embedding : SampleModel.Generating, candidate => candidate.Weight);
        var service = random.Pick(SampleService.All, candidate => candidate.Weight);
        var error = random.Chance(ErrorShare) ? random.Pick(SampleError.All, candidate => candidate.Weight) : null;
        var streamed = output > 0 && random.Chance(service.Streams);
        var (first, whole) = Seconds(ref random, model, input, output, error);

        var attributes = new List<KeyValuePair<string, object>>(16)
        {
            new("gen_ai.operation.name", model.Operation),
            new("gen_ai.provider.name", model.Provider),
            new("gen_ai.request.model", model.Name),
            new("gen_ai.usage.input_tokens", (long)input),
            new("gen_ai.usage.output_tokens", (long)output),
        };
        if (streamed) attributes.Add(new("gen_ai.request.stream", true));
        if (random.Chance(service.Conversations)) AddConversation(attributes, service, row, ref random);
        AddUsageDetails(attributes, model, input, output, ref random);
        if (error is null)
        {
            attributes.Add(new("gen_ai.response.model", model.Answering));
            if (output > 0) attributes.Add(new("gen_ai.response.finish_reasons", new[] { FinishReason(ref random) }));
            if (streamed) attributes.Add(new("gen_ai.response.time_to_first_chunk", first.TotalSeconds));
        }
        else
        {
            attributes.Add(new("error.type", error.Type));
        }

        var id = Id(row, time, input, output);
        return new OtlpSpan
        {
            Row = row,
            ServiceName = service.Name,
            Name = $"{model.Operation} {model.Name}",
            TraceId = id[..16],
            SpanId = id[16..24],
            Start = time,
            Duration = whole,
            Attributes = attributes,
            Error = error?.Message,
            InputTokens = input,
            OutputTokens = output,
        };
    }

    private static (TimeSpan First, TimeSpan Whole) Seconds(ref StableRandom random, SampleModel model, int input, int output,
        SampleError? error)
    {
        if (error is not null) return (TimeSpan.Zero, Milliseconds(random.LogNormal(error.Seconds, 0.1)));

        var tail = random.Chance(TailShare) ? 3 + 5 * random.NextUnit() : 1;
        var first = tail * random.LogNormal(model.FirstTokenSeconds + input / PrefillTokensPerSecond, 0.3);
        var generating = output == 0 ? 0 : tail * random.LogNormal(output / model.TokensPerSecond, 0.2);
        return (Milliseconds(first), Milliseconds(first) + Milliseconds(generating));
    }

    private static TimeSpan Milliseconds(double seconds) => TimeSpan.FromMilliseconds(Math.Max(1, Math.Round(seconds * 1000)));

    private void AddConversation(List<KeyValuePair<string, object>> attributes, SampleService service, int row, ref StableRandom random)
    {
        var (period, place) = ((ulong)(row / ConversationRows), (ulong)random.Next(OpenConversations));
        var names = new StableRandom((ulong)(uint)seed, period, place, (ulong)service.Name.Length);
        attributes.Add(new("gen_ai.conversation.id", $"conv-{names.NextBits():x16}"));
        attributes.Add(new("user.id", $"user-{names.Next(200):000}"));
    }

    // The parts never exceed the whole: cached tokens belong to the input, reasoning to the output.
    private static void AddUsageDetails(
        List<KeyValuePair<string, object>> attributes, SampleModel model, int input, int output, ref StableRandom random)
    {
        if (model.ReadsCache && input >= LongPrompt && random.Chance(CachedShare))
        {
            // Providers cache in blocks of 128 tokens.
            var read = (long)(input * (0.3 + 0.65 * random.NextUnit())) / 128 * 128;
            attributes.Add(new("gen_ai.usage.cache_read.input_tokens", read));
            if (model.WritesCache && random.Chance(0.5))
                attributes.Add(new("gen_ai.usage.cache_write.input_tokens", (long)((input - read) * random.NextUnit())));
        }

        if (model.Reasoning > 0 && output > 0)
        {
            var share = Math.Min(0.95, random.LogNormal(model.Reasoning, 0.4));
            attributes.Add(new("gen_ai.usage.reasoning.output_tokens", (long)(output * share)));
        }
    }

    private static string FinishReason(ref StableRandom random) => random.NextUnit() switch
    {
        < 0.82 => "stop",
        < 0.94 => "tool_calls",
        _ => "length",
    };

    private byte[] Id(int row, DateTime time, int input, int output)
    {
        Span<byte> key = stackalloc byte[24];
        BinaryPrimitives.WriteInt32LittleEndian(key, seed);
        BinaryPrimitives.WriteInt32LittleEndian(key[4..], row);
        BinaryPrimitives.WriteInt64LittleEndian(key[8..], time.Ticks);
        BinaryPrimitives.WriteInt32LittleEndian(key[16..], input);
        BinaryPrimitives.WriteInt32LittleEndian(key[20..], output);
        return SHA256.HashData(key);
    }
}
