using ActorKube.Client.Informers;

namespace ActorKube.KubeProxy.Services;

/// <summary>What kube-proxy needs from its process.</summary>
/// <param name="NodeName">The node it works for.</param>
/// <param name="Informers">Services, EndpointSlices and nodes.</param>
/// <param name="Nftables">The packet filter.</param>
/// <param name="Lock">Who of several on one machine writes.</param>
/// <param name="Time">The clock.</param>
/// <param name="SetSysctl">Sets a kernel setting; returns what went wrong, or null.</param>
public sealed record KubeProxyServices(
    string NodeName, IInformerFactory Informers, INftables Nftables, ITableLock Lock, TimeProvider Time, Func<string, string, string?> SetSysctl)
{
    /// <summary>The services of a real machine.</summary>
    public static KubeProxyServices OnThisMachine(string nodeName, IInformerFactory informers, TimeProvider time, KubeProxySettings settings) =>
        new(nodeName, informers, new NftProcess(settings.Nft), new TableLock(settings.Table), time, Sysctl.Set);
}
