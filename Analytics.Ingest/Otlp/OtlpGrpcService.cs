using System.Globalization;
using Analytics.Ingest.Http;
using Analytics.Ingest.Protos;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Analytics.Ingest.Otlp;

/// <summary>OTLP over gRPC. The sender and the message were found by <see cref="GrpcGate"/>.</summary>
internal sealed class OtlpGrpcService(IngestMetrics metrics)
{
    public async Task<TResponse> ExportAsync<TResponse>(ISignal<TResponse> signal, ServerCallContext context)
        where TResponse : class, IMessage<TResponse>
    {
        var (caller, message) = GrpcGate.Of(context.GetHttpContext());
        try
        {
            if (!await signal.ReadyAsync()) throw RequestRefusedException.Busy(DrainRate.WaitWhenStalled);
            var (answer, copies) = await signal.ExportAsync(caller, message, OtlpEncoding.Protobuf);
            if (copies is { } known) context.ResponseTrailers.Add(CommitCopies.Header, known.ToString(CultureInfo.InvariantCulture));
            return answer;
        }
        catch (RequestRefusedException refused)
        {
            metrics.Refused(refused.Status);
            throw GrpcErrors.Of(refused);
        }
    }
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
/// Tells Grpc.AspNetCore about the three services. They are declared here and not generated, because their messages are not read by the
/// generated code: the request that it sees is empty.
/// </summary>
internal sealed class OtlpGrpcMethods(TraceSignal traces, MetricsSignal metrics, LogsSignal logs) : IServiceMethodProvider<OtlpGrpcService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OtlpGrpcService> context)
    {
        Add(context, traces);
        Add(context, metrics);
        Add(context, logs);
    }

    private static void Add<TResponse>(ServiceMethodProviderContext<OtlpGrpcService> context, ISignal<TResponse> signal)
        where TResponse : class, IMessage<TResponse> => context.AddUnaryMethod(
            new Method<Empty, TResponse>(
                MethodType.Unary,
                signal.GrpcService,
                "Export",
                Marshallers.Create<Empty>(
                    static (_, _) => throw new NotSupportedException("A server does not write requests."),
                    static _ => new Empty()),
                Marshallers.Create<TResponse>(
                    static (response, context) => context.Complete(response.ToByteArray()),
                    static _ => throw new NotSupportedException("A server does not read responses."))),
            [],
            (service, _, call) => service.ExportAsync(signal, call));
}
