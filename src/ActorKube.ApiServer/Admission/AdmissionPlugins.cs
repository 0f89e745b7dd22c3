using ActorKube.ApiServer.Admission.PodSecurity;
using ActorKube.ApiServer.Admission.Quota;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;

namespace ActorKube.ApiServer.Admission;

/// <summary>Puts the plugins together, in the order of <see cref="AdmissionSettings.Plugins"/>.</summary>
internal static class AdmissionPlugins
{
    /// <summary>The chain of the plugins that the settings switch on.</summary>
    public static AdmissionChain Chain(ResourceRegistry registry, ObjectWriter writer, AdmissionSettings settings, Identities identities, TimeProvider time)
    {
        IAdmissionPlugin[] plugins =
        [
            new NamespaceLifecycle(registry),
            new LimitRanger(registry),
            new ServiceAccountAdmission(registry, settings, identities, time),
            new PodSecurityAdmission(registry, settings.PodSecurity, time),
            new PriorityAdmission(registry),
            new DefaultTolerationSeconds(settings),
            new ResourceQuotaAdmission(registry, writer, time),
        ];
        return new AdmissionChain(plugins, settings);
    }
}
