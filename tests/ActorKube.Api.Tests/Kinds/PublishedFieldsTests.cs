using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Tests.Kinds;

public class PublishedFieldsTests
{
    [Fact]
    public void Every_field_that_is_newer_than_the_version_served_is_one_of_the_models()
    {
        var known = typeof(V1Pod).Assembly.GetExportedTypes()
            .Where(t => ModelDefinitions.NameOf(t) is not null)
            .SelectMany(t => t.GetProperties().Select(p => (Definition: ModelDefinitions.NameOf(t)!, Name: p.GetCustomAttributes(typeof(System.Text.Json.Serialization.JsonPropertyNameAttribute), false)
                .Cast<System.Text.Json.Serialization.JsonPropertyNameAttribute>().FirstOrDefault()?.Name)))
            .ToHashSet();
        Assert.All(PublishedFields.NewerFields, f => Assert.Contains(($"io.k8s.api.{f.Definition}", (string?)f.Property), known));
    }

    [Fact]
    public void A_newer_field_is_unknown()
    {
        var job = """{"apiVersion":"batch/v1","kind":"Job","spec":{"scheduling":{},"parallelism":2}}"""u8;
        Assert.DoesNotContain(ModelDefinitions.PropertiesOf(typeof(V1JobSpec)), p => p.JsonName == "scheduling");
        Assert.False(TypeShape.Of(typeof(V1JobSpec)).Fields.ContainsKey("scheduling"));
        Assert.DoesNotContain("scheduling", ApiJson.SerializeToString(ApiJson.Deserialize<V1Job>(job)), StringComparison.Ordinal);
    }

    [Fact]
    public void Required_fields_defaults_and_references_are_as_published()
    {
        Assert.Equal(["selector", "template"], PublishedFields.RequiredOf("io.k8s.api.apps.v1.DeploymentSpec"));
        Assert.Equal("\"TCP\"", PublishedFields.DefaultOf("io.k8s.api.core.v1.ContainerPort", "protocol"));
        Assert.Equal("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", ModelDefinitions.ReferredBy("io.k8s.api.coordination.v1.LeaseSpec", "renewTime"));
        Assert.Null(ModelDefinitions.ReferredBy("io.k8s.api.core.v1.PodSpec", "containers"));
    }

    [Fact]
    public void No_description_speaks_of_the_client_library()
    {
        var said = typeof(V1Pod).Assembly.GetExportedTypes().Where(t => ModelDefinitions.NameOf(t) is not null)
            .SelectMany(t => ModelDefinitions.PropertiesOf(t).Select(p => ModelDefinitions.DescriptionOf(p.Property)).Prepend(ModelDefinitions.DescriptionOf(t)));
        Assert.All(said, text => Assert.DoesNotMatch("IMetadata|ModelExtensions|Partial implementation|KubernetesClient|<see", text));
    }

    [Fact]
    public void Descriptions_keep_their_paragraphs_and_quotes()
    {
        var profile = ModelDefinitions.DescriptionOf(typeof(V1AppArmorProfile).GetProperty("Type")!);
        Assert.Contains("Valid options are:\nLocalhost - ", profile, StringComparison.Ordinal);
        Assert.Contains("\"*\" \"Cluster\" means", ModelDefinitions.DescriptionOf(typeof(V1RuleWithOperations).GetProperty("Scope")!), StringComparison.Ordinal);
        Assert.Contains("metadata.labels['<KEY>']", ModelDefinitions.DescriptionOf(typeof(V1EnvVarSource).GetProperty("FieldRef")!), StringComparison.Ordinal);
        Assert.Contains("`resourceVersion=\"\"`", ModelDefinitions.DescriptionOf("ListNamespacedPod", "sendInitialEvents"), StringComparison.Ordinal);
    }
}
