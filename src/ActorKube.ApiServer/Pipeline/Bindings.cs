using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Admission;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>pods/binding: puts a pod on a node, once.</summary>
internal sealed class Bindings(Modifier modifier, AdmissionChain admission)
{
    private static readonly ResourceKind BindingKind = KindRegistry.BuiltIn.Of<V1Binding>();

    /// <summary>Binds the pod that the URL, or for <c>/bindings</c> the body, names.</summary>
    public async Task<ApiResponse> CreateAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var binding = (V1Binding)BodyDecoder.Decode(context, BindingKind);
        var name = context.Request.Name.Length > 0 ? context.Request.Name : binding.Metadata.Name ?? "";
        var node = Node(binding, name);
        var now = context.Timestamp;
        var asked = new AdmissionRequest("CREATE", context.Kind, "binding", context.Request.Namespace, name, binding, null, context.User, context.DryRun) { Warn = context.Warn };
        await admission.AdmitAsync(asked, context.Cancelled).ConfigureAwait(false);
        await modifier.ModifyAsync(context, context.Resource.Key(context.Request.Namespace, name), current =>
        {
            var was = current.As<V1Pod>();
            Check(context, binding, was, name);
            var pod = ApiJson.Copy(was);
            pod.Spec.NodeName = node;
            Merge(binding.Metadata.Annotations, pod.Metadata.Annotations ??= new Dictionary<string, string>());
            Merge(binding.Metadata.Labels, pod.Metadata.Labels ??= new Dictionary<string, string>());
            pod.Metadata.Annotations = pod.Metadata.Annotations.Count == 0 ? null : pod.Metadata.Annotations;
            pod.Metadata.Labels = pod.Metadata.Labels.Count == 0 ? null : pod.Metadata.Labels;
            pod.Status ??= new V1PodStatus();
            pod.Status.Conditions =
            [
                .. (pod.Status.Conditions ?? []).Where(c => c.Type != "PodScheduled"),
                new V1PodCondition { Type = "PodScheduled", Status = "True", LastTransitionTime = now, ObservedGeneration = pod.Metadata.Generation },
            ];
            return new(pod);
        }).ConfigureAwait(false);
        return new ApiResponse(201, new ApiObject(new V1Status { ApiVersion = "v1", Kind = "Status", Metadata = new V1ListMeta(), Status = "Success", Code = 201 }));
    }

    private static string Node(V1Binding binding, string name)
    {
        var errors = new List<FieldError>();
        if (binding.Target?.Kind is { Length: > 0 } kind && kind != "Node")
        {
            errors.Add(FieldError.NotSupported("target.kind", kind, ["Node", "<empty>"]));
        }

        if (string.IsNullOrEmpty(binding.Target?.Name))
        {
            errors.Add(FieldError.Required("target.name"));
        }

        return errors.Count == 0 ? binding.Target!.Name : throw ApiError.Invalid(BindingKind, name, errors);
    }

    private static void Check(RequestContext context, V1Binding binding, V1Pod pod, string name)
    {
        if (!string.IsNullOrEmpty(binding.Metadata.Uid) && binding.Metadata.Uid != pod.Metadata.Uid)
        {
            throw Conflict(name, $"Precondition failed: UID in precondition: {binding.Metadata.Uid}, UID in object meta: {pod.Metadata.Uid}");
        }

        if (!string.IsNullOrEmpty(binding.Metadata.ResourceVersion) && binding.Metadata.ResourceVersion != pod.Metadata.ResourceVersion)
        {
            throw ApiError.Conflict(context.Kind, name);
        }

        if (pod.Metadata.DeletionTimestamp is not null)
        {
            throw Conflict(name, $"pod {name} is being deleted, cannot be assigned to a host");
        }

        if (!string.IsNullOrEmpty(pod.Spec.NodeName))
        {
            throw Conflict(name, $"pod {name} is already assigned to node \"{pod.Spec.NodeName}\"");
        }

        if (pod.Spec.SchedulingGates is { Count: > 0 })
        {
            throw Conflict(name, $"pod {name} has non-empty .spec.schedulingGates");
        }
    }

    private static ApiException Conflict(string name, string why)
    {
        var status = ApiError.Status(409, "Conflict", $"Operation cannot be fulfilled on pods/binding \"{name}\": {why}");
        status.Details = new V1StatusDetails { Name = name, Kind = "pods/binding" };
        return new ApiException(status);
    }

    private static void Merge(IDictionary<string, string>? from, IDictionary<string, string> into)
    {
        foreach (var (key, value) in from ?? new Dictionary<string, string>())
        {
            into[key] = value;
        }
    }
}
