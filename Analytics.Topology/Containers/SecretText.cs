using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Analytics.Topology.Containers;

/// <summary>
/// A text with <c>${NAME}</c> references to secrets. Each host fills them in its own way; the text itself may be published. Addresses of
/// containers and paths of mounted files are parts of their own (<see cref="TextPart"/>), for a host where they differ.
/// </summary>
public readonly partial record struct SecretText
{
    private readonly IReadOnlyList<TextPart>? typed;

    public SecretText(string template) => Template = template;

    private SecretText(string template, IReadOnlyList<TextPart> typed) => (Template, this.typed) = (template, typed);

    /// <summary>The text as a container of the topology reads it, with references to secrets.</summary>
    public string Template { get; }

    /// <summary>
    /// A text of literals, secrets, addresses and paths: <c>SecretText.Of($"https://{new HostPart(name, port)}:{new PortPart(name,
    /// port)}")</c>.
    /// </summary>
    public static SecretText Of(SecretTextHandler text) => text.Build();

    /// <summary>The texts, one after the other, with a separator between them.</summary>
    public static SecretText Join(string separator, IEnumerable<SecretText> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return texts.Aggregate(new SecretText(""), (all, next) => all.Template.Length == 0 ? next : all + separator + next);
    }

    public static SecretText Add(SecretText left, SecretText right) =>
        new(left.Template + right.Template, [.. left.TypedParts(), .. right.TypedParts()]);

    public static SecretText operator +(SecretText left, SecretText right) => Add(left, right);

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

    /// <summary>Every part in order, addresses and paths among them. A text that was given as a string has literals and secrets
    /// only.</summary>
    public IReadOnlyList<TextPart> TypedParts() =>
        typed ?? [.. Parts().Select(part => part.IsSecret ? (TextPart)new SecretPart(part.Text) : new LiteralPart(part.Text))];

    /// <summary>Two texts are equal when containers read the same.</summary>
    public bool Equals(SecretText other) => Template == other.Template;

    public override int GetHashCode() => Template.GetHashCode(StringComparison.Ordinal);

    public static implicit operator SecretText(string template) => new(template);

    public static SecretText FromString(string template) => new(template);

    public override string ToString() => Template;

    [GeneratedRegex(@"\$\{([A-Z][A-Z0-9_]*)\}")]
    private static partial Regex Reference();

    /// <summary>Collects the parts of an interpolated string.</summary>
    [InterpolatedStringHandler]
    public readonly struct SecretTextHandler
    {
        private readonly List<TextPart> parts = [];

        public SecretTextHandler(int literalLength, int formattedCount) => _ = (literalLength, formattedCount);

        public void AppendLiteral(string text) => parts.AddRange(new SecretText(text).TypedParts());

        public void AppendFormatted(string text) => AppendLiteral(text);

        public void AppendFormatted(TextPart part) => parts.Add(part);

        public SecretText Build() => new(parts.Aggregate(new StringBuilder(), (text, part) => text.Append(part.InContainer)).ToString(),
            parts);
    }
}

/// <summary>A part of a <see cref="SecretText"/>.</summary>
public abstract record TextPart
{
    /// <summary>What stands there in a container of the topology.</summary>
    public abstract string InContainer { get; }
}

/// <param name="Text">The same in every host.</param>
public sealed record LiteralPart(string Text) : TextPart
{
    public override string InContainer => Text;
}

/// <param name="Name">One of <see cref="Secrets"/>.</param>
public sealed record SecretPart(string Name) : TextPart
{
    public override string InContainer => "${" + Name + "}";
}

/// <summary>The name or address under which a port of a container is reached.</summary>
/// <param name="Container">The container.</param>
/// <param name="Port">Its port, which decides the address where containers' ports are published.</param>
public sealed record HostPart(string Container, int Port) : TextPart
{
    public override string InContainer => Container;
}

/// <summary>The number under which a port of a container is reached.</summary>
/// <param name="Container">The container.</param>
/// <param name="Port">The port in the container.</param>
public sealed record PortPart(string Container, int Port) : TextPart
{
    public override string InContainer => Port.ToString(CultureInfo.InvariantCulture);
}

/// <param name="Path">Absolute path of a file in one of the container's mounted directories.</param>
public sealed record FilePart(string Path) : TextPart
{
    public override string InContainer => Path;
}
