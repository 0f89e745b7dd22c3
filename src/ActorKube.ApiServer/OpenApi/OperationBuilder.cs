using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.Pipeline;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>The paths of a kind with their operations, as OpenAPI path items.</summary>
/// <param name="schemas">Receives the schemas that bodies refer to.</param>
/// <param name="version3">OpenAPI v3 or v2.</param>
internal sealed class OperationBuilder(SchemaBuilder schemas, bool version3)
{
    private static readonly string[] PatchTypes =
    [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml",
    ];

    /// <summary>In which objects come and go.</summary>
    internal static readonly string[] Formats = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
    private static readonly string[] WatchFormats = [.. Formats, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
    private static readonly string[] CustomFormats = ["application/json", "application/yaml"];

    private static readonly Lazy<Dictionary<Type, Type>> ListTypes = new(() => typeof(V1PodList).Assembly.GetExportedTypes()
        .SelectMany(list => list.GetInterfaces()
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IItems<>))
            .Select(i => (Item: i.GetGenericArguments()[0], List: list)))
        .Where(pair => !pair.Item.IsGenericParameter)
        .DistinctBy(pair => pair.Item)
        .ToDictionary(pair => pair.Item, pair => pair.List));

    private readonly OperationWriter _writer = new(schemas, version3);

    /// <summary>The parameters that operations share: part of a v2 document.</summary>
    public JsonObject SharedParameters => _writer.Shared.ToJson();

    /// <summary>A path item of any operations.</summary>
    public JsonObject Item(string path, params IReadOnlyList<Operation> operations) => _writer.Item(path, operations);

    /// <summary>All path items of a kind, by path.</summary>
    public IEnumerable<(string Path, JsonObject Item)> PathsOf(ResourceKind kind)
    {
        if (kind is CustomResourceKind custom)
        {
            CustomSchema.Add(schemas, custom, version3);
        }

        return Paths(kind).Select(p => (p.Path, Item(p.Path, p.Operations)));
    }

    private static IEnumerable<(string Path, IReadOnlyList<Operation> Operations)> Paths(ResourceKind kind)
    {
        var root = "/" + DiscoveryPaths.PathOf(kind);
        var (space, scope) = kind.Namespaced ? ("/namespaces/{namespace}", "Namespaced") : ("", "");
        var collection = $"{root}{space}/{kind.Resource}";
        if (kind.Namespaced && kind.Allows("list"))
        {
            yield return ($"{root}/{kind.Resource}", [List(kind, $"{kind.Kind}ForAllNamespaces", namespaced: false)]);
        }

        var operations = OnCollection(kind, scope).ToList();
        yield return (collection, operations);
        if (kind.Allows("get"))
        {
            yield return ($"{collection}/{{name}}", [.. OnObject(kind, scope)]);
        }

        foreach (var subresource in kind.Subresources.Where(s => !IsConnection(s)))
        {
            yield return ($"{collection}/{{name}}/{subresource.Name}", [.. OnSubresource(kind, scope, subresource)]);
        }

        foreach (var subresource in kind.Subresources.Where(IsConnection))
        {
            yield return ($"{collection}/{{name}}/{subresource.Name}", [.. Connections(kind, scope, subresource, withPath: false)]);
            if (subresource.Name == "proxy")
            {
                yield return ($"{collection}/{{name}}/proxy/{{path}}", [.. Connections(kind, scope, subresource, withPath: true)]);
            }
        }

        if (!kind.Allows("watch") || kind is CustomResourceKind)
        {
            yield break;
        }

        if (kind.Namespaced)
        {
            yield return ($"{root}/watch/{kind.Resource}", [Watch(kind, $"{kind.Kind}ListForAllNamespaces", false, false)]);
        }

        yield return ($"{root}/watch{space}/{kind.Resource}", [Watch(kind, $"{scope}{kind.Kind}List", kind.Namespaced, false)]);
        yield return ($"{root}/watch{space}/{kind.Resource}/{{name}}", [Watch(kind, $"{scope}{kind.Kind}", kind.Namespaced, true)]);
    }

    private static IEnumerable<Operation> OnCollection(ResourceKind kind, string scope)
    {
        if (kind.Allows("deletecollection"))
        {
            yield return Make(kind, "delete", ("delete", $"Collection{scope}{kind.Kind}"), "deletecollection", $"delete collection of {kind.Kind}", typeof(V1Status), Parameters.DeleteCollection) with
            {
                Request = kind is CustomResourceKind ? default(Body?) : new Body(typeof(V1DeleteOptions)),
                RequestIsRequired = false,
            };
        }

        if (kind.Allows("list"))
        {
            yield return List(kind, scope + kind.Kind, kind.Namespaced);
        }

        if (kind.Allows("create"))
        {
            yield return Make(kind, "post", ("create", scope + kind.Kind), "post", $"create {Article(kind.Kind)}", TypeOf(kind), Parameters.Write) with { Request = TypeOf(kind), Codes = [200, 201, 202] };
        }
    }

    private static IEnumerable<Operation> OnObject(ResourceKind kind, string scope)
    {
        if (kind.Allows("delete"))
        {
            Body answer = Deletes.AnswersWithObject(kind) ? TypeOf(kind) : typeof(V1Status);
            yield return Named(kind, "delete", ("delete", scope + kind.Kind), "delete", $"delete {Article(kind.Kind)}", answer, Parameters.Delete) with
            {
                Request = typeof(V1DeleteOptions),
                RequestIsRequired = false,
                Codes = [200, 202],
            };
        }

        foreach (var operation in ReadAndWrite(kind, kind.Verbs, TypeOf(kind), scope + kind.Kind, "", null))
        {
            yield return operation;
        }
    }

    private static IEnumerable<Operation> OnSubresource(ResourceKind kind, string scope, Subresource subresource)
    {
        var rest = scope + kind.Kind + char.ToUpperInvariant(subresource.Name[0]) + subresource.Name[1..];
        if (subresource.Name == "log")
        {
            var log = ReadAndWrite(kind, ["get"], Body.Text, rest, "log of ", null).Single();
            return [log with { Produces = ["text/plain", .. Formats], Parameters = [.. log.Parameters, .. Parameters.Log] }];
        }

        var (group, version, body) = subresource.Kind == kind.Kind ? (kind.Group, kind.Version, TypeOf(kind)) : BodyOf(subresource.Kind);
        var identity = (group, version, subresource.Kind);
        var operations = ReadAndWrite(kind, subresource.Verbs, body, rest, subresource.Name + " of ", kind is CustomResourceKind ? null : identity);
        if (!subresource.Verbs.Contains("create"))
        {
            return operations;
        }

        var create = Named(kind, "post", ("create", rest), "post", $"create {subresource.Name} of {Article(kind.Kind)}", body, Parameters.Write, subresource.Kind) with
        {
            Request = body,
            Codes = [200, 201, 202],
            Kind = identity,
        };
        return operations.Append(create);
    }

    private static IEnumerable<Operation> ReadAndWrite(ResourceKind kind, IReadOnlyList<string> verbs, Body body, string rest, string part, (string Group, string Version, string Kind)? other)
    {
        var identity = other ?? (kind.Group, kind.Version, kind.Kind);
        if (verbs.Contains("get"))
        {
            yield return Named(kind, "get", ("read", rest), "get", $"read {part}the specified {kind.Kind}", body, [], identity.Item3) with { Kind = identity };
        }

        if (verbs.Contains("patch"))
        {
            var types = kind is CustomResourceKind ? PatchTypes.Where(t => t != "application/strategic-merge-patch+json") : PatchTypes;
            yield return Named(kind, "patch", ("patch", rest), "patch", $"partially update {part}the specified {kind.Kind}", body, Parameters.Patch, identity.Item3) with
            {
                Kind = identity,
                Request = new Body(null, PlainSchemas.Patch),
                Consumes = [.. types],
                Codes = kind is CustomResourceKind ? [200] : [200, 201],
            };
        }

        if (verbs.Contains("update"))
        {
            yield return Named(kind, "put", ("replace", rest), "put", $"replace {part}the specified {kind.Kind}", body, Parameters.Write, identity.Item3) with
            {
                Kind = identity,
                Request = body,
                Codes = [200, 201],
            };
        }
    }

    private static IEnumerable<Operation> Connections(ResourceKind kind, string scope, Subresource subresource, bool withPath)
    {
        string[] methods = subresource.Name == "proxy" ? ["delete", "get", "head", "options", "patch", "post", "put"] : ["get", "post"];
        return methods.Select(method => new Operation
        {
            Method = method,
            Name = ("connect", $"{char.ToUpperInvariant(method[0])}{method[1..]}{scope}{kind.Kind}{char.ToUpperInvariant(subresource.Name[0])}{subresource.Name[1..]}{(withPath ? "WithPath" : "")}"),
            Description = $"connect {method.ToUpperInvariant()} requests to {subresource.Name} of {kind.Kind}",
            Action = "connect",
            Kind = (kind.Group, kind.Version, subresource.Kind),
            Consumes = ["*/*"],
            Produces = ["*/*"],
            Answer = Body.Text,
            Parameters =
            [
                Parameters.Name(subresource.Kind), .. kind.Namespaced ? [Parameters.Namespace] : (Parameter[])[],
                .. Parameters.Connect(subresource.Name, kind.Kind), .. withPath ? [new Parameter("path", "path", "string", "path to the resource")] : (Parameter[])[],
            ],
        });
    }

    private static Operation List(ResourceKind kind, string rest, bool namespaced) =>
        Make(kind, "get", ("list", rest), "list", $"list {(kind.Allows("watch") && kind is not CustomResourceKind ? "or watch " : "")}objects of kind {kind.Kind}", ListType(kind), Parameters.List, namespaced) with
        {
            Produces = kind is CustomResourceKind ? CustomFormats : WatchFormats,
        };

    // The old way to watch, before lists could be watched: still served.
    private static Operation Watch(ResourceKind kind, string rest, bool namespaced, bool one)
    {
        const string instead = "deprecated: use the 'watch' parameter with a list operation instead";
        var description = one
            ? $"watch changes to an object of kind {kind.Kind}. {instead}, filtered to a single item with the 'fieldSelector' parameter."
            : $"watch individual changes to a list of {kind.Kind}. {instead}.";
        var watch = Make(kind, "get", ("watch", rest), one ? "watch" : "watchlist", description, typeof(V1WatchEvent), Parameters.List, namespaced) with { Produces = WatchFormats };
        return one ? watch with { Parameters = [.. watch.Parameters, Parameters.Name(kind.Kind)] } : watch;
    }

    private static Operation Named(
        ResourceKind kind, string method, (string Verb, string Subject) name, string action, string description, Body answer, IReadOnlyList<Parameter> parameters, string? named = null)
    {
        var operation = Make(kind, method, name, action, description, answer, parameters);
        return operation with { Parameters = [.. operation.Parameters, Parameters.Name(kind is CustomResourceKind ? kind.Kind : named ?? kind.Kind)] };
    }

    private static Operation Make(
        ResourceKind kind, string method, (string Verb, string Subject) name, string action, string description, Body answer, IReadOnlyList<Parameter> parameters, bool? namespaced = null) => new()
        {
            Method = method,
            Name = name,
            Action = action,
            Description = description,
            Kind = (kind.Group, kind.Version, kind.Kind),
            Consumes = kind is CustomResourceKind ? CustomFormats : ["*/*"],
            Produces = kind is CustomResourceKind ? CustomFormats : Formats,
            Answer = answer,
            Parameters = [Parameters.Pretty, .. namespaced ?? kind.Namespaced ? [Parameters.Namespace] : (Parameter[])[], .. parameters],
        };

    private static bool IsConnection(Subresource subresource) => subresource.Name is "exec" or "attach" or "portforward" or "proxy";

    private static (string Group, string Version, Body Body) BodyOf(string kind) => kind switch
    {
        "Scale" => ("autoscaling", "v1", typeof(V1Scale)),
        "Binding" => ("", "v1", typeof(V1Binding)),
        "Eviction" => ("policy", "v1", typeof(V1Eviction)),
        "TokenRequest" => ("authentication.k8s.io", "v1", typeof(Authenticationv1TokenRequest)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no subresource has that kind"),
    };

    // Endpoints are several.
    private static string Article(string kind) => kind.EndsWith('s') && !kind.EndsWith("ss", StringComparison.Ordinal) ? kind : ("AEIOU".Contains(kind[0], StringComparison.Ordinal) ? "an " : "a ") + kind;

    // List classes are found by their items: their names do not follow from the kind's (Resourcev1ResourceClaim, V1ResourceClaimList).
    private static Body ListType(ResourceKind kind) => kind is CustomResourceKind custom ? new Body(null, CustomSchema.NameOf(custom, true)) : ListTypes.Value[kind.ClrType!];

    private static Body TypeOf(ResourceKind kind) => kind is CustomResourceKind custom ? new Body(null, CustomSchema.NameOf(custom)) : kind.ClrType!;
}
