using System.Text.Json;

namespace Hub.Cli.Tests.Monitoring;

/// <summary>What a test asks Prometheus.</summary>
internal sealed class PrometheusClient(Uri address) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>The alerts that fire now.</summary>
    public async Task<IReadOnlyList<FiringAlert>> FiringAsync(CancellationToken cancel)
    {
        using var answer = await GetAsync("/api/v1/alerts", cancel);
        return [.. answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray().Where(alert => alert.GetProperty("state").GetString() == "firing")
            .Select(alert => new FiringAlert(alert.GetProperty("labels").GetProperty("alertname").GetString()!, Labels(alert.GetProperty("labels")), Labels(alert.GetProperty("annotations"))))];
    }

    /// <summary>The label sets of every series that a selector has matched since the start.</summary>
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> SeriesAsync(string selector, CancellationToken cancel)
    {
        using var answer = await GetAsync("/api/v1/series?match[]=" + Uri.EscapeDataString(selector), cancel);
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Select(Labels)];
    }

    /// <summary>The value of an expression with one result; null when it has none.</summary>
    public async Task<double?> ValueAsync(string expression, CancellationToken cancel)
    {
        using var answer = await GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(expression), cancel);
        var result = answer.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 0 ? null : double.Parse(result[0].GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose() => http.Dispose();

    private async Task<JsonDocument> GetAsync(string path, CancellationToken cancel)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), cancel);
        var text = await response.Content.ReadAsStringAsync(cancel);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {text}");
        return JsonDocument.Parse(text);
    }

    private static IReadOnlyDictionary<string, string> Labels(JsonElement element) => element.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!);
}

/// <summary>An alert as Prometheus would send it.</summary>
internal sealed record FiringAlert(string Name, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations);
