using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace Hub.Cli.Send.Otlp;

/// <summary>
/// Writes spans as OTLP/JSON: the JSON form of the protobuf message, with enumerations as numbers, and ids in hexadecimal where protobuf's JSON
/// has base64.
/// </summary>
internal static class OtlpJson
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatEnumsAsIntegers(true));

    public static byte[] Encode(IReadOnlyList<OtlpSpan> spans)
    {
        var request = JsonNode.Parse(Formatter.Format(OtlpProtobuf.Request(spans)))!;
        var scopes = Items(request, "resourceSpans").SelectMany(resource => Items(resource, "scopeSpans"));
        foreach (var span in scopes.SelectMany(scope => Items(scope, "spans")))
        {
            foreach (var id in new[] { "traceId", "spanId" })
                span[id] = Convert.ToHexStringLower(Convert.FromBase64String((string)span[id]!));
        }

        return JsonSerializer.SerializeToUtf8Bytes(request);
    }

    private static IEnumerable<JsonNode> Items(JsonNode owner, string name) => owner[name]?.AsArray().OfType<JsonNode>() ?? [];
}
