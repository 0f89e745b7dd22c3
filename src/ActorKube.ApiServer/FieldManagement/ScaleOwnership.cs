using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.Pipeline;
using k8s.Models;

namespace ActorKube.ApiServer.FieldManagement;

/// <summary>Who owns an object's replicas after its Scale was written.</summary>
internal static class ScaleOwnership
{
    private static readonly PathElement[] Replicas = [PathElement.Field("spec"), PathElement.Field("replicas")];
    private static readonly FieldManager Manager = new()
    {
        Schema = ModelSchema.Of(typeof(V1Scale)),
        ApiVersion = Scales.ScaleKind.ApiVersion,
        Kind = Scales.ScaleKind.Kind,
        Subresource = "scale",
    };

    /// <summary>The object's entries after an update or another patch than apply.</summary>
    /// <param name="context">The request.</param>
    /// <param name="was">The Scale before.</param>
    /// <param name="scale">The Scale as it shall be.</param>
    /// <param name="entries">The object's entries before.</param>
    public static IList<V1ManagedFieldsEntry>? Update(RequestContext context, V1Scale was, V1Scale scale, IList<V1ManagedFieldsEntry>? entries)
    {
        var replicas = PathsOf(context);
        var live = new V1ObjectMeta { ManagedFields = ScaleFields.ToScale(entries, replicas) };
        var owned = Manager.Update(live, scale.Metadata ?? new V1ObjectMeta(), _ => ModelComparison.Of(was, scale), context.FieldManager, context.Timestamp);
        return ReferenceEquals(owned, live.ManagedFields) ? entries : ScaleFields.ToParent(entries, owned, context.Kind.ApiVersion, replicas);
    }

    /// <summary>The Scale and the object's entries after an apply.</summary>
    public static (V1Scale Scale, IList<V1ManagedFieldsEntry>? Fields) Apply(RequestContext context, ApplyBody body, V1Scale was, IList<V1ManagedFieldsEntry>? entries)
    {
        var replicas = PathsOf(context);
        var json = (JsonObject)JsonTree.Parse(ApiJson.Serialize(was))!;
        var target = new ApplyTarget(json, ScaleFields.ToScale(entries, replicas), () => ModelComparison.Of(null, was), (_, _) => null);
        var result = Manager.Apply(target, body.Configuration, context.FieldManager, body.Force, context.Timestamp);
        body.CheckDuplicates(context);
        var scale = result.Json is null ? was : ApiJson.Deserialize<V1Scale>(JsonTree.ToUtf8(result.Json));
        return (scale, ScaleFields.ToParent(entries, result.ManagedFields, context.Kind.ApiVersion, replicas));
    }

    private static Dictionary<string, IReadOnlyList<PathElement>> PathsOf(RequestContext context) => context.Kind is CustomResourceKind custom
        ? custom.Definition.Spec.Versions.Where(v => v.Served && v.Subresources?.Scale is not null).ToDictionary(
            v => $"{custom.Group}/{v.Name}", v => (IReadOnlyList<PathElement>)[.. v.Subresources.Scale.SpecReplicasPath.TrimStart('.').Split('.').Select(PathElement.Field)])
        : new() { [context.Kind.ApiVersion] = Replicas };
}
