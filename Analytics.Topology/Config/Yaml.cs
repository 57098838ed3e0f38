using System.Text.RegularExpressions;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.EventEmitters;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Analytics.Topology.Config;

/// <summary>Writes nested dictionaries and lists as YAML: keys in the order given, LF, strings quoted wherever YAML 1.1 would take them for
/// something else.</summary>
internal static partial class Yaml
{
    private static readonly ISerializer Serializer = new SerializerBuilder()
        .WithQuotingNecessaryStrings(quoteYaml1_1Strings: true)
        .WithEventEmitter(next => new TextStyle(next))
        .WithIndentedSequences()
        .DisableAliases()
        .WithNewLine("\n")
        .Build();

    public static string Write(object document) => Serializer.Serialize(document);

    // Dates, 1e3 and YAML 1.1's "=" (a default value) and "<<" (a merge), which the library leaves plain and readers take for something
    // else; and space that a reader would strip.
    [GeneratedRegex(@"\A(?:=|<<)\z|\A[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|\A[-+]?[0-9]+[eE][-+]?[0-9]+\z|\A\s|\s\z|[\t\r]")]
    private static partial Regex Misread();

    /// <summary>Text of several lines as a literal block: readable in review, and kept to the byte.</summary>
    private sealed class TextStyle(IEventEmitter next) : ChainedEventEmitter(next)
    {
        public override void Emit(ScalarEventInfo eventInfo, IEmitter emitter)
        {
            if (eventInfo.Source.Value is string text)
            {
                if (text.Contains('\n') && !char.IsWhiteSpace(text[0]) && !text.Contains('\r'))
                    eventInfo.Style = ScalarStyle.Literal;
                else if (Misread().IsMatch(text))
                    eventInfo.Style = ScalarStyle.DoubleQuoted;
            }

            base.Emit(eventInfo, emitter);
        }
    }
}
