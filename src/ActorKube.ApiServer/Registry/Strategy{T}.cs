using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>
/// The base of every kind's strategy. A class that derives from it and has a constructor without parameters is found by itself;
/// a kind without one gets the defaults below. Override what differs and call the base where it still holds.
/// </summary>
/// <typeparam name="T">The model class.</typeparam>
public abstract class Strategy<T>() : Strategy(KindRegistry.BuiltIn.Of(typeof(T))) where T : class, IKubernetesObject<V1ObjectMeta>, new()
{
    private static readonly ObjectShape Shape = ObjectShape.Of(typeof(T));

    /// <summary>Clears the status where the kind has a status subresource and sets generation 1.</summary>
    protected virtual void PrepareForCreate(T value)
    {
        if (Kind.Has("status"))
        {
            Shape.SetStatus(value, null);
        }

        value.Metadata.Generation = TracksGeneration ? 1 : null;
    }

    /// <summary>Keeps the old status where the kind has a status subresource, and counts the generation when anything but metadata and status changed.</summary>
    protected virtual void PrepareForUpdate(T value, T old)
    {
        if (Kind.Has("status"))
        {
            Shape.SetStatus(value, Shape.GetStatus(old));
        }

        value.Metadata.Generation = old.Metadata.Generation;
        if (TracksGeneration && Shape.SpecDiffers(value, old))
        {
            value.Metadata.Generation = (old.Metadata.Generation ?? 0) + 1;
        }
    }

    /// <summary>Keeps everything but the status and the metadata.</summary>
    protected virtual void PrepareForStatusUpdate(T value, T old)
    {
        Shape.TakeAllButStatus(value, old);
        value.Metadata.Generation = old.Metadata.Generation;
    }

    /// <summary>Fills unset fields with Kubernetes' defaults.</summary>
    protected virtual void Default(T value)
    {
    }

    /// <summary>Fills what only a create fills.</summary>
    protected virtual void DefaultOnCreate(T value)
    {
    }

    /// <summary>What is wrong with a new object.</summary>
    protected virtual List<FieldError> ValidateCreate(T value) => [];

    /// <summary>What is wrong with a changed object; by default what is wrong with a new one.</summary>
    protected virtual List<FieldError> ValidateUpdate(T value, T old) => ValidateCreate(value);

    /// <summary>What is wrong with a changed status.</summary>
    protected virtual List<FieldError> ValidateStatusUpdate(T value, T old) => [];

    /// <summary>Texts for <c>Warning</c> headers.</summary>
    protected virtual IEnumerable<string> Warnings(T value, T? old) => [];

    /// <summary>The grace period of a deletion; null where the object goes at once.</summary>
    protected virtual long? GracePeriodSeconds(T value, V1DeleteOptions options) => value is V1Pod pod ? PodDeletion.GracePeriodSeconds(pod, options) : null;

    /// <summary>The row's cells.</summary>
    protected virtual IReadOnlyList<object?> Cells(T value, DateTimeOffset now) => base.Cells(value, now);

    /// <inheritdoc/>
    public sealed override IReadOnlyList<object?> Cells(object value, DateTimeOffset now) => Cells((T)value, now);

    /// <inheritdoc/>
    public sealed override void PrepareForCreate(object value) => PrepareForCreate((T)value);

    /// <inheritdoc/>
    public sealed override void PrepareForUpdate(object value, object old) => PrepareForUpdate((T)value, (T)old);

    /// <inheritdoc/>
    public sealed override void PrepareForStatusUpdate(object value, object old) => PrepareForStatusUpdate((T)value, (T)old);

    /// <inheritdoc/>
    public sealed override void Default(object value) => Default((T)value);

    /// <inheritdoc/>
    public sealed override void DefaultOnCreate(object value) => DefaultOnCreate((T)value);

    /// <inheritdoc/>
    public sealed override List<FieldError> ValidateCreate(object value) => ValidateCreate((T)value);

    /// <inheritdoc/>
    public sealed override List<FieldError> ValidateUpdate(object value, object old) => ValidateUpdate((T)value, (T)old);

    /// <inheritdoc/>
    public sealed override List<FieldError> ValidateStatusUpdate(object value, object old) => ValidateStatusUpdate((T)value, (T)old);

    /// <inheritdoc/>
    public sealed override IEnumerable<string> Warnings(object value, object? old) => Warnings((T)value, (T?)old);

    /// <inheritdoc/>
    public sealed override long? GracePeriodSeconds(object value, V1DeleteOptions options) => GracePeriodSeconds((T)value, options);

    /// <inheritdoc/>
    public sealed override object NewObject() => new T { ApiVersion = Kind.ApiVersion, Kind = Kind.Kind, Metadata = new V1ObjectMeta() };
}

/// <summary>The strategy of a kind that has none of its own.</summary>
internal sealed class DefaultStrategy<T> : Strategy<T> where T : class, IKubernetesObject<V1ObjectMeta>, new();
