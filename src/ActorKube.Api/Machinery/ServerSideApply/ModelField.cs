using System.Reflection;
using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// A field of a model class and how to read it: through delegates made once, so that no comparison reflects or boxes.
/// </summary>
internal abstract class ModelField
{
    private static readonly MethodInfo MakeValue = typeof(ModelField).GetMethod(nameof(OfValue), BindingFlags.NonPublic | BindingFlags.Static)!;
    private static readonly MethodInfo MakeNullable = typeof(ModelField).GetMethod(nameof(OfNullable), BindingFlags.NonPublic | BindingFlags.Static)!;
    private static readonly MethodInfo MakeGetter = typeof(ModelField).GetMethod(nameof(Getter), BindingFlags.NonPublic | BindingFlags.Static)!;

    protected ModelField(FieldDeclaration declaration, Presence presence)
    {
        Declaration = declaration;
        Presence = presence;
        Step = FieldNames.Keep(declaration.Name);
    }

    public FieldDeclaration Declaration { get; }

    public string Name => Declaration.Name;

    public PathElement Step { get; }

    protected Presence Presence { get; }

    public static ModelField Of(FieldDeclaration declaration, PropertyInfo property, ModelNode node, Presence presence)
    {
        var (owner, type) = (property.DeclaringType!, property.PropertyType);
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return (ModelField)MakeNullable.MakeGenericMethod(owner, underlying).Invoke(null, [declaration, property, presence])!;
        }

        return type.IsValueType && type.IsPrimitive || type == typeof(DateTime)
            ? (ModelField)MakeValue.MakeGenericMethod(owner, type).Invoke(null, [declaration, property, presence])!
            : new ObjectField(declaration, presence, (Func<object, object?>)MakeGetter.MakeGenericMethod(owner, type).Invoke(null, [property])!, node);
    }

    /// <summary>Whether the owner, which is there though it may be null, has the field.</summary>
    public abstract bool IsThere(object? owner);

    /// <summary>The value of a field that is a key of a list, or null.</summary>
    public abstract object? Read(object owner);

    /// <summary>Whether both owners have one value, for fields that are keys of lists.</summary>
    public virtual bool SameKey(object left, object right) => Equals(Read(left), Read(right));

    /// <summary>Compares the field of two owners.</summary>
    public abstract Difference Compare(object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below);

    private static ModelField OfNullable<TOwner, T>(FieldDeclaration declaration, PropertyInfo property, Presence presence) where TOwner : class where T : struct
    {
        var get = property.GetMethod!.CreateDelegate<Func<TOwner, T?>>();
        return new NullableField<TOwner, T>(declaration, presence, get);
    }

    private static ModelField OfValue<TOwner, T>(FieldDeclaration declaration, PropertyInfo property, Presence presence) where TOwner : class where T : struct
    {
        var get = property.GetMethod!.CreateDelegate<Func<TOwner, T>>();
        return new NullableField<TOwner, T>(declaration, presence, owner => get(owner));
    }

    private static Func<object, object?> Getter<TOwner, T>(PropertyInfo property) where TOwner : class
    {
        var get = property.GetMethod!.CreateDelegate<Func<TOwner, T>>();
        return owner => get((TOwner)owner);
    }

    protected static Difference Outcome(bool left, bool right) => left == right ? Difference.None : left ? Difference.Removed : Difference.Added;

    private sealed class NullableField<TOwner, T>(FieldDeclaration declaration, Presence presence, Func<TOwner, T?> get) : ModelField(declaration, presence)
        where TOwner : class
        where T : struct
    {
        public override bool IsThere(object? owner) => Presence == Presence.Always || (owner is not null && Given(get((TOwner)owner)));

        public override object? Read(object owner) => get((TOwner)owner);

        public override bool SameKey(object left, object right) => Nullable.Equals(get((TOwner)left), get((TOwner)right));

        public override Difference Compare(object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below)
        {
            var a = left is null ? null : get((TOwner)left);
            var b = right is null ? null : get((TOwner)right);
            var (hasLeft, hasRight) = (leftThere && (Presence == Presence.Always || Given(a)), rightThere && (Presence == Presence.Always || Given(b)));
            if (!hasLeft || !hasRight)
            {
                return Outcome(hasLeft, hasRight);
            }

            return EqualityComparer<T>.Default.Equals(a.GetValueOrDefault(), b.GetValueOrDefault()) ? Difference.None : Difference.Modified;
        }

        private bool Given(T? value) => value is { } given && (Presence != Presence.WhenNotZero || !EqualityComparer<T>.Default.Equals(given, default));
    }

    private sealed class ObjectField(FieldDeclaration declaration, Presence presence, Func<object, object?> get, ModelNode node) : ModelField(declaration, presence)
    {
        public override bool IsThere(object? owner) => Presence == Presence.Always || (owner is not null && Given(get(owner)));

        public override object? Read(object owner) => get(owner);

        public override bool SameKey(object left, object right) => get(left) switch
        {
            string text => text.Equals(get(right) as string, StringComparison.Ordinal),
            IntOrString number => number.Value == (get(right) as IntOrString)?.Value,
            null => get(right) is null,
            var other => other.Equals(get(right)),
        };

        public override Difference Compare(object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below)
        {
            var a = left is null ? null : get(left);
            var b = right is null ? null : get(right);
            if (ReferenceEquals(a, b) && leftThere && rightThere)
            {
                return Difference.None;
            }

            var (hasLeft, hasRight) = (leftThere && (Presence == Presence.Always || Given(a)), rightThere && (Presence == Presence.Always || Given(b)));
            return hasLeft || hasRight ? node.Compare(hasLeft ? a : null, hasRight ? b : null, hasLeft, hasRight, ref below) : Difference.None;
        }

        private bool Given(object? value) => value is not null && !(node.IsNothing(value) && Presence != Presence.Always) && !(Presence == Presence.WhenNotZero && value is "");
    }
}
