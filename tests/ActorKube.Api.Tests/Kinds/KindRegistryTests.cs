using System.Reflection;
using ActorKube.Api.Kinds;
using k8s;
using k8s.Models;

namespace ActorKube.Api.Tests.Kinds;

public sealed class KindRegistryTests
{
    // The registry finds a class by its name; the class itself says by an attribute which kind it is.
    [Fact]
    public void A_kind_has_the_class_that_calls_itself_by_its_name()
    {
        var models = typeof(V1Pod).Assembly.GetTypes()
            .Select(type => (Type: type, Entity: type.GetCustomAttribute<KubernetesEntityAttribute>()))
            .Where(m => m.Entity is not null && m.Type.IsAssignableTo(typeof(IKubernetesObject)) && !m.Type.Name.EndsWith("List", StringComparison.Ordinal))
            .DistinctBy(m => (m.Entity!.Group, m.Entity.ApiVersion, m.Entity.Kind))
            .ToDictionary(m => (m.Entity!.Group, m.Entity.ApiVersion, m.Entity.Kind), m => m.Type);

        Assert.All(KindRegistry.BuiltIn.All, kind => Assert.Equal(models.GetValueOrDefault((kind.Group, kind.Version, kind.Kind)), kind.ClrType));
    }

    [Fact]
    public void A_kind_is_found_by_URL_by_name_and_by_class()
    {
        var deployments = KindRegistry.BuiltIn.Of<V1Deployment>();

        Assert.Same(deployments, KindRegistry.BuiltIn.Find("apps", "v1", "deployments"));
        Assert.Same(deployments, KindRegistry.BuiltIn.FindKind("apps/v1", "Deployment"));
        Assert.Same(typeof(Corev1Event), KindRegistry.BuiltIn.FindKind("v1", "Event")!.ClrType);
        Assert.Same(typeof(Eventsv1Event), KindRegistry.BuiltIn.FindKind("events.k8s.io/v1", "Event")!.ClrType);
        Assert.Null(KindRegistry.BuiltIn.Find("apps", "v1", "pods"));
    }
}
