using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.CustomResources;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>The paths of a kind with their operations, as OpenAPI path items.</summary>
/// <param name="schemas">Receives the schemas that bodies refer to.</param>
/// <param name="version3">OpenAPI v3 (<c>requestBody</c>, <c>content</c>) or v2 (<c>in: body</c>, <c>consumes</c>).</param>
internal sealed class OperationBuilder(SchemaBuilder schemas, bool version3)
{
    private static readonly string[] PatchTypes =
    [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml",
    ];

    private static readonly (string Name, string Type, string Description)[] ListParameters =
    [
        ("allowWatchBookmarks", "boolean", "Ask for BOOKMARK events."),
        ("continue", "string", "The token of the page before."),
        ("fieldSelector", "string", "Select objects by their fields."),
        ("labelSelector", "string", "Select objects by their labels."),
        ("limit", "integer", "At most so many objects; the answer tells how to go on."),
        ("resourceVersion", "string", "How fresh the answer must be, or where a watch starts."),
        ("resourceVersionMatch", "string", "How resourceVersion is meant: Exact or NotOlderThan."),
        ("sendInitialEvents", "boolean", "Let a watch begin with the objects that are there."),
        ("timeoutSeconds", "integer", "Close the watch after so many seconds."),
        ("watch", "boolean", "Watch for changes in place of a list."),
    ];

    private static readonly (string Name, string Type, string Description)[] WriteParameters =
    [
        ("dryRun", "string", "All: do everything but persist."),
        ("fieldManager", "string", "The name of the actor who makes the change."),
        ("fieldValidation", "string", "Ignore, Warn or Strict: what to do about unknown and duplicate fields."),
    ];

