using Analytics.Ingest.Protos;
using ServiceDefaults;

namespace Analytics.Ingest.Spans;

/// <summary>What the resource of an export says about all of its spans.</summary>
internal readonly record struct ResourceFacts(string? ServiceName, string? Environment, bool IsOwnTelemetry)
{
    public static ResourceFacts Of(Resource? resource)
    {
        string? service = null, environment = null, olderEnvironment = null;
        var own = false;
        foreach (var attribute in resource?.Attributes ?? [])
        {
            var key = attribute.Key.Span;
            if (key.SequenceEqual("service.name"u8)) service = SpanMapper.TextOf(attribute.Value);
            else if (key.SequenceEqual("deployment.environment.name"u8)) environment = SpanMapper.TextOf(attribute.Value);
            else if (key.SequenceEqual("deployment.environment"u8)) olderEnvironment = SpanMapper.TextOf(attribute.Value);
            else if (attribute.Key.ToStringUtf8() == OwnTelemetry.ResourceAttribute) own = attribute.Value?.BoolValue == true;
        }

        return new ResourceFacts(service, environment ?? olderEnvironment, own);
    }
}
