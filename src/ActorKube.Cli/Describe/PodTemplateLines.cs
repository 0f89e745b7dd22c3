using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>The template of a workload's pods.</summary>
internal static class PodTemplateLines
{
    public static void Write(DescribeText text, JsonNode? template)
    {
        text.Line(0, "Pod Template:");
        if (template is null)
        {
            text.Line(1, "<unset>");
            return;
        }

        var spec = template.At("spec");
        text.Labels(1, "Labels", template.Map("metadata", "labels"));
        if (template.Map("metadata", "annotations") is { Count: > 0 } annotations)
            text.Labels(1, "Annotations", annotations);
        text.Optional(1, "Service Account", spec.Text("serviceAccountName"));
        var containers = new ContainerLines(text, pod: null);
        if (spec.List("initContainers") is { Count: > 0 } init)
            containers.Write("Init Containers", init, []);
        containers.Write("Containers", spec.List("containers"), []);
        VolumeLines.Write(text, spec.List("volumes"), template: true);
        text.Optional(1, "Priority Class Name", spec.Text("priorityClassName"));
        PodDescriber.Placement(text, 1, spec);
    }
}
