using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.Api.Tests.Kinds;

public sealed class ModelDefinitionsTests
{
    [Theory]
    [InlineData(typeof(V1DeploymentSpec), "io.k8s.api.apps.v1.DeploymentSpec")]
    [InlineData(typeof(V1Pod), "io.k8s.api.core.v1.Pod")]
    [InlineData(typeof(Corev1Event), "io.k8s.api.core.v1.Event")]
    [InlineData(typeof(Eventsv1Event), "io.k8s.api.events.v1.Event")]
    [InlineData(typeof(V1ObjectMeta), "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")]
    [InlineData(typeof(V1CustomResourceDefinition), "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition")]
    [InlineData(typeof(Rbacv1Subject), "io.k8s.api.rbac.v1.Subject")]
    [InlineData(typeof(V2MetricSpec), "io.k8s.api.autoscaling.v2.MetricSpec")]
    [InlineData(typeof(ResourceQuantity), "io.k8s.apimachinery.pkg.api.resource.Quantity")]
    public void A_model_class_has_the_name_of_the_published_definition(Type type, string name) => Assert.Equal(name, ModelDefinitions.NameOf(type));

    [Fact]
    public void Every_kind_that_is_served_has_a_class_a_definition_and_a_description()
    {
        foreach (var kind in KindRegistry.BuiltIn.All)
        {
            Assert.True(kind.ClrType is not null, $"{kind} has no class");
            Assert.True(ModelDefinitions.NameOf(kind.ClrType!) is not null, $"{kind} has no definition");
            Assert.True(ModelDefinitions.DescriptionOf(kind.ClrType!).Length > 0, $"{kind} has no description");
        }
    }

    [Fact]
    public void A_property_has_its_documentation()
    {
        var (name, property) = ModelDefinitions.PropertiesOf(typeof(V1PodSpec)).Single(p => p.JsonName == "restartPolicy");
        Assert.Equal("restartPolicy", name);
        Assert.StartsWith("Restart policy for all containers within the pod.", ModelDefinitions.DescriptionOf(property));
    }
}