    private static readonly Lazy<Dictionary<Type, Type>> ListTypes = new(() => typeof(V1PodList).Assembly.GetExportedTypes()
        .SelectMany(list => list.GetInterfaces()
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IItems<>))
            .Select(i => (Item: i.GetGenericArguments()[0], List: list)))
        .Where(pair => !pair.Item.IsGenericParameter)
        .DistinctBy(pair => pair.Item)
        .ToDictionary(pair => pair.Item, pair => pair.List));

    /// <summary>All path items of a kind, by path.</summary>
    public IEnumerable<(string Path, JsonObject Item)> PathsOf(ResourceKind kind)
    {
        if (kind is CustomResourceKind custom)
        {
            CustomSchema.Add(schemas, custom, version3);
        }

        var root = kind.Group.Length == 0 ? $"/api/{kind.Version}" : $"/apis/{kind.Group}/{kind.Version}";
        var collection = kind.Namespaced ? $"{root}/namespaces/{{namespace}}/{kind.Resource}" : $"{root}/{kind.Resource}";
        yield return (collection, Collection(kind));
        if (kind.Namespaced && kind.Allows("list"))
            yield return ($"{root}/{kind.Resource}", Item(kind, named: false, ("get", Read(kind, "list", ListType(kind), ListParameters))));
        if (kind.Allows("get"))
            yield return ($"{collection}/{{name}}", Named(kind, TypeOf(kind), kind.Verbs, ""));
        foreach (var subresource in kind.Subresources)
        {
            Body? type = subresource.Kind == kind.Kind ? TypeOf(kind) : SubresourceType(subresource.Kind) is { } other ? (Body?)new Body(other) : null;
            if (type is { } body)
                yield return ($"{collection}/{{name}}/{subresource.Name}", Named(kind, body, subresource.Verbs, subresource.Name));
        }
    }

    private static Type? SubresourceType(string kind) => kind switch
    {
        "Scale" => typeof(V1Scale),
        "Binding" => typeof(V1Binding),
        "Eviction" => typeof(V1Eviction),
        "TokenRequest" => typeof(Authenticationv1TokenRequest),
        _ => null,
    };

    // List classes are found by their items: their names do not follow from the kind's (Resourcev1ResourceClaim, V1ResourceClaimList).
    private static Body ListType(ResourceKind kind) => kind is CustomResourceKind custom ? new Body(null, CustomSchema.NameOf(custom, true)) : ListTypes.Value[kind.ClrType!];

    private static Body TypeOf(ResourceKind kind) => kind is CustomResourceKind custom ? new Body(null, CustomSchema.NameOf(custom)) : kind.ClrType!;

    private JsonObject Reference(Body body) => body.Definition is { } name ? schemas.Reference(name) : schemas.Reference(body.Type!);

    // What a request or an answer holds: a model class, or a custom resource by the name of its schema.
    private readonly record struct Body(Type? Type, string? Definition = null)
    {
        public static implicit operator Body(Type type) => new(type);
    }

    private JsonObject Collection(ResourceKind kind)
    {
        var operations = new List<(string, JsonObject)>();
        if (kind.Allows("list"))
            operations.Add(("get", Read(kind, "list", ListType(kind), ListParameters)));
        if (kind.Allows("create"))
            operations.Add(("post", Write(kind, "post", TypeOf(kind), TypeOf(kind))));
        if (kind.Allows("deletecollection"))
            operations.Add(("delete", Write(kind, "deletecollection", typeof(V1DeleteOptions), typeof(V1Status))));
        return Item(kind, named: false, [.. operations]);
    }

    private JsonObject Named(ResourceKind kind, Body type, IReadOnlyList<string> verbs, string subresource)
    {
        var operations = new List<(string, JsonObject)>();
        if (verbs.Contains("get"))
            operations.Add(("get", Read(kind, "get", type, [])));
        if (verbs.Contains("create") && subresource.Length > 0)
            operations.Add(("post", Write(kind, "post", type, type)));
        if (verbs.Contains("update"))
            operations.Add(("put", Write(kind, "put", type, type)));
        if (verbs.Contains("patch"))
            operations.Add(("patch", Write(kind, "patch", typeof(V1Patch), type)));
        if (verbs.Contains("delete") && subresource.Length == 0)
            operations.Add(("delete", Write(kind, "delete", typeof(V1DeleteOptions), typeof(V1Status))));
        return Item(kind, named: true, [.. operations]);
    }

    private JsonObject Item(ResourceKind kind, bool named, params (string Method, JsonObject Operation)[] operations)
    {
        var item = new JsonObject();
        foreach (var (method, operation) in operations)
            item[method] = operation;
        var parameters = new JsonArray();
        if (named)
            parameters.Add(Parameter("path", "name", "string", $"name of the {kind.Kind}"));
        if (kind.Namespaced)
            parameters.Add(Parameter("path", "namespace", "string", "object name and auth scope, such as for teams and projects"));
        item["parameters"] = parameters;
        return item;
    }

    private JsonObject Read(ResourceKind kind, string action, Body answer, (string Name, string Type, string Description)[] query)
    {
        var operation = Operation(kind, action);
        operation["parameters"] = new JsonArray([.. query.Select(q => Parameter("query", q.Name, q.Type, q.Description))]);
        operation["responses"] = Responses(answer);
        return operation;
    }

    private JsonObject Write(ResourceKind kind, string action, Body body, Body answer)
    {
        var operation = Operation(kind, action);
        var query = WriteParameters.AsEnumerable();
        if (action == "patch")
            query = query.Append(("force", "boolean", "Apply: take fields over from other managers."));
        var parameters = new JsonArray([.. query.Select(q => Parameter("query", q.Name, q.Type, q.Description))]);
        var types = action == "patch" ? kind is CustomResourceKind ? [.. PatchTypes.Where(t => t != "application/strategic-merge-patch+json")] : PatchTypes : ["*/*"];
        var schema = body.Type == typeof(V1Patch) ? PatchSchema() : Reference(body);
        if (version3)
        {
            operation["requestBody"] = new JsonObject
            {
                ["content"] = new JsonObject(types.Select(t => KeyValuePair.Create<string, JsonNode?>(t, new JsonObject { ["schema"] = schema.DeepClone() }))),
                ["required"] = true,
            };
        }
        else
        {
            operation["consumes"] = new JsonArray([.. types.Select(t => JsonValue.Create(t))]);
            parameters.Insert(0, new JsonObject { ["in"] = "body", ["name"] = "body", ["required"] = true, ["schema"] = schema });
        }

        operation["parameters"] = parameters;
        operation["responses"] = Responses(answer);
        return operation;
    }

    // The body of a patch has no shape of its own.
    private static JsonObject PatchSchema() => new() { ["type"] = "object", ["description"] = "A patch in the format that the content type names." };

    private static JsonObject Operation(ResourceKind kind, string action) => new()
    {
        ["tags"] = new JsonArray($"{(kind.Group.Length == 0 ? "core" : kind.Group.Split('.')[0])}_{kind.Version}"),
        ["x-kubernetes-action"] = action,
        ["x-kubernetes-group-version-kind"] = new JsonObject { ["group"] = kind.Group, ["kind"] = kind.Kind, ["version"] = kind.Version },
    };

    private JsonObject Parameter(string place, string name, string type, string description)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["description"] = description };
        if (place == "path")
            parameter["required"] = true;
        if (version3)
            parameter["schema"] = new JsonObject { ["type"] = type, ["uniqueItems"] = true };
        else
            (parameter["type"], parameter["uniqueItems"]) = (type, true);
        return parameter;
    }

    private JsonObject Responses(Body answer)
    {
        var ok = new JsonObject { ["description"] = "OK" };
        if (version3)
            ok["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = Reference(answer) } };
        else
            ok["schema"] = Reference(answer);
        return new JsonObject { ["200"] = ok, ["401"] = new JsonObject { ["description"] = "Unauthorized" } };
    }
}
