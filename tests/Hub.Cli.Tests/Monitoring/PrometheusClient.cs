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

    /// <summary>When alerts of a selector fired, to an evaluation: a pause that was longer begins a new span.</summary>
    /// <param name="selector">Of the labels of <c>ALERTS</c>, without braces.</param>
    /// <param name="from">Since when.</param>
    /// <param name="to">Until when.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<IReadOnlyList<AlertSpan>> FiredAsync(string selector, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        // Finer than the evaluation (15 s): what fired at one of them alone is seen.
        const int Step = 5;
        using var answer = await GetAsync(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"/api/v1/query_range?query={Uri.EscapeDataString($"ALERTS{{alertstate=\"firing\",{selector}}}")}&start={from.ToUnixTimeSeconds()}&end={to.ToUnixTimeSeconds()}&step={Step}"), cancel);
        var spans = new List<AlertSpan>();
        foreach (var series in answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray())
        {
            var labels = Labels(series.GetProperty("metric"));
            AlertSpan? open = null;
            foreach (var at in series.GetProperty("values").EnumerateArray().Select(value => DateTimeOffset.FromUnixTimeSeconds((long)value[0].GetDouble())))
            {
                if (open is not null && at - open.To <= TimeSpan.FromSeconds(Step))
                {
                    open = open with { To = at };
                    continue;
                }

                if (open is not null)
                    spans.Add(open);
                open = new AlertSpan(labels["alertname"], labels, at, at);
            }

            if (open is not null)
                spans.Add(open);
        }

        return spans;
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
