using Grpc.Core;

namespace ActorKube.ContainerRuntime.Cri;

/// <summary>
/// Reads a CRI call's gRPC failure as the failure the kubelet knows. Runtimes answer most failures, a mistyped command
/// among them, with <c>Unknown</c> and say the reason only in the text, so the text is always kept.
/// </summary>
internal static class CriErrors
{
    /// <summary>The exception that a caller of <see cref="IContainerRuntime"/> sees instead of <paramref name="exception"/>.</summary>
    public static ContainerRuntimeException Map(string call, RpcException exception) =>
        new($"{call}: {exception.Status.Detail}", Kind(exception.StatusCode, exception.Status.Detail), exception);

    /// <summary>Which kind of failure a gRPC code and its text stand for.</summary>
    public static ContainerRuntimeError Kind(StatusCode code, string detail) => code switch
    {
        StatusCode.NotFound => ContainerRuntimeError.NotFound,
        StatusCode.DeadlineExceeded => ContainerRuntimeError.Timeout,
        StatusCode.Unavailable => ContainerRuntimeError.Unavailable,
        StatusCode.Unimplemented => ContainerRuntimeError.Unimplemented,

        // CRI-O reports an ExecSync that ran out of time, and the runtimes some wrapped time-outs, as Unknown.
        StatusCode.Unknown when detail.Contains("context deadline exceeded", StringComparison.Ordinal)
            || detail.Contains("command timed out", StringComparison.Ordinal) => ContainerRuntimeError.Timeout,
        _ => ContainerRuntimeError.Failed,
    };
}
