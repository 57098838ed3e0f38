using System.Text;

namespace Analytics.Ingest.Calls;

/// <summary>Makes any text one that PostgreSQL takes: no NUL, no broken UTF-8 or lone surrogate, bounded, no blank edges.</summary>
internal static class Text
{
    /// <summary>Bound of names (models, providers, services, ids), in UTF-16 units.</summary>
    public const int NameBound = 256;

    /// <summary>Bound of an error message, in UTF-16 units. Longer ones are cut; prompts that a message repeats are thereby cut
    /// too.</summary>
    public const int MessageBound = 1024;

    /// <summary>The cleaned text; null when nothing is left.</summary>
    public static string? Clean(string? text, int bound = NameBound)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        if (text.Length > bound) text = text[..bound];
        if (IsClean(text)) return text.Trim();
        var kept = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            // EnumerateRunes gives U+FFFD for a lone surrogate; it and NUL are left out.
            if (rune.Value is not (0 or 0xFFFD)) kept.Append(rune);
        }

        var cleaned = kept.ToString().Trim();
        return cleaned.Length == 0 ? null : cleaned;
    }

    /// <summary>The cleaned text of UTF-8 bytes, whatever they hold; null when nothing is left.</summary>
    public static string? Clean(ReadOnlySpan<byte> utf8, int bound = NameBound)
    {
        // A UTF-16 unit takes at most three bytes, so a longer tail cannot matter.
        var needed = utf8.Length > bound * 3 ? utf8[..(bound * 3)] : utf8;
        return needed.IsEmpty ? null : Clean(Encoding.UTF8.GetString(needed), bound);
    }

    private static bool IsClean(string text)
    {
        foreach (var c in text)
        {
            if (c is '\0' or '\uFFFD' || char.IsSurrogate(c)) return false;
        }

        return true;
    }
}
