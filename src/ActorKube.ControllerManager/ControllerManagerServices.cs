using System.Security.Cryptography.X509Certificates;
using ActorKube.Client;
using ActorKube.Client.Informers;

namespace ActorKube.ControllerManager;

/// <summary>What the controllers need from their process.</summary>
/// <param name="Api">Writes, as <c>system:kube-controller-manager</c>.</param>
/// <param name="Informers">Shared by all controllers.</param>
/// <param name="Events">Events, as <c>controllermanager</c>.</param>
/// <param name="Time">The clock.</param>
/// <param name="RootCa">The certificates (PEM) that pods may trust the API server by; null when there is no such.</param>
/// <param name="Authority">The certificate authority with its key, which signs what is requested of the cluster's signers; null when nothing is to be signed.</param>
/// <param name="ServiceAccountKeyFile">The private key (PEM) that the API server knows service accounts' tokens by; null when no tokens are made.</param>
public sealed record ControllerManagerServices(
    IApiClient Api, IInformerFactory Informers, IEventRecorder Events, TimeProvider Time, string? RootCa = null,
    X509Certificate2? Authority = null, string? ServiceAccountKeyFile = null)
{
    /// <summary>Makes the client of one controller, which the API server takes for the user of <see cref="Shell.ControllerIdentities"/>; null: all use <see cref="Api"/>.</summary>
    public Func<string, IApiClient>? ApiAs { get; init; }

    /// <summary>The client of one controller.</summary>
    /// <param name="controller">Its name, such as <c>deployment</c>.</param>
    public IApiClient ApiOf(string controller) => ApiAs?.Invoke(controller) ?? Api;

    /// <summary>The controllers' name for themselves in requests, and so their field manager.</summary>
    public const string UserAgent = "kube-controller-manager";
}
