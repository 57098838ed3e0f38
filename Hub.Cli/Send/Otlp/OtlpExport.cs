using System.IO.Compression;

namespace Hub.Cli.Send.Otlp;

/// <summary>How OTLP is written.</summary>
internal enum OtlpFormat
{
    Protobuf,
    Json,
}

/// <summary>The body of one export request, made once: a retry sends the same bytes.</summary>
internal sealed record OtlpExport(byte[] GzipBody, string ContentType)
{
    public const string ProtobufType = "application/x-protobuf";
    public const string JsonType = "application/json";

    /// <summary>The scope of the spans: who made them.</summary>
    public const string Scope = "hub.send";

    /// <summary>The conventions that the attributes follow.</summary>
    public const string SchemaUrl = "https://opentelemetry.io/schemas/gen-ai/1.42.0";

    public static OtlpExport Of(IReadOnlyList<OtlpSpan> spans, OtlpFormat format)
    {
        var body = format == OtlpFormat.Json ? OtlpJson.Encode(spans) : OtlpProtobuf.Encode(spans);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(body);
        return new OtlpExport(packed.ToArray(), format == OtlpFormat.Json ? JsonType : ProtobufType);
    }

    /// <summary>The attributes of the resource that a service's spans belong to. The environment keeps made-up traffic apart from
    /// real.</summary>
    internal static KeyValuePair<string, object>[] Resource(string service) =>
        [new("service.name", service), new("deployment.environment.name", "sample")];
}
