using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using CsCheck;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery.ServerSideApply;

public class ModelComparisonTests
{
    private static readonly Type[] Kinds = [.. KindRegistry.BuiltIn.All.Where(k => k.IsStored && k.ClrType is not null).Select(k => k.ClrType!).Distinct()];

    private static readonly Gen<(object A, object B)> GenPair = Gen.Select(Gen.Int[0, Kinds.Length - 1], Gen.Int, Gen.Int, Gen.Bool)
        .Select((kind, first, second, same) => (Random(Kinds[kind], first), Random(Kinds[kind], same ? first : second)));

    [Fact]
    public void An_object_does_not_differ_from_its_copy() => GenPair.Sample(pair => ModelComparison.Of(pair.A, ApiJson.Copy(pair.A)).IsSame, iter: 500);

    [Fact]
    public void What_one_has_over_the_other_the_other_lacks() => GenPair.Sample(
        pair =>
        {
            var (there, back) = (ModelComparison.Of(pair.A, pair.B), ModelComparison.Of(pair.B, pair.A));
            return there.Added.Equals(back.Removed) && there.Removed.Equals(back.Added) && there.Modified.Equals(back.Modified);
        },
        iter: 500);

    [Fact]
    public void Objects_and_their_JSON_differ_in_the_same_fields_but_those_that_are_always_there() => GenPair.Sample(
        pair =>
        {
            var schema = ModelSchema.Of(pair.A.GetType());
            var byModel = ModelComparison.Of(pair.A, pair.B);
            var byJson = JsonComparison.Of(Tree(pair.A), Tree(pair.B), schema);
            AssertSame(byModel.Changed.Union(byModel.Removed), byJson.Changed.Union(byJson.Removed), schema);
        },
        iter: 500);

    [Fact]
    public void A_new_deployment_has_the_fields_that_Kubernetes_records()
    {
        var deployment = ApiJson.Deserialize<V1Deployment>("""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"app":"web"},"finalizers":["a/b"]},
             "spec":{"replicas":1,"paused":false,"selector":{"matchLabels":{"app":"web"}},"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%"}},
               "template":{"metadata":{"labels":{"app":"web"}},
                 "spec":{"containers":[{"name":"c","image":"i","resources":{},"ports":[{"containerPort":80,"protocol":"TCP"}],"env":[{"name":"A","value":"b"}],"args":["x"]}],
                   "securityContext":{},"volumes":[{"name":"v","emptyDir":{}}]}}}}
            """u8);
        Assert.Equal(
            """
            {"f:apiVersion":{},"f:kind":{},"f:metadata":{"f:finalizers":{".":{},"v:\"a/b\"":{}},"f:labels":{".":{},"f:app":{}},"f:name":{}},"f:spec":{"f:replicas":{},"f:selector":{},"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{}},"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:args":{},"f:env":{".":{},"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{}}},"f:securityContext":{},"f:volumes":{".":{},"k:{\"name\":\"v\"}":{".":{},"f:emptyDir":{},"f:name":{}}}}}}}
            """,
            System.Text.Encoding.UTF8.GetString(FieldsV1Format.Write(ModelComparison.Of(null, deployment).Changed)));
    }

    [Fact]
    public void A_list_item_moves_without_a_change_and_a_second_one_of_its_name_is_a_change()
    {
        static V1Pod Pod(params string[] volumes) => new()
        {
            Metadata = new V1ObjectMeta { Name = "p" },
            Spec = new V1PodSpec { Containers = [new V1Container { Name = "c" }], Volumes = [.. volumes.Select(v => new V1Volume { Name = v, EmptyDir = new V1EmptyDirVolumeSource() })] },
        };

        Assert.True(ModelComparison.Of(Pod("a", "b"), Pod("b", "a")).IsSame);
        Assert.Equal(".spec.volumes[name=\"b\"]", ModelComparison.Of(Pod("a", "b"), Pod("a")).Removed.Paths().Select(FieldSet.PathText).First());
        Assert.Equal(".spec.volumes[name=\"a\"]", ModelComparison.Of(Pod("a"), Pod("a", "a")).Added.ToString());
    }

    private static object Random(Type kind, int seed) => ApiJson.Deserialize(kind, new RandomBodies(seed, 0).Of(kind));

    private static JsonNode Tree(object value)
    {
        var tree = JsonTree.Parse(ApiJson.Serialize(value))!;
        DropEmpty(tree, ModelSchema.Of(value.GetType()));
        return tree;
    }

    // Kubernetes' classes leave empty lists and maps out.
    private static void DropEmpty(JsonNode? node, IFieldSchema schema)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list)
            {
                DropEmpty(item, schema.List!.Element);
            }
        }

        foreach (var (key, value) in (node as JsonObject ?? []).ToList())
        {
            var type = schema.Map!.TryGetField(key, out var field) ? field.Schema : schema.Map.Element!;
            var isZero = value is JsonValue && value.ToJsonString() is "\"\"" or "0" or "false";
            if (field is not null && ((isZero && ModelDefinitionOf(schema) is { } definition && FieldPresence.Of(definition, key).Presence != Presence.WhenGiven) || value is JsonArray { Count: 0 } || (value is JsonObject { Count: 0 } && type.Map?.Element is not null)))
            {
                node!.AsObject().Remove(key);
            }
            else if (type.Scalar is null)
            {
                DropEmpty(value, type);
            }
        }
    }

    private static void AssertSame(FieldSet model, FieldSet json, IFieldSchema schema)
    {
        var differ = model.Difference(json).Union(json.Difference(model));
        Assert.All(differ.Paths(), path => Assert.True(IsAlwaysThere(schema, path), $"{schema}: {FieldSet.PathText(path)} differs"));
    }

    // A field that is there without being given, or a zero, or something below one: JSON cannot tell it.
    private static bool IsAlwaysThere(IFieldSchema schema, IReadOnlyList<PathElement> path)
    {
        var (type, definition) = (schema, ModelDefinitionOf(schema));
        foreach (var step in path)
        {
            if (step.FieldName is { } name && type.Map is { } map)
            {
                if (map.TryGetField(name, out var field))
                {
                    if (field.AlwaysPresent || (definition is not null && FieldPresence.Of(definition, name).Presence == Presence.WhenNotZero))
                    {
                        return true;
                    }

                    type = field.Schema;
                }
                else
                {
                    type = map.Element!;
                }
            }
            else if (step.Keys.Any(k => k.Value.ToJson() is "\"\"" or "0" or "false"))
            {
                // A zero as a key: the JSON of the item may lack it.
                return true;
            }
            else
            {
                type = type.List!.Element;
            }

            definition = ModelDefinitionOf(type);
        }

        return false;
    }

    private static string? ModelDefinitionOf(IFieldSchema schema) => schema is ModelSchema && schema.ToString()!.StartsWith("io.k8s.", StringComparison.Ordinal) ? schema.ToString() : null;
}
