using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Hub.Cli.Send.Otlp.Protos;

namespace Hub.Cli.Send.Otlp;

/// <summary>Reads what a receiver answers: <c>ExportTraceServiceResponse</c> after 200, <c>Status</c> after 4xx and 5xx, in either format.</summary>
internal static class OtlpAnswer
{
    private const int MaxShown = 300;

    /// <summary>How many spans were rejected, and the receiver's message about them or about all.</summary>
    /// <exception cref="InvalidDataException">This is not the response of an OTLP receiver.</exception>
    public static (long Rejected, string Message) PartialSuccess(string? contentType, ReadOnlySpan<byte> body)
    {
        if (IsJson(contentType)) return JsonPartialSuccess(body);
        if (contentType != OtlpExport.ProtobufType && !body.IsEmpty)
            throw new InvalidDataException($"the answer is {contentType ?? "of no type"}, not OTLP");

        try
        {
            var partial = ExportTraceServiceResponse.Parser.ParseFrom(body).PartialSuccess ?? new ExportTracePartialSuccess();
            return partial.RejectedSpans >= 0
                ? (partial.RejectedSpans, Short(partial.ErrorMessage))
                : throw new InvalidDataException($"{partial.RejectedSpans} spans rejected");
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw new InvalidDataException(broken.Message, broken);
        }
    }

    /// <summary>The message of an error's body; its text when it is no <c>Status</c>; "" when there is none.</summary>
    public static string StatusMessage(string? contentType, ReadOnlySpan<byte> body)
    {
        try
        {
            if (IsJson(contentType))
            {
                using var json = JsonDocument.Parse(Encoding.UTF8.GetString(body));
                return json.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("message", out var message)
                    ? Short(message.ToString())
                    : Short(json.RootElement.GetRawText());
            }

            if (contentType != OtlpExport.ProtobufType) return Short(Encoding.UTF8.GetString(body));
            return Short(Protos.Status.Parser.ParseFrom(body).Message);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidProtocolBufferException)
        {
            return $"(the body is no {contentType}: {Short(unreadable.Message)})";
        }
    }

    private static (long Rejected, string Message) JsonPartialSuccess(ReadOnlySpan<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(Encoding.UTF8.GetString(body));
            if (!json.RootElement.TryGetProperty("partialSuccess", out var partial)) return (0, "");
            var rejected = !partial.TryGetProperty("rejectedSpans", out var count) ? 0
                : count.ValueKind == JsonValueKind.String ? long.Parse(count.GetString()!, System.Globalization.CultureInfo.InvariantCulture)
                : count.GetInt64();
            var message = partial.TryGetProperty("errorMessage", out var text) ? Short(text.ToString()) : "";
            return rejected >= 0 ? (rejected, message) : throw new InvalidDataException($"{rejected} spans rejected");
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new InvalidDataException("the response is not OTLP: " + unreadable.Message, unreadable);
        }
    }

    private static bool IsJson(string? contentType) => contentType == OtlpExport.JsonType;

    // One line without control characters, so that no answer can write to the terminal.
    private static string Short(string text)
    {
        var line = string.Concat(text.Take(MaxShown).Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
        return text.Length > MaxShown ? line + "…" : line;
    }
}
