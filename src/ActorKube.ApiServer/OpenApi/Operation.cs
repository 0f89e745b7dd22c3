using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>A parameter of an operation, or the part that all operations of a path share.</summary>
/// <param name="Place"><c>query</c> or <c>path</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">JSON type of its value.</param>
/// <param name="Description">What it is for.</param>
internal sealed record Parameter(string Place, string Name, string Type, string Description);

/// <summary>What a body holds: a model class, or a schema by its name.</summary>
/// <param name="Type">The class; null for a schema by name.</param>
/// <param name="Definition">Name of the schema; null for a class, and for plain text where both are null.</param>
internal readonly record struct Body(Type? Type, string? Definition = null)
{
    /// <summary>Text, or whatever comes out of a stream.</summary>
    public static readonly Body Text = new(null);

    public static implicit operator Body(Type type) => new(type);
}

/// <summary>One operation, before it is written in one of the two dialects.</summary>
internal sealed record Operation
{
    /// <summary>HTTP method in lower case.</summary>
    public required string Method { get; init; }

    /// <summary>Its id without group and version: a verb and what follows it, <c>create</c> and <c>NamespacedPod</c>.</summary>
    public required (string Verb, string Subject) Name { get; init; }

    /// <summary>What it does, in a few words.</summary>
    public string? Description { get; init; }

    /// <summary><c>x-kubernetes-action</c>; null for an operation on no object.</summary>
    public string? Action { get; init; }

    /// <summary>Group, version and kind that it is about.</summary>
    public (string Group, string Version, string Kind)? Kind { get; init; }

    /// <summary>What the request holds; null for nothing.</summary>
    public Body? Request { get; init; }

    /// <summary>Whether the request must hold it.</summary>
    public bool RequestIsRequired { get; init; } = true;

    /// <summary>Media types of requests; empty for none said.</summary>
    public IReadOnlyList<string> Consumes { get; init; } = [];

    /// <summary>Media types of answers; empty for none said.</summary>
    public IReadOnlyList<string> Produces { get; init; } = [];

    /// <summary>Codes of success, and what the answer holds.</summary>
    public IReadOnlyList<int> Codes { get; init; } = [200];

    /// <summary>What an answer holds; null for nothing said.</summary>
    public Body? Answer { get; init; }

    /// <summary>Every parameter but the body.</summary>
    public IReadOnlyList<Parameter> Parameters { get; init; } = [];
}

/// <summary>Writes path items in OpenAPI v3 (<c>requestBody</c>, <c>content</c>) or v2 (<c>in: body</c>, <c>consumes</c>, shared parameters).</summary>
/// <param name="schemas">Receives the schemas that bodies refer to.</param>
/// <param name="version3">Which dialect.</param>
internal sealed class OperationWriter(SchemaBuilder schemas, bool version3)
{
    /// <summary>The parameters that several operations have, by name: part of a v2 document.</summary>
    public SharedParameters Shared { get; } = new();

    /// <summary>The item of a path: its operations, and the parameters that all of them have.</summary>
    public JsonObject Item(string path, IReadOnlyList<Operation> operations)
    {
        var common = operations.Skip(1).Aggregate(operations[0].Parameters.ToHashSet(), (left, o) => [.. left.Intersect(o.Parameters)]);
        var item = new JsonObject();
        foreach (var operation in operations)
        {
            item[operation.Method] = Write(path, operation, common);
        }

        if (common.Count > 0)
        {
            item["parameters"] = new JsonArray([.. common.OrderBy(p => p.Name, StringComparer.Ordinal).Select(Write)]);
        }

        return item;
    }

    private JsonObject Write(string path, Operation operation, HashSet<Parameter> common)
    {
        var (id, tag) = OperationId.Of(path, operation.Name);
        var json = new JsonObject();
        if (!version3)
        {
            AddTypes(json, "consumes", operation.Consumes);
        }

        if (operation.Description is { } description)
        {
            json["description"] = description;
        }

        json["operationId"] = id;
        var parameters = operation.Parameters.Where(p => !common.Contains(p)).Select(p => (p.Name, Json: Write(p))).ToList();
        if (operation.Request is { } request)
        {
            if (version3)
            {
                json["requestBody"] = new JsonObject { ["content"] = Content(operation.Consumes, Reference(request)) };
                if (operation.RequestIsRequired)
                {
                    json["requestBody"]!["required"] = true;
                }
            }
            else
            {
                parameters.Add(("body", SharedBody(request, operation.RequestIsRequired)));
            }
        }

        if (parameters.Count > 0)
        {
            json["parameters"] = new JsonArray([.. parameters.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => p.Json)]);
        }

        if (!version3)
        {
            AddTypes(json, "produces", operation.Produces);
        }

        json["responses"] = Responses(operation);
        if (!version3)
        {
            json["schemes"] = new JsonArray("https");
        }

        json["tags"] = new JsonArray(tag);
        if (operation.Action is { } action)
        {
            json["x-kubernetes-action"] = action;
        }

        if (operation.Kind is var (group, version, kind))
        {
            json["x-kubernetes-group-version-kind"] = new JsonObject { ["group"] = group, ["kind"] = kind, ["version"] = version };
        }

        return json;
    }

    private JsonObject Write(Parameter parameter)
    {
        if (!version3)
        {
            return Shared.Add(parameter);
        }

        var json = new JsonObject { ["description"] = parameter.Description, ["in"] = parameter.Place, ["name"] = parameter.Name };
        if (parameter.Place == "path")
        {
            json["required"] = true;
        }

        json["schema"] = new JsonObject { ["type"] = parameter.Type, ["uniqueItems"] = true };
        return json;
    }

    private JsonObject SharedBody(Body body, bool required)
    {
        var json = new JsonObject { ["name"] = "body", ["in"] = "body" };
        if (required)
        {
            json["required"] = true;
        }

        json["schema"] = Reference(body);
        return ((string?)json["schema"]!["$ref"])?.StartsWith("#/definitions/io.k8s.apimachinery", StringComparison.Ordinal) == true ? Shared.Add("body", json) : json;
    }

    private JsonObject Responses(Operation operation)
    {
        var responses = new JsonObject();
        foreach (var code in operation.Answer is null ? [] : operation.Codes)
        {
            var response = new JsonObject { ["description"] = code switch { 201 => "Created", 202 => "Accepted", _ => "OK" } };
            if (version3)
            {
                response["content"] = Content(operation.Produces, Reference(operation.Answer!.Value));
            }
            else
            {
                response["schema"] = Reference(operation.Answer!.Value);
            }

            responses[code.ToString(System.Globalization.CultureInfo.InvariantCulture)] = response;
        }

        responses["401"] = new JsonObject { ["description"] = "Unauthorized" };
        return responses;
    }

    private JsonObject Reference(Body body) => body switch
    {
        { Definition: { } name } => schemas.Reference(name),
        { Type: { } type } => schemas.Reference(type),
        _ => new JsonObject { ["type"] = "string" },
    };

    private static JsonObject Content(IReadOnlyList<string> types, JsonObject schema) =>
        new(types.Select(t => KeyValuePair.Create<string, JsonNode?>(t, new JsonObject { ["schema"] = schema.DeepClone() })));

    private static void AddTypes(JsonObject json, string name, IReadOnlyList<string> types)
    {
        if (types.Count > 0)
        {
            json[name] = new JsonArray([.. types.Select(t => JsonValue.Create(t))]);
        }
    }
}
