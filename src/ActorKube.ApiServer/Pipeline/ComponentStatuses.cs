using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>The old <c>componentstatuses</c>: how the store is. Scheduler and controllers report by their leases, and are not asked here.</summary>
internal sealed class ComponentStatuses(Func<bool> storeAnswers)
{
    private const string Store = "etcd-0";

    /// <summary>One component.</summary>
    public ApiResponse Get(RequestContext context) =>
        context.Request.Name == Store ? new ApiResponse(200, Status()) : throw ApiError.NotFound(context.Kind, context.Request.Name);

    /// <summary>All components.</summary>
    public ApiResponse List() => new(200, null, new ApiList([Status()], ""));

    private ApiObject Status() => new(new V1ComponentStatus
    {
        ApiVersion = "v1",
        Kind = "ComponentStatus",
        Metadata = new V1ObjectMeta { Name = Store },
        Conditions = [storeAnswers()
            ? new V1ComponentCondition { Type = "Healthy", Status = "True", Message = "ok" }
            : new V1ComponentCondition { Type = "Healthy", Status = "False", Error = "the store has not answered yet" }],
    });
}
