using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Kinds;

/// <summary>The kinds that CustomResourceDefinitions make.</summary>
public static class CustomKinds
{
    private static readonly string[] Verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    private static readonly string[] PartVerbs = ["get", "patch", "update"];

    /// <summary>Whether the definition's condition of that type is true.</summary>
    public static bool IsTrue(V1CustomResourceDefinition definition, string condition) =>
        definition.Status?.Conditions?.Any(c => c.Type == condition && c.Status == "True") is true;

    /// <summary>The kinds that a definition makes served, once its names are accepted; the newest version first.</summary>
    public static IReadOnlyList<ResourceKind> Served(V1CustomResourceDefinition definition) =>
        IsTrue(definition, "NamesAccepted") || IsTrue(definition, "Established")
            ? [.. definition.Spec.Versions.Where(v => v.Served).OrderBy(v => v.Name, VersionOrder.Instance).Select(v => Of(definition, v))]
            : [];

    /// <summary>The kind of one version of a definition.</summary>
    public static ResourceKind Of(V1CustomResourceDefinition definition, V1CustomResourceDefinitionVersion version)
    {
        var names = definition.Status?.AcceptedNames is { Plural.Length: > 0 } accepted ? accepted : definition.Spec.Names;
        var subresources = new List<Subresource>();
        if (version.Subresources?.Status is not null)
        {
            subresources.Add(new Subresource("status", names.Kind, PartVerbs));
        }

        if (version.Subresources?.Scale is not null)
        {
            subresources.Add(new Subresource("scale", "Scale", PartVerbs));
        }

        return new ResourceKind
        {
            Group = definition.Spec.Group,
            Version = version.Name,
            Resource = definition.Spec.Names.Plural,
            Singular = names.Singular ?? "",
            Kind = definition.Spec.Names.Kind,
            ListKind = string.IsNullOrEmpty(names.ListKind) ? definition.Spec.Names.Kind + "List" : names.ListKind,
            Namespaced = definition.Spec.Scope == "Namespaced",
            Verbs = Verbs,
            ShortNames = [.. names.ShortNames ?? []],
            Categories = [.. names.Categories ?? []],
            Subresources = subresources,
            ClrType = typeof(CustomObject),
        };
    }
}
