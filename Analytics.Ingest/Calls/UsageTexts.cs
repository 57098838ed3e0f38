using System.Buffers.Text;

namespace Analytics.Ingest.Calls;

/// <summary>One number inside a text: its name there, and its meaning.</summary>
internal readonly record struct UsagePart(byte[] Name, SlotName Meaning);

/// <summary>
/// Finds numbers in attributes that are texts of JSON, or of Python's <c>str(dict)</c>, by their names. Nothing else of the text is looked
/// at: it may hold a whole answer. A name inside a string of the text is not one, because there its quotation marks are escaped.
/// </summary>
internal static class UsageTexts
{
    private const NameTraits Part = NameTraits.CachedIsPart;

    // The AI SDK's metadata of the provider, for example
    // {"anthropic":{"usage":{"input_tokens":4,"cache_creation_input_tokens":3012},"cacheCreationInputTokens":3012}}. Ranks stand behind
    // those of the table's names.
    private static readonly UsagePart[] ProviderMetadata =
    [
        Of("cacheCreationInputTokens", Slot.CacheWriteTokens, 50), Of("cache_creation_input_tokens", Slot.CacheWriteTokens, 51),
        Of("cacheWriteInputTokens", Slot.CacheWriteTokens, 52), Of("cache_read_input_tokens", Slot.CacheReadTokens, 50),
        Of("cacheReadInputTokens", Slot.CacheReadTokens, 51), Of("cachedPromptTokens", Slot.CacheReadTokens, 52),
        Of("cachedContentTokenCount", Slot.CacheReadTokens, 53),
    ];

    // LangChain's usage_metadata: {'cache_read': 1024, 'cache_creation': 0}; both are a part of input_tokens.
    private static readonly UsagePart[] InputDetails =
        [Of("cache_read", Slot.CacheReadTokens, 60, Part), Of("cache_creation", Slot.CacheWriteTokens, 60, Part)];

    // What Logfire got from OpenAI or Anthropic, beside input tokens that hold the cached ones
    // (logfire/_internal/integrations/llm_providers).
    private static readonly UsagePart[] RawUsage =
    [
        Of("cached_tokens", Slot.CacheReadTokens, 65, Part), Of("cache_read_input_tokens", Slot.CacheReadTokens, 66, Part),
        Of("cache_write_tokens", Slot.CacheWriteTokens, 65, Part), Of("cache_creation_input_tokens", Slot.CacheWriteTokens, 66, Part),
        Of("reasoning_tokens", Slot.ReasoningTokens, 65),
    ];

    private static readonly UsagePart[] OutputDetails = [Of("reasoning", Slot.ReasoningTokens, 60)];

    private static readonly UsagePart[] MlflowUsage =
    [
        Of("input_tokens", Slot.InputTokens, 70), Of("output_tokens", Slot.OutputTokens, 70), Of("total_tokens", Slot.TotalTokens, 70),
        Of("cache_read_input_tokens", Slot.CacheReadTokens, 70, Part), Of("cache_creation_input_tokens", Slot.CacheWriteTokens, 70, Part),
    ];

    private static readonly UsagePart[] MlflowCost = [Of("total_cost", Slot.Cost, 70)];

    private static readonly UsagePart[] GenkitOutput =
    [
        Of("inputTokens", Slot.InputTokens, 80), Of("outputTokens", Slot.OutputTokens, 80), Of("totalTokens", Slot.TotalTokens, 80),
        Of("thoughtsTokens", Slot.ReasoningTokens, 80), Of("cachedContentTokens", Slot.CacheReadTokens, 80, Part),
    ];

    /// <summary>Which numbers the attribute of this slot holds.</summary>
    public static ReadOnlySpan<UsagePart> PartsOf(Slot slot) => slot switch
    {
        Slot.ProviderMetadata => ProviderMetadata,
        Slot.InputDetails => InputDetails,
        Slot.OutputDetails => OutputDetails,
        Slot.RawUsage => RawUsage,
        Slot.MlflowUsage => MlflowUsage,
        Slot.MlflowCost => MlflowCost,
        Slot.GenkitOutput => GenkitOutput,
        _ => [],
    };

    /// <summary>The part of the text that holds usage: for Genkit's whole answer the object <c>usage</c>, otherwise all of it.</summary>
    public static ReadOnlySpan<byte> UsageIn(Slot slot, ReadOnlySpan<byte> text) => slot == Slot.GenkitOutput
        ? LastUsage(text, "\"usage\":{"u8, "\"inputTokens\":"u8, "\"outputTokens\":"u8)
        : text;

    /// <summary>
    /// The same of a text that is still escaped as a JSON string, where it would be too long to be decoded whole. All of it when nothing is
    /// found.
    /// </summary>
    public static ReadOnlySpan<byte> EscapedUsageIn(Slot slot, ReadOnlySpan<byte> escaped)
    {
        if (slot != Slot.GenkitOutput) return escaped;
        var usage = LastUsage(escaped, """\"usage\":{"""u8, """\"inputTokens\":"""u8, """\"outputTokens\":"""u8);
        return usage.IsEmpty ? escaped : usage;
    }

    /// <summary>The first number of this name; null when there is none.</summary>
    public static double? Number(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        for (var rest = text; rest.IndexOf(name) is var at and >= 0; rest = rest[(at + name.Length)..])
        {
            var behind = rest[(at + name.Length)..];
            if (at == 0 || behind.IsEmpty || rest[at - 1] is not ((byte)'"' or (byte)'\'') || behind[0] != rest[at - 1]) continue;
            behind = behind[1..].TrimStart((byte)' ');
            if (behind.IsEmpty || behind[0] != (byte)':') continue;
            behind = behind[1..].TrimStart((byte)' ');
            if (Utf8Parser.TryParse(behind, out double number, out _) && double.IsFinite(number)) return number;
        }

        return null;
    }

    /// <summary>
    /// The text from the last object <c>usage</c> that counts in Genkit's words. The raw answer of the provider, which some plugins add
    /// behind it, has one in its own (js/plugins/compat-oai/src/model.ts).
    /// </summary>
    private static ReadOnlySpan<byte> LastUsage(
        ReadOnlySpan<byte> text, ReadOnlySpan<byte> opening, ReadOnlySpan<byte> input, ReadOnlySpan<byte> output)
    {
        var end = text.Length;
        for (int at; (at = text[..end].LastIndexOf(opening)) >= 0; end = at)
        {
            var usage = text[at..end];
            if (usage.IndexOf(input) >= 0 || usage.IndexOf(output) >= 0) return text[at..];
        }

        return [];
    }

    private static UsagePart Of(string name, Slot slot, int rank, NameTraits traits = NameTraits.None) =>
        new(System.Text.Encoding.UTF8.GetBytes(name), new SlotName(slot, rank, traits));
}
