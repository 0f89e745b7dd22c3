using ActorKube.ApiServer.CustomResources;
using k8s.Models;

namespace ActorKube.ApiServer.ResourceMetrics;

/// <summary>
/// The API group <c>metrics.k8s.io</c>: what nodes and pods use, to be read only, as Kubernetes' metrics-server offers it. <c>kubectl top</c> and the autoscaler read it.
/// Source: https://kubernetes.io/docs/tasks/debug/debug-cluster/resource-metrics-pipeline/#metrics-api
/// </summary>
internal static class MetricsKinds
{
    /// <summary>The group.</summary>
    public const string Group = "metrics.k8s.io";

    private static readonly string[] ReadOnly = ["get", "list"];

    /// <summary>What nodes use.</summary>
    public static CustomResourceKind Nodes { get; } = Define("nodes", "NodeMetrics", "Cluster", ("usage", Usage), [Column("CPU", ".usage.cpu"), Column("Memory", ".usage.memory"), Column("Window", ".window")]);

    /// <summary>What pods use.</summary>
    public static CustomResourceKind Pods { get; } = Define("pods", "PodMetrics", "Namespaced", ("containers", Containers), [Column("CPU", ".containers[*].usage.cpu"), Column("Memory", ".containers[*].usage.memory"), Column("Window", ".window")]);

    private static V1JSONSchemaProps Usage => new()
    {
        Type = "object",
        Description = "The memory usage is the memory working set.",
        AdditionalProperties = new V1JSONSchemaProps { XKubernetesIntOrString = true, Description = "A quantity." },
    };

    private static V1JSONSchemaProps Containers => new()
    {
        Type = "array",
        Description = "Metrics for all containers are collected within the same time window.",
        Items = new V1JSONSchemaProps
        {
            Type = "object",
            Description = "ContainerMetrics sets resource usage metrics of a container.",
            Properties = new Dictionary<string, V1JSONSchemaProps> { ["name"] = Text("Container name corresponding to the one from pod.spec.containers."), ["usage"] = Usage },
        },
    };

    private static CustomResourceKind Define(string plural, string kind, string scope, (string Name, V1JSONSchemaProps Schema) content, V1CustomResourceColumnDefinition[] columns)
    {
        var definition = new V1CustomResourceDefinition
        {
            Metadata = new V1ObjectMeta { Name = $"{plural}.{Group}" },
            Spec = new V1CustomResourceDefinitionSpec
            {
                Group = Group,
                Scope = scope,
                Names = new V1CustomResourceDefinitionNames { Plural = plural, Singular = "", Kind = kind, ListKind = $"{kind}List" },
                Versions =
                [
                    new V1CustomResourceDefinitionVersion
                    {
                        Name = "v1beta1",
                        Served = true,
                        Storage = true,
                        AdditionalPrinterColumns = columns,
                        Schema = new V1CustomResourceValidation
                        {
                            OpenAPIV3Schema = new V1JSONSchemaProps
                            {
                                Type = "object",
                                Description = $"{kind} sets resource usage metrics.",
                                Properties = new Dictionary<string, V1JSONSchemaProps>
                                {
                                    ["timestamp"] = Text("The following fields define time interval from which metrics were collected from the interval [Timestamp-Window, Timestamp]."),
                                    ["window"] = Text("How long usage was measured, such as 15s."),
                                    [content.Name] = content.Schema,
                                },
                            },
                        },
                    },
                ],
            },
        };
        return new CustomResourceKind(definition, definition.Spec.Versions[0]) { Verbs = ReadOnly };
    }

    private static V1CustomResourceColumnDefinition Column(string name, string path) => new() { Name = name, Type = "string", JsonPath = path };

    private static V1JSONSchemaProps Text(string description) => new() { Type = "string", Description = description };
}
