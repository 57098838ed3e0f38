using System.Globalization;
using Analytics.Ingest.Hosting;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Analytics.Ingest.Otlp;

/// <summary>OTLP over gRPC. The project was found by <see cref="GrpcKeyGate"/> before the message was read.</summary>
internal sealed class OtlpGrpcService(TraceSignal traces, MetricsSignal metricsSignal, LogsSignal logs, IngestMetrics metrics)
{
    public Task<ExportTraceServiceResponse> ExportTraces(Decoded<ExportTraceServiceRequest> request, ServerCallContext context) =>
        ExportAsync(traces, request, context);

    public Task<ExportMetricsServiceResponse> ExportMetrics(Decoded<ExportMetricsServiceRequest> request, ServerCallContext context) =>
        ExportAsync(metricsSignal, request, context);

    public Task<ExportLogsServiceResponse> ExportLogs(Decoded<ExportLogsServiceRequest> request, ServerCallContext context) =>
        ExportAsync(logs, request, context);

    private async Task<TResponse> ExportAsync<TRequest, TResponse>(ISignal<TRequest, TResponse> signal, Decoded<TRequest> request, ServerCallContext context)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            var taken = await signal.TakeAsync(GrpcKeyGate.ProjectOf(context.GetHttpContext()), request.Message);
            if (taken.RetryAfter is { } later) throw RequestRefusedException.Busy(later);
            if (taken.Copies is { } copies) context.ResponseTrailers.Add(CommitCopies.Header, copies.ToString(CultureInfo.InvariantCulture));
            return signal.Answer(taken);
        }
        catch (RequestRefusedException refused)
        {
            metrics.Refused(refused.Status);
            throw GrpcErrors.Of(refused);
        }
    }
}

/// <summary>A request, or why it is none: decoding happens where an exception would become INTERNAL, which tells a client nothing.</summary>
internal sealed class Decoded<T>(T? message, RequestRefusedException? error) where T : class
{
    /// <exception cref="RequestRefusedException">The bytes were no such message.</exception>
    public T Message => message ?? throw error!;
}

internal static class GrpcErrors
{
    /// <summary>The trailer that carries google.rpc.Status with its details.</summary>
    private const string DetailsTrailer = "grpc-status-details-bin";

    public static RpcException Of(RequestRefusedException refused)
    {
        var status = RpcStatus.Of(refused.Status, refused.Message, refused.RetryAfter);
        return new RpcException(
            new Grpc.Core.Status((StatusCode)status.Code, refused.Message), new Metadata { { DetailsTrailer, status.ToByteArray() } });
    }
}

/// <summary>
/// Tells Grpc.AspNetCore about the three services. They are declared here and not generated, because the generated way decodes before any code of
/// ours runs: a broken message would be answered as UNKNOWN, and unknown fields (every prompt) would be kept in memory.
/// </summary>
internal sealed class OtlpGrpcMethods(TraceSignal traces, MetricsSignal metrics, LogsSignal logs) : IServiceMethodProvider<OtlpGrpcService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OtlpGrpcService> context)
    {
        context.AddUnaryMethod(MethodOf(traces), [], static (service, request, call) => service.ExportTraces(request, call));
        context.AddUnaryMethod(MethodOf(metrics), [], static (service, request, call) => service.ExportMetrics(request, call));
        context.AddUnaryMethod(MethodOf(logs), [], static (service, request, call) => service.ExportLogs(request, call));
    }

    private static Method<Decoded<TRequest>, TResponse> MethodOf<TRequest, TResponse>(ISignal<TRequest, TResponse> signal)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse> => new(
            MethodType.Unary,
            signal.GrpcService,
            "Export",
            Marshallers.Create<Decoded<TRequest>>(
                static (_, _) => throw new NotSupportedException("A server does not write requests."),
                context => Decode(signal.Parser, context)),
            Marshallers.Create<TResponse>(
                static (response, context) => context.Complete(response.ToByteArray()),
                static _ => throw new NotSupportedException("A server does not read responses.")));

    private static Decoded<T> Decode<T>(MessageParser<T> parser, DeserializationContext context) where T : class, IMessage<T>, new()
    {
        try
        {
            return new Decoded<T>(OtlpProtobuf.Read(parser, context.PayloadAsNewBuffer()), null);
        }
        catch (RequestRefusedException malformed)
        {
            return new Decoded<T>(null, malformed);
        }
    }
}
