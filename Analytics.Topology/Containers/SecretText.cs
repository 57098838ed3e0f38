using System.Text.RegularExpressions;

namespace Analytics.Topology.Containers;

/// <summary>A text with <c>${NAME}</c> references to secrets. Each host fills them in its own way; the text itself may be published.</summary>
public readonly partial record struct SecretText(string Template)
{
    /// <summary>The text with each reference replaced.</summary>
    public string Resolve(Func<string, string> secret) => Reference().Replace(Template, match => secret(match.Groups[1].Value));

    /// <summary>Literal and secret parts in order, for hosts that build a reference expression of their own.</summary>
    public IEnumerable<(string Text, bool IsSecret)> Parts()
    {
        var position = 0;
        foreach (Match match in Reference().Matches(Template))
        {
            if (match.Index > position)
                yield return (Template[position..match.Index], false);
            yield return (match.Groups[1].Value, true);
            position = match.Index + match.Length;
        }

        if (position < Template.Length)
            yield return (Template[position..], false);
    }

    public static implicit operator SecretText(string template) => new(template);

    public static SecretText FromString(string template) => new(template);

    public override string ToString() => Template;

    [GeneratedRegex(@"\$\{([A-Z][A-Z0-9_]*)\}")]
    private static partial Regex Reference();
}
