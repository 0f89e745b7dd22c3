using System.Reflection;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>Reads and writes a model class' spec, status and other top-level parts through delegates made once, so that no request reflects.</summary>
internal sealed class ObjectShape
{
    private static readonly string[] NoSpec = ["ApiVersion", "Kind", "Metadata", "Status"];

    private readonly Func<object, object?>? _getStatus;
    private readonly Action<object, object?>? _setStatus;
    private readonly (Func<object, object?> Get, Action<object, object?> Set)[] _parts;

    private ObjectShape(Type type)
    {
        if (type.GetProperty("Status") is { } status)
        {
            (_getStatus, _setStatus) = Access(status);
        }

        _parts = [.. type.GetProperties().Where(p => p.CanWrite && !NoSpec.Contains(p.Name)).Select(Access)];
    }

    /// <summary>The shape of a model class.</summary>
    public static ObjectShape Of(Type type) => new(type);

    /// <summary>The status, or null.</summary>
    public object? GetStatus(object value) => _getStatus?.Invoke(value);

    /// <summary>Sets or clears the status.</summary>
    public void SetStatus(object value, object? status) => _setStatus?.Invoke(value, status);

    /// <summary>Whether anything but metadata and status differs in meaning.</summary>
    public bool SpecDiffers(object a, object b)
    {
        foreach (var (get, _) in _parts)
        {
            if (!SemanticEquality.Equal(get(a), get(b)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Makes <paramref name="value"/> have every part of <paramref name="old"/> but metadata and status.</summary>
    public void TakeAllButStatus(object value, object old)
    {
        foreach (var (get, set) in _parts)
        {
            set(value, get(old));
        }
    }

    private static (Func<object, object?> Get, Action<object, object?> Set) Access(PropertyInfo property) =>
        ((Func<object, object?>, Action<object, object?>))typeof(ObjectShape)
            .GetMethod(nameof(TypedAccess), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(property.DeclaringType!, property.PropertyType)
            .Invoke(null, [property])!;

    private static (Func<object, object?> Get, Action<object, object?> Set) TypedAccess<TObject, TPart>(PropertyInfo property) where TObject : class
    {
        var get = property.GetMethod!.CreateDelegate<Func<TObject, TPart>>();
        var set = property.SetMethod!.CreateDelegate<Action<TObject, TPart>>();
        return (value => get((TObject)value), (value, part) => set((TObject)value, (TPart)part!));
    }
}
