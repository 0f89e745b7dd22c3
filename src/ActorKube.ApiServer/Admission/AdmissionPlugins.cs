using ActorKube.ApiServer.Admission.PodSecurity;
using ActorKube.ApiServer.Admission.Quota;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;

namespace ActorKube.ApiServer.Admission;

/// <summary>Puts the plugins together, in the order of <see cref="AdmissionSettings.Plugins"/>.</summary>
internal static class AdmissionPlugins
{
    /// <summary>The chain of the plugins that the settings switch on, and of those that run in any case, after the others.</summary>
    public static AdmissionChain Chain(
        ResourceRegistry registry, ObjectWriter writer, IAuthorizer authorizer, AdmissionSettings settings, Identities identities, TimeProvider time, params IEnumerable<IAdmissionPlugin> always) =>
        new(All(registry, writer, authorizer, settings, identities, time).Concat(always), settings);

    /// <summary>Every plugin.</summary>
    public static IReadOnlyList<IAdmissionPlugin> All(ResourceRegistry registry, ObjectWriter writer, IAuthorizer authorizer, AdmissionSettings settings, Identities identities, TimeProvider time) =>
    [
        new NamespaceLifecycle(registry),
        new LimitRanger(registry),
        new ServiceAccountAdmission(registry, settings, identities, time),
        new NodeRestriction(registry),
        new TaintNodesByCondition(),
        new AlwaysPullImages(),
        new PodSecurityAdmission(registry, settings.PodSecurity, time),
        new PriorityAdmission(registry),
        new DefaultTolerationSeconds(settings),
        new ExtendedResourceToleration(),
        new DefaultStorageClass(registry),
        new StorageObjectInUseProtection(),
        new OwnerReferencesPermissionEnforcement(registry, authorizer),
        new PersistentVolumeClaimResize(registry),
        new RuntimeClassAdmission(registry),
        new CertificateApproval(authorizer),
        new CertificateSigning(authorizer),
        new CertificateSubjectRestriction(),
        new DefaultIngressClass(registry),
        new PodTopologyLabels(registry),
        new ResourceQuotaAdmission(registry, writer, time, settings.LimitedResources),
    ];
}
