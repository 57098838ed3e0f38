using YamlDotNet.Serialization;
using YamlDotNet.Serialization.EventEmitters;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Analytics.Topology.Config;

/// <summary>Writes nested dictionaries and lists as YAML: keys in the order given, LF, strings quoted wherever YAML 1.1 would take them for something else.</summary>
internal static class Yaml
{
    private static readonly ISerializer Serializer = new SerializerBuilder()
        .WithQuotingNecessaryStrings(quoteYaml1_1Strings: true)
        .WithEventEmitter(next => new BlockText(next))
        .WithIndentedSequences()
        .DisableAliases()
        .WithNewLine("\n")
        .Build();

    public static string Write(object document) => Serializer.Serialize(document);

    /// <summary>Text of several lines as a literal block: readable in review, and kept to the byte.</summary>
    private sealed class BlockText(IEventEmitter next) : ChainedEventEmitter(next)
    {
        public override void Emit(ScalarEventInfo eventInfo, IEmitter emitter)
        {
            if (eventInfo.Source.Value is string text && text.Contains('\n'))
                eventInfo.Style = ScalarStyle.Literal;
            base.Emit(eventInfo, emitter);
        }
    }
}
