using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Analytics.Topology.Tests.Helm;

/// <summary>
/// Renders exactly the constructs that the chart uses, the way Helm does, and refuses every other: a value (piped through toJson,
/// sha256sum, trunc), printf of strings, a quoted text, if/range/end with left trimming.
/// </summary>
internal sealed partial class GoTemplate(IReadOnlyDictionary<string, object?> values)
{
    public string Render(string template)
    {
        // "{{-" takes the white space before it along.
        var tokens = Token().Split(LeftTrim().Replace(template, "{{")).Where(token => token.Length > 0).ToList();
        var position = 0;
        var text = Block(tokens, ref position, null, live: true);
        return position == tokens.Count ? text : throw new FormatException("{{ end }} without a beginning");
    }

    private string Block(List<string> tokens, ref int position, object? dot, bool live)
    {
        var text = new StringBuilder();
        while (position < tokens.Count)
        {
            var token = tokens[position];
            if (!token.StartsWith("{{", StringComparison.Ordinal))
            {
                text.Append(live ? token : "");
                position++;
                continue;
            }

            var action = token[2..^2].Trim();
            if (action == "end")
                return text.ToString();
            position++;
            if (action.StartsWith("if ", StringComparison.Ordinal))
            {
                var condition = Truth(Evaluate(action[3..], dot));
                var inner = Block(tokens, ref position, dot, live && condition);
                text.Append(inner);
                Close(tokens, ref position);
            }
            else if (action.StartsWith("range ", StringComparison.Ordinal))
            {
                var start = position;
                foreach (var item in (IEnumerable<object?>)Evaluate(action[6..], dot)!)
                {
                    position = start;
                    text.Append(Block(tokens, ref position, item, live));
                }

                Close(tokens, ref position);
            }
            else
            {
                text.Append(live ? Convert.ToString(Evaluate(action, dot), CultureInfo.InvariantCulture) : "");
            }
        }

        return text.ToString();
    }

    private static void Close(List<string> tokens, ref int position)
    {
        if (position >= tokens.Count || tokens[position][2..^2].Trim() != "end")
            throw new FormatException("a block without {{ end }}");
        position++;
    }

    private object? Evaluate(string expression, object? dot)
    {
        var stages = expression.Split(" | ");
        var words = Word().Matches(stages[0]).Select(match => match.Value).ToList();
        object? value = words switch
        {
            ["printf", var format, .. var rest] => Printf(Text(format), rest.Select(word => Single(word, dot))),
            [var one] => Single(one, dot),
            _ => throw new FormatException($"not a construct of this chart: {expression}"),
        };
        foreach (var stage in stages[1..])
        {
            value = stage.Split(' ') switch
            {
                ["toJson"] => JsonSerializer.Serialize(value),
                ["sha256sum"] => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes((string)value!))),
                ["trunc", var length] => ((string)value!)[..int.Parse(length, CultureInfo.InvariantCulture)],
                _ => throw new FormatException($"not a function of this chart: {stage}"),
            };
        }

        return value;
    }

    private object? Single(string word, object? dot)
    {
        if (word.StartsWith('"'))
            return Text(word);
        if (word == ".")
            return dot;
        if (!word.StartsWith(".Values.", StringComparison.Ordinal))
            throw new FormatException($"not a construct of this chart: {word}");
        object? node = values;
        foreach (var key in word[".Values.".Length..].Split('.'))
            node = node is IReadOnlyDictionary<string, object?> map && map.TryGetValue(key, out var inner)
                ? inner : throw new FormatException($"{word}: there is no such value");
        return node;
    }

    private static string Printf(string format, IEnumerable<object?> arguments)
    {
        foreach (var argument in arguments)
            format = Verb().Replace(format,
                ((string)argument!).Replace("$", "$$", StringComparison.Ordinal).Replace("%s", "\u0001", StringComparison.Ordinal), 1);
        return format.Replace("\u0001", "%s", StringComparison.Ordinal);
    }

    private static string Text(string word) => JsonSerializer.Deserialize<string>(word)!;

    private static bool Truth(object? value) => value switch
    {
        null or false or "" => false,
        long number => number != 0,
        int number => number != 0,
        IReadOnlyDictionary<string, object?> map => map.Count > 0,
        _ => true,
    };

    [GeneratedRegex(@"(\{\{.*?\}\})")]
    private static partial Regex Token();

    [GeneratedRegex(@"\s*\{\{-")]
    private static partial Regex LeftTrim();

    [GeneratedRegex(@"""(?:[^""\\]|\\.)*""|\S+")]
    private static partial Regex Word();

    [GeneratedRegex("%s")]
    private static partial Regex Verb();
}
