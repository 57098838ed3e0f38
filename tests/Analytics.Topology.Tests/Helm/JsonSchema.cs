using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Analytics.Topology.Tests.Helm;

/// <summary>Checks values against exactly the keywords that the chart's schema uses, and refuses every other.</summary>
internal static class JsonSchema
{
    public static IReadOnlyList<string> Problems(string schema, object? values)
    {
        using var document = JsonDocument.Parse(schema);
        return [.. Check(document.RootElement, "$", values)];
    }

    private static IEnumerable<string> Check(JsonElement schema, string place, object? value) =>
        schema.EnumerateObject().SelectMany(rule => rule.Name switch
        {
            "$schema" or "title" or "description" or "then" => [],
            "type" => If(!Is(rule.Value.GetString()!, value), $"is no {rule.Value}"),
            "properties" => value is Dictionary<string, object?> map
                ? rule.Value.EnumerateObject().Where(property => map.ContainsKey(property.Name))
                    .SelectMany(property => Check(property.Value, $"{place}.{property.Name}", map[property.Name]))
                : [],
            "additionalProperties" when rule.Value.ValueKind == JsonValueKind.False => value is Dictionary<string, object?> map
                ? map.Keys.Where(key => !schema.GetProperty("properties").TryGetProperty(key, out _))
                    .Select(key => $"{place}.{key}: is not known")
                : [],
            "minimum" => If(value is long number && number < rule.Value.GetInt64(), $"{value} is below {rule.Value}"),
            "maximum" => If(value is long number && number > rule.Value.GetInt64(), $"{value} is above {rule.Value}"),
            "pattern" => If(value is string text && !Regex.IsMatch(text, rule.Value.GetString()!), $"does not match {rule.Value}"),
            "enum" => If(!rule.Value.EnumerateArray().Any(item => Same(item, value)),
                $"is none of {string.Join(", ", rule.Value.EnumerateArray())}"),
            "const" => If(!Same(rule.Value, value), $"not {rule.Value}"),
            "allOf" => rule.Value.EnumerateArray().SelectMany(part => Check(part, place, value)),
            "if" => Check(rule.Value, place, value).Any() ? [] : Check(schema.GetProperty("then"), place, value),
            _ => throw new FormatException($"{place}: the keyword {rule.Name} is not known here"),
        }).Select(problem => problem.StartsWith('$') ? problem : $"{place}: {problem}");

    private static IEnumerable<string> If(bool wrong, string problem) => wrong ? [problem] : [];

    private static bool Is(string type, object? value) => type switch
    {
        "object" => value is Dictionary<string, object?>,
        "array" => value is List<object?>,
        "string" => value is string,
        "integer" => value is long,
        "boolean" => value is bool,
        _ => throw new FormatException($"the type {type} is not known here"),
    };

    private static bool Same(JsonElement item, object? value) =>
        item.ToString() == Convert.ToString(value, CultureInfo.InvariantCulture);
}
