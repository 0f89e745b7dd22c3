using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.CustomResources.Definitions;
using ActorKube.ApiServer.Registry;
using k8s.Models;
using Rules = ActorKube.Api.Machinery.ObjectMetaRules;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>The rules of metadata as a request meets them: what its writer may leave out is filled before it is checked.</summary>
internal static class ObjectMetaRules
{
    /// <summary>What is wrong with a new object's metadata.</summary>
    public static List<FieldError> Create(V1ObjectMeta metadata, Strategy strategy) => For(strategy, Rules.ValidateCreate(metadata, strategy.Kind.Namespaced, strategy.ValidateName));

    /// <summary>Fills what an updater may leave out, and says what is wrong with the rest.</summary>
    public static List<FieldError> Update(V1ObjectMeta metadata, V1ObjectMeta old, Strategy strategy)
    {
        metadata.Uid = string.IsNullOrEmpty(metadata.Uid) ? old.Uid : metadata.Uid;
        metadata.ResourceVersion = string.IsNullOrEmpty(metadata.ResourceVersion) ? old.ResourceVersion : metadata.ResourceVersion;
        metadata.CreationTimestamp ??= old.CreationTimestamp;
        metadata.DeletionTimestamp = old.DeletionTimestamp is null ? metadata.DeletionTimestamp : old.DeletionTimestamp;
        metadata.DeletionGracePeriodSeconds ??= old.DeletionGracePeriodSeconds;
        metadata.GenerateName ??= old.GenerateName;
        return For(strategy, Rules.ValidateUpdate(metadata, old));
    }

    // Custom resources may have finalizers of any style, with a warning.
    private static List<FieldError> For(Strategy strategy, FieldErrors errors)
    {
        if (strategy is CustomResourceStrategy or CustomResourceDefinitionStrategy)
        {
            errors.RemoveAll(CustomResourceBodies.IsFinalizerStyle);
        }

        return errors;
    }
}
