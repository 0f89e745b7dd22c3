using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>Schemas of what the model classes hold as a date, a text or any object: there is no class to read them off.</summary>
internal static class PlainSchemas
{
    /// <summary>Definition of a patch's body.</summary>
    public const string Patch = Meta + "Patch";

    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    private const string Extensions = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

    /// <summary>The schema of a definition; null when a model class has it.</summary>
    public static JsonObject? Of(string definition) => definition switch
    {
        Meta + "Time" => Text("A point in time, in RFC 3339 with whole seconds.", "date-time"),
        Meta + "MicroTime" => Text("A point in time, in RFC 3339 with microseconds.", "date-time"),
        Meta + "FieldsV1" => Any(
            "A set of fields as nested objects: `f:<name>` for a field or key, `v:<value>` for the value of a set, `k:<keys>` for an item by the values of its keys, `i:<index>` for one by its place, "
            + "and `.` for the thing itself."),
        Patch => Any("A change to an object, in the format that the content type names."),
        "io.k8s.apimachinery.pkg.runtime.RawExtension" => Any("An object of whatever kind, kept as it was given."),
        Extensions + "JSON" => new JsonObject { ["description"] = "Any JSON value." },
        Extensions + "JSONSchemaPropsOrArray" => new JsonObject { ["description"] = "A schema, or an array of schemas." },
        Extensions + "JSONSchemaPropsOrBool" => new JsonObject { ["description"] = "A schema, or true for any value and false for none." },
        Extensions + "JSONSchemaPropsOrStringArray" => new JsonObject { ["description"] = "A schema, or the names of fields." },
        Extensions + "CustomResourceSubresourceStatus" => Any("Whether objects have the status subresource: given, even empty, they do. It alone writes the status, and writes nothing else."),
        _ => null,
    };

    /// <summary>What a schema is about, of those that a model class has without a word; empty for the others.</summary>
    public static string DescriptionOf(string definition) => definition switch
    {
        "io.k8s.apimachinery.pkg.api.resource.Quantity" =>
            "A number with an optional suffix: decimal (n, u, m, k, M, G, T, P, E), binary (Ki, Mi, Gi, Ti, Pi, Ei) or an exponent such as e3. It comes back in its shortest form, 0.5 as 500m.",
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => "A whole number or a text, such as a port's number or its name.",
        "io.k8s.api.core.v1.PodTemplateSpec" => "PodTemplateSpec describes the data a pod should have when created from a template",
        _ => "",
    };

    private static JsonObject Any(string description) => new() { ["description"] = description, ["type"] = "object" };

    private static JsonObject Text(string description, string format) => new() { ["description"] = description, ["type"] = "string", ["format"] = format };
}
