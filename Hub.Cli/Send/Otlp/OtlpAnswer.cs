using System.Text;
using System.Text.Json;

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

        var (rejected, message) = (0L, "");
        var response = new ProtoReader(body);
        while (response.Read())
        {
            if (response.Field != 1 /* partial_success */) continue;
            var partial = new ProtoReader(response.Content);
            while (partial.Read())
            {
                if (partial.Field == 1 /* rejected_spans */) rejected = (long)partial.Number;
                else if (partial.Field == 2 /* error_message */) message = Short(partial.Text);
            }
        }

        return rejected >= 0 ? (rejected, message) : throw new InvalidDataException($"{rejected} spans rejected");
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
            var status = new ProtoReader(body);
            while (status.Read())
            {
                if (status.Field == 2 /* message */) return Short(status.Text);
            }

            return "";
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidDataException)
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
