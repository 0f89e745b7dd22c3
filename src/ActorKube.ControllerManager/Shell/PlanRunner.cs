using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Shell;

/// <summary>What became of a plan.</summary>
/// <param name="Writes">What the API server took.</param>
/// <param name="Failure">The first action that failed, or null.</param>
/// <param name="Error">Its error.</param>
internal sealed record PlanOutcome(IReadOnlyList<Write> Writes, PlanFailure? Failure, Exception? Error);

/// <summary>Carries plans out. There is no choice in it: a plan says everything.</summary>
internal sealed class PlanRunner(IApiTransport transport, IEventRecorder events, string userAgent)
{
    /// <summary>Runs the actions in order up to the first failure. Throws only for bugs.</summary>
    public async Task<PlanOutcome> RunAsync(Plan plan)
    {
        var writes = new List<Write>();
        foreach (var action in plan.Actions)
        {
            if (await RunAsync(action, writes) is { } failed)
                return new PlanOutcome(writes, failed.Failure, failed.Error);
        }

        return new PlanOutcome(writes, null, null);
    }

    private async Task<(PlanFailure Failure, Exception Error)?> RunAsync(PlannedAction action, List<Write> writes)
    {
        if (action is Together together)
            return await RunBatchesAsync(together, writes);
        try
        {
            if (await SendAsync(action) is { } write)
            {
                lock (writes)
                    writes.Add(write);
            }

            if (action.Announce is { Reason.Length: > 0 } told)
                events.Record(told.About, told.Type, told.Reason, told.Message);
            return null;
        }
        catch (Exception e) when (e is ApiException or ApiUnreachableException)
        {
            if (action.Announce is { FailureReason.Length: > 0 } told)
                events.Record(told.About, "Warning", told.FailureReason, $"{told.FailureMessage}{e.Message}");
            return (new PlanFailure(action, (e as ApiException)?.Reason ?? "", e.Message), e);
        }
    }

    private async Task<(PlanFailure Failure, Exception Error)?> RunBatchesAsync(Together together, List<Write> writes)
    {
        var size = together.SlowStart ? 1 : together.Actions.Count;
        for (var start = 0; start < together.Actions.Count; start += size, size *= 2)
        {
            var batch = together.Actions.Skip(start).Take(size).Select(a => RunAsync(a, writes));
            var failures = (await Task.WhenAll(batch)).Where(f => f is not null).ToList();
            if (failures.Count > 0)
                return failures[0];
        }

        return null;
    }

    private async Task<Write?> SendAsync(PlannedAction action)
    {
        switch (action)
        {
            case Tell:
                return null;
            case Procedure procedure:
                await procedure.Run(transport);
                return null;
            case Create create:
                return await CreateAsync(create);
            case Update update:
                return await WriteAsync(Request("update", update.Object) with { Object = Named(update.Object) });
            case UpdateStatus update:
                return await WriteAsync(Request("update", update.Object, "status") with { Object = Named(update.Object) });
            case PutSubresource put:
                await WriteAsync(Request("update", put.Object, put.Subresource) with { Object = Named(put.Object) });
                return null;
            case Merge merge:
                var patch = Client.Patch.Merge(merge.Body);
                return await WriteAsync(Request("patch", merge.Target, merge.Subresource) with { ContentType = patch.ContentType, Body = patch.Body });
            case Delete delete:
                return await DeleteAsync(delete);
            default:
                throw new ArgumentException($"unknown action {action.GetType().Name}");
        }
    }

    private async Task<Write?> CreateAsync(Create create)
    {
        var request = Request("create", create.Object) with { Name = "", Object = Named(create.Object) };
        try
        {
            return await WriteAsync(request);
        }
        catch (ApiException e) when (e.Status.Details?.Causes?.Any(c => c.Reason == "NamespaceTerminating") == true)
        {
            // Everything there is on its way out, the owner as well: neither a failure nor worth trying again.
            return null;
        }
    }

    private async Task<Write?> DeleteAsync(Delete delete)
    {
        var metadata = delete.Target.Metadata;
        var options = new V1DeleteOptions
        {
            ApiVersion = "v1",
            Kind = "DeleteOptions",
            Preconditions = new V1Preconditions { Uid = metadata.Uid },
            PropagationPolicy = delete.PropagationPolicy,
            GracePeriodSeconds = delete.GracePeriodSeconds,
        };
        try
        {
            await SendAsync(Request("delete", delete.Target) with { Object = options });
            return new Write(delete.Target.GetType(), ObjectKey.Of(delete.Target), metadata.Uid ?? "", 0);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    private async Task<Write?> WriteAsync(ApiRequest request)
    {
        var response = await SendAsync(request);
        return response.Object?.Value is IKubernetesObject<V1ObjectMeta> result ? Write.Of(result) : null;
    }

    private async Task<ApiResponse> SendAsync(ApiRequest request)
    {
        var response = await transport.SendAsync(request);
        return response.Code < 400 ? response : throw ApiError.From(response.Object!.As<V1Status>());
    }

    private ApiRequest Request(string verb, IKubernetesObject<V1ObjectMeta> target, string subresource = "")
    {
        var kind = KindRegistry.BuiltIn.Of(target.GetType());
        return new ApiRequest
        {
            Verb = verb,
            Group = kind.Group,
            Version = kind.Version,
            Resource = kind.Resource,
            Namespace = kind.Namespaced ? target.Metadata.NamespaceProperty ?? "" : "",
            Name = target.Metadata.Name,
            Subresource = subresource,
            UserAgent = userAgent,
        };
    }

    private static IKubernetesObject<V1ObjectMeta> Named(IKubernetesObject<V1ObjectMeta> value)
    {
        var kind = KindRegistry.BuiltIn.Of(value.GetType());
        (value.ApiVersion, value.Kind) = (kind.ApiVersion, kind.Kind);
        return value;
    }
}
