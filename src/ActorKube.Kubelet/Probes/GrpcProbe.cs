using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace ActorKube.Kubelet.Probes;

/// <summary>
/// Probes by the gRPC health checking protocol. Its two messages have one field each, so they are written by hand.
/// Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
/// </summary>
internal static class GrpcProbe
{
    private const int Serving = 1;

    private static readonly string[] Names = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);
    private static readonly Method<byte[], byte[]> Check = new(MethodType.Unary, "grpc.health.v1.Health", "Check", Bytes, Bytes);

    public static async Task<ProbeResult> CheckAsync(string host, int port, string service, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var authority = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        var address = string.Create(CultureInfo.InvariantCulture, $"http://{authority}:{port}");
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false }, DisposeHttpClient = true });
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        var options = new CallOptions(new Metadata { { "user-agent", "kube-probe/1.36" } }, cancellationToken: limit.Token);
        try
        {
            using var call = channel.CreateCallInvoker().AsyncUnaryCall(Check, null, options, WriteRequest(service));
            var status = ReadStatus(await call.ResponseAsync.ConfigureAwait(false));
            var name = status >= 0 && status < Names.Length ? Names[status] : status.ToString(CultureInfo.InvariantCulture);
            return status == Serving ? ProbeResult.Success("service healthy") : ProbeResult.Failure($"service unhealthy (responded with \"{name}\")");
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            return ProbeResult.Failure("this server does not implement the grpc health protocol (grpc.health.v1.Health)");
        }
        catch (RpcException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return ProbeResult.Failure($"timeout: failed to connect service \"{authority}:{port}\" within {Pods.Duration.Format(timeout)}: context deadline exceeded");
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            return ProbeResult.Failure($"error: health rpc probe failed: {e.Status.Detail}");
        }
    }

    private static byte[] WriteRequest(string service)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true))
        {
            if (service.Length > 0)
            {
                output.WriteTag(1, WireFormat.WireType.LengthDelimited);
                output.WriteString(service);
            }
        }

        return buffer.ToArray();
    }

    private static int ReadStatus(byte[] bytes)
    {
        var input = new CodedInputStream(bytes);
        var status = 0;
        while (input.ReadTag() is var tag and not 0)
        {
            if (tag == WireFormat.MakeTag(1, WireFormat.WireType.Varint))
                status = input.ReadEnum();
            else
                input.SkipLastField();
        }

        return status;
    }
}
