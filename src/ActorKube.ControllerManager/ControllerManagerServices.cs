using ActorKube.Client;
using ActorKube.Client.Informers;

namespace ActorKube.ControllerManager;

/// <summary>What the controllers need from their process.</summary>
/// <param name="Api">Writes, as <c>system:kube-controller-manager</c>.</param>
/// <param name="Informers">Shared by all controllers.</param>
/// <param name="Events">Events, as <c>controllermanager</c>.</param>
/// <param name="Time">The clock.</param>
/// <param name="RootCa">The certificates (PEM) that pods may trust the API server by; null when there is no such.</param>
public sealed record ControllerManagerServices(
    IApiClient Api, IInformerFactory Informers, IEventRecorder Events, TimeProvider Time, string? RootCa = null)
{
    /// <summary>The controllers' name for themselves in requests, and so their field manager.</summary>
    public const string UserAgent = "kube-controller-manager";
}
