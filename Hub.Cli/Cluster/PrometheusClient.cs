using System.Globalization;
using System.Text.Json;
using Hub.Cli.Status;

namespace Hub.Cli.Cluster;

/// <summary>Asks the hub's own Prometheus.</summary>
internal sealed class PrometheusClient(HttpClient http)
{
    /// <summary>A client for the address on this machine. The caller's token bounds how long it waits.</summary>
    public static HttpClient At(int port) => new() { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/") };

    /// <summary>The first value of an expression; null when it has none, or none that is a number.</summary>
    /// <exception cref="HttpRequestException">Nothing answers at that address.</exception>
    /// <exception cref="CliException">Prometheus refuses the question, or it is not Prometheus that answers.</exception>
    public async Task<double?> ValueAsync(string expression, CancellationToken cancellation)
    {
        using var answer = await GetAsync($"query?query={Uri.EscapeDataString(expression)}", cancellation);
        var result = answer.RootElement.GetProperty("data").GetProperty("result");
        if (result.GetArrayLength() == 0)
            return null;
        var value = double.Parse(result[0].GetProperty("value")[1].GetString()!.Replace("Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return double.IsFinite(value) ? value : null;
    }

    /// <summary>Every alert that fires or is pending, worst first.</summary>
    /// <exception cref="HttpRequestException">Nothing answers at that address.</exception>
    /// <exception cref="CliException">Prometheus refuses the question, or it is not Prometheus that answers.</exception>
    public async Task<IReadOnlyList<AlertStatus>> AlertsAsync(CancellationToken cancellation)
    {
        using var answer = await GetAsync("alerts", cancellation);
        return [.. answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray().Select(Alert)
            .OrderBy(alert => alert.State != "firing").ThenBy(alert => Array.IndexOf(Severities, alert.Severity) is var place && place < 0 ? Severities.Length : place)
            .ThenBy(alert => alert.Name, StringComparer.Ordinal).ThenBy(alert => alert.Summary, StringComparer.Ordinal)];
    }

    private static readonly string[] Severities = ["critical", "warning", "info"];

    private static AlertStatus Alert(JsonElement alert)
    {
        var labels = alert.GetProperty("labels");
        var summary = alert.TryGetProperty("annotations", out var annotations) ? Text(annotations, "summary") : "";
        return new AlertStatus(Text(labels, "alertname"), Text(labels, "severity"), Text(alert, "state"), alert.GetProperty("activeAt").GetDateTimeOffset(), summary);
    }

    private static string Text(JsonElement holder, string name) => holder.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private async Task<JsonDocument> GetAsync(string path, CancellationToken cancellation)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            var document = JsonDocument.Parse(text);
            if (Text(document.RootElement, "status") == "success")
                return document;
            var error = Text(document.RootElement, "error");
            document.Dispose();
            throw new CliException($"Prometheus refuses {path}: {error}");
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw new CliException($"What answers at {http.BaseAddress} is not Prometheus (HTTP {(int)response.StatusCode}).");
        }
    }
}
