namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// Compares two objects of a model class field by field, as structured-merge-diff compares what Kubernetes' own classes hold. It reads the objects
/// themselves: nothing is serialized, and where they are equal nothing is made.
/// </summary>
public static class ModelComparison
{
    /// <summary>What <paramref name="changed"/> has over <paramref name="old"/>; <paramref name="old"/> is null for an object that is new.</summary>
    public static Comparison Of(object? old, object changed)
    {
        ComparisonBuilder below = default;
        ModelSchema.Of(changed.GetType()).Node.Compare(old, changed, leftThere: true, rightThere: true, ref below);
        return below.Build();
    }
}
