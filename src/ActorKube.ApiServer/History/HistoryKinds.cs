using ActorKube.ApiServer.CustomResources;
using k8s.Models;

namespace ActorKube.ApiServer.History;

/// <summary>
/// The API group <c>history.actorkube.io</c>, an ordinary extension to every client: <c>changes</c>, each one write of some object, to be read only.
/// <c>kubectl get changes --field-selector resource=deployments.apps,name=web</c>.
/// </summary>
internal static class HistoryKinds
{
    /// <summary>The group.</summary>
    public const string Group = "history.actorkube.io";

    private static readonly string[] ReadOnly = ["get", "list"];
    private static readonly string[] Selectable = ["resource", "name", "type", "user", "verb", "manager"];

    /// <summary><c>changes</c>.</summary>
    public static CustomResourceKind Changes { get; } = Define();

    private static CustomResourceKind Define()
    {
        var definition = new V1CustomResourceDefinition
        {
            Metadata = new V1ObjectMeta { Name = $"changes.{Group}" },
            Spec = new V1CustomResourceDefinitionSpec
            {
                Group = Group,
                Scope = "Namespaced",
                Names = new V1CustomResourceDefinitionNames { Plural = "changes", Singular = "change", Kind = "Change", ListKind = "ChangeList" },
                Versions =
                [
                    new V1CustomResourceDefinitionVersion
                    {
                        Name = "v1",
                        Served = true,
                        Storage = true,
                        Schema = new V1CustomResourceValidation { OpenAPIV3Schema = Schema() },
                        SelectableFields = [.. Selectable.Select(f => new V1SelectableField { JsonPath = $".{f}" })],
                        AdditionalPrinterColumns =
                        [
                            Column("Time", "time"), Column("Object", "object"), Column("Type", "type"), Column("User", "user"), Column("Verb", "verb"),
                            Column("Manager", "manager"), Column("Changed", "summary"),
                        ],
                    },
                ],
            },
        };
        return new CustomResourceKind(definition, definition.Spec.Versions[0]) { Verbs = ReadOnly };
    }

    private static V1CustomResourceColumnDefinition Column(string name, string field) => new() { Name = name, Type = "string", JsonPath = $".{field}" };

    private static V1JSONSchemaProps Schema() => Object(
        "Change is one write of an object: what changed, when, and who did it.",
        ("resource", Text("Resource type of the object, such as deployments.apps.")),
        ("name", Text("Name of the object.")),
        ("object", Text("Resource type and name of the object, such as deployments.apps/web.")),
        ("uid", Text("UID of the object.")),
        ("revision", Text("The object's resourceVersion since this change; for a removal, that of the removal.")),
        ("previousRevision", Text("The object's resourceVersion before this change; absent when it did not exist.")),
        ("time", Text("When, in RFC 3339 with microseconds.")),
        ("type", Text("Created, Updated or Removed.")),
        ("user", Text("Name of the user who asked for it.")),
        ("verb", Text("API verb of the request.")),
        ("manager", Text("Field manager of the request.")),
        ("summary", Text("The changed fields in one line.")),
        ("fields", new V1JSONSchemaProps
        {
            Type = "array",
            Description = "Every changed field.",
            Items = Object("One changed field.", ("path", Text("Where, such as .spec.replicas.")), ("before", Any("What was there; absent for nothing.")), ("after", Any("What is there now; absent for nothing."))),
        }),
        ("because", Object(
            "The change of the object's controller that this one follows from; absent for a change that nobody's controller made.",
            ("resource", Text("Resource type.")), ("namespace", Text("Namespace; empty for none.")), ("name", Text("Name.")), ("revision", Text("Its revision.")), ("change", Text("Name of that Change.")))));

    private static V1JSONSchemaProps Object(string description, params (string Name, V1JSONSchemaProps Schema)[] fields) =>
        new() { Type = "object", Description = description, Properties = fields.ToDictionary(f => f.Name, f => f.Schema) };

    private static V1JSONSchemaProps Text(string description) => new() { Type = "string", Description = description };

    private static V1JSONSchemaProps Any(string description) => new() { XKubernetesPreserveUnknownFields = true, Description = description };
}
