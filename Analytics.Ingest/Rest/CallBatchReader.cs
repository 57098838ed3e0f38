using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace Analytics.Ingest.Rest;

/// <summary>Reads the calls of a batch one by one, so that a batch costs no more memory than what is kept of it.</summary>
internal sealed partial class CallBatchReader(IOptions<JsonOptions> json)
{
    private const string WrongType = "This value is of another type, or out of range.";

    private readonly JsonSerializerOptions options = new(json.Value.SerializerOptions) { Converters = { new BoundedText() } };

    /// <summary>Reads a body of the form <see cref="CallBatch"/>.</summary>
    /// <param name="body">JSON in UTF-8.</param>
    /// <param name="take">Gets each call with its place, from 0.</param>
    /// <exception cref="RequestRefusedException">400: it is malformed.</exception>
    public void Read(ReadOnlySpan<byte> body, Action<int, RestCall> take)
    {
        var reader = new Utf8JsonReader(body);
        var (start, path) = (0, "$");
        try
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null) throw RequestRefusedException.Malformed("The body is null.");
            if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException(WrongType);
            var hasRequests = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!reader.ValueTextEquals("requests"u8)) throw new JsonException($"There is no field '{reader.GetString()}'.");
                if (hasRequests) throw new JsonException("requests is given twice.");
                hasRequests = true;
                (start, path) = ((int)reader.BytesConsumed, "$.requests");
                reader.Read();
                if (reader.TokenType == JsonTokenType.Null) throw RequestRefusedException.Malformed("requests is null.");
                if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException(WrongType);
                for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
                {
                    (start, path) = ((int)reader.TokenStartIndex, $"$.requests[{index}]");
                    if (reader.TokenType == JsonTokenType.Null) throw RequestRefusedException.Malformed($"requests[{index}] is null.");
                    var facts = JsonSerializer.Deserialize<RestCall>(ref reader, options)!;
                    if (facts.Id?.Length > RestCallMapper.MaxIdLength)
                    {
                        throw RequestRefusedException.Malformed(
                            $"requests[{index}].id is longer than {RestCallMapper.MaxIdLength} characters.");
                    }

                    take(index, facts);
                }

                (start, path) = (0, "$");
            }

            reader.Read();
            if (!hasRequests) throw new JsonException("requests is missing.");
        }
        catch (JsonException malformed)
        {
            // The serializer counts from the beginning of the value that it was given; the reader itself from that of the body.
            var inValue = malformed.Path is { Length: > 0 };
            var before = body[..(inValue ? start : 0)];
            var line = before.Count((byte)'\n') + (malformed.LineNumber ?? 0) + 1;
            var indent = malformed.LineNumber is null or 0 ? before.Length - before.LastIndexOf((byte)'\n') - 1 : 0;
            var column = (malformed.BytePositionInLine ?? 0) + 1 + indent;
            throw RequestRefusedException.Malformed(string.Create(CultureInfo.InvariantCulture,
                $"Not a valid batch at line {line}, byte {column} ({path}{malformed.Path?.TrimStart('$')}): {Explain(malformed.Message)}"));
        }
    }

    /// <summary>What is wrong, in the words of the one who sent it: the serializer's messages name this program's types.</summary>
    private static string Explain(string message)
    {
        if (UnknownField().Match(message) is { Success: true } unknown) return $"There is no field '{unknown.Groups[1].Value}'.";
        if (message.Contains("could not be converted to", StringComparison.Ordinal)) return WrongType;
        var end = message.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    [GeneratedRegex("^The JSON property '([^']*)' could not be mapped")]
    private static partial Regex UnknownField();

    /// <summary>Refuses texts that are longer than anything that a call says: each would be held twice while it is read.</summary>
    private sealed class BoundedText : JsonConverter<string>
    {
        private const int MaxBytes = 1 << 20;

        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType != JsonTokenType.String ? throw new JsonException(WrongType)
            : reader.ValueSpan.Length > MaxBytes ? throw new JsonException($"This text is longer than {MaxBytes} bytes.")
            : reader.GetString();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }
}
