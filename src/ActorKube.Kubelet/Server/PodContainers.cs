using ActorKube.Client.Informers;
using ActorKube.ContainerRuntime;
using ActorKube.Kubelet.Pods;
using Microsoft.AspNetCore.Http;
using k8s.Models;

namespace ActorKube.Kubelet.Server;

/// <summary>A request that names something which is not there.</summary>
internal sealed class ServerException(int code, string message) : Exception(message)
{
    public int Code { get; } = code;

    /// <summary>Tells the client and the log of failures that nobody expected.</summary>
    public static async Task ReportAsync(HttpContext context, RequestDelegate next, Action<Exception, string> onError)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            onError(e, context.Request.Path);
            if (context.Response.HasStarted)
                throw;
            await AnswerAsync(context, StatusCodes.Status500InternalServerError, e.Message).ConfigureAwait(false);
        }
    }

    /// <summary>Answers with the exception's code and message when the action throws one.</summary>
    public static async Task HandleAsync(HttpContext context, Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (Exception e) when (!context.Response.HasStarted && e is ServerException or ContainerRuntimeException)
        {
            await AnswerAsync(context, e is ServerException known ? known.Code : StatusCodes.Status500InternalServerError, e.Message).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone: there is nobody to answer.
            return;
        }
    }

    private static Task AnswerAsync(HttpContext context, int code, string message)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(message);
    }
}

/// <summary>Finds pods and their containers for requests.</summary>
internal sealed class PodContainers(IContainerRuntime runtime, KubeletSettings settings, Func<ILister<V1Pod>> pods, TimeProvider time)
{
    private readonly PodRuntimeReader _reader = new(runtime, settings.NodeName, remembers: false);

    public PodDirectories Directories { get; } = new(settings.RootDirectory, settings.PodLogsDirectory);

    public TimeProvider Time { get; } = time;

    /// <summary>The pod, with its uid when the request names one.</summary>
    public V1Pod Pod(string ns, string name, string? uid = null)
    {
        var pod = pods().Get(ns, name);
        return pod is not null && (string.IsNullOrEmpty(uid) || pod.Metadata.Uid == uid)
            ? pod
            : throw new ServerException(StatusCodes.Status404NotFound, $"pod \"{name}\" not found");
    }

    /// <summary>All instances of a container, newest first.</summary>
    public async Task<IReadOnlyList<ContainerInstance>> InstancesAsync(V1Pod pod, string container, CancellationToken cancellationToken)
    {
        if (ContainerSpecs.Find(pod, container) is null)
            throw new ServerException(StatusCodes.Status404NotFound, $"container {container} is not valid for pod {pod.Metadata.Name}");
        var status = await _reader.ReadAsync(pod.Metadata.Uid, cancellationToken).ConfigureAwait(false);
        return [.. status.Of(container)];
    }

    /// <summary>The running instance of a container.</summary>
    public async Task<ContainerInstance> RunningAsync(V1Pod pod, string container, CancellationToken cancellationToken)
    {
        var instances = await InstancesAsync(pod, container, cancellationToken).ConfigureAwait(false);
        return instances.FirstOrDefault(i => i.IsRunning)
            ?? throw new ServerException(StatusCodes.Status404NotFound, $"container not found (\"{container}\")");
    }

    /// <summary>The id of the pod's sandbox.</summary>
    public async Task<string> SandboxAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        var status = await _reader.ReadAsync(pod.Metadata.Uid, cancellationToken).ConfigureAwait(false);
        return status.Sandbox is { Ready: true } sandbox
            ? sandbox.Id
            : throw new ServerException(StatusCodes.Status404NotFound, $"pod not found (\"{pod.Metadata.Name}_{pod.Metadata.NamespaceProperty}\")");
    }

    /// <summary>Whether this instance still runs.</summary>
    public async Task<bool> IsRunningAsync(string containerId, CancellationToken cancellationToken)
    {
        try
        {
            var status = await runtime.ContainerStatusAsync(containerId, cancellationToken).ConfigureAwait(false);
            return status.State == ContainerRuntime.Cri.ContainerState.ContainerRunning;
        }
        catch (ContainerRuntimeException e) when (e.IsNotFound)
        {
            return false;
        }
    }
}
