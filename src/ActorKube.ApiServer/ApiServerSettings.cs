using System.Net;
using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.Authentication;
using Akka.Configuration;

namespace ActorKube.ApiServer;

/// <summary>The section <c>actorkube.apiserver</c>, typed. <c>reference.conf</c> explains each setting.</summary>
public sealed record ApiServerSettings
{
    /// <summary>The configuration embedded in this assembly.</summary>
    public static Config Reference { get; } = ConfigurationFactory.FromResource("ActorKube.ApiServer.reference.conf", typeof(ApiServerSettings).Assembly);

    /// <summary>The defaults.</summary>
    public static ApiServerSettings Default { get; } = From(Config.Empty);

    /// <summary>Address that the HTTPS endpoint listens on.</summary>
    public required IPAddress BindAddress { get; init; }

    /// <summary>Port of the HTTPS endpoint; 0 for a free one.</summary>
    public required int Port { get; init; }

    /// <summary>Address under which others reach this server; empty: the machine's first.</summary>
    public required string AdvertiseAddress { get; init; }

    /// <summary>Directory of certificates and keys.</summary>
    public required string PkiDirectory { get; init; }

    /// <summary>More names and addresses for the serving certificate.</summary>
    public required IReadOnlyList<string> CertificateNames { get; init; }

    /// <summary>File of bearer tokens.</summary>
    public required string TokenFile { get; init; }

    /// <summary>Range of Services' cluster IPs.</summary>
    public required IPNetwork ServiceClusterIpRange { get; init; }

    /// <summary>Lowest node port.</summary>
    public required int NodePortMin { get; init; }

    /// <summary>Highest node port.</summary>
    public required int NodePortMax { get; init; }

    /// <summary>Largest body of a request, in bytes.</summary>
    public required long MaxRequestBody { get; init; }

    /// <summary>Smallest JSON body of a response that is compressed, in bytes.</summary>
    public required int CompressFrom { get; init; }

    /// <summary>How many changes of each resource type are kept for watchers.</summary>
    public required int WatchHistory { get; init; }

    /// <summary>Events that an actor connection's watch may have unacknowledged.</summary>
    public required int WatchWindow { get; init; }

    /// <summary>How long a watch's client may take nothing of what is sent before it is cut off.</summary>
    public required TimeSpan WatchPatience { get; init; }

    /// <summary>How long a watch stays open that does not say.</summary>
    public required TimeSpan WatchTimeout { get; init; }

    /// <summary>How long the store may take to answer.</summary>
    public required TimeSpan StoreTimeout { get; init; }

    /// <summary>How long an Event is kept after it was last written.</summary>
    public required TimeSpan EventTtl { get; init; }

    /// <summary>How old the answers of <c>metrics.k8s.io</c> may be.</summary>
    public required TimeSpan MetricsResolution { get; init; }

    /// <summary>How long a kubelet may take to say what it uses.</summary>
    public required TimeSpan MetricsKubeletTimeout { get; init; }

    /// <summary>Resource types that are encrypted in the store.</summary>
    public required IReadOnlyList<string> EncryptedResources { get; init; }

    /// <summary>File of the keys that stored objects are encrypted with.</summary>
    public required string EncryptionKeyFile { get; init; }

    /// <summary>The admission plugins.</summary>
    public required AdmissionSettings Admission { get; init; }

    /// <summary>Credentials.</summary>
    public required AuthenticationSettings Authentication { get; init; }

    /// <summary>Reads the section; what it lacks comes from the reference.</summary>
    /// <param name="config">The whole configuration of the process.</param>
    /// <exception cref="ConfigurationException">A value is not one of those allowed.</exception>
    public static ApiServerSettings From(Config config)
    {
        var section = config.WithFallback(Reference).GetConfig("actorkube.apiserver");
        var (low, high) = PortRange(section.GetString("service-node-port-range"));
        return new ApiServerSettings
        {
            BindAddress = IPAddress.TryParse(section.GetString("bind-address"), out var address) ? address : throw Wrong(section, "bind-address", "an IP address"),
            Port = section.GetInt("port"),
            AdvertiseAddress = section.GetString("advertise-address"),
            PkiDirectory = section.GetString("pki-directory"),
            CertificateNames = [.. section.GetStringList("certificate-names")],
            TokenFile = section.GetString("token-file"),
            ServiceClusterIpRange = IPNetwork.TryParse(section.GetString("service-cluster-ip-range"), out var range)
                ? range : throw Wrong(section, "service-cluster-ip-range", "a range such as 10.96.0.0/16"),
            NodePortMin = low,
            NodePortMax = high,
            MaxRequestBody = section.GetByteSize("max-request-body") ?? throw Wrong(section, "max-request-body", "a size"),
            CompressFrom = (int)(section.GetByteSize("compress-from") ?? throw Wrong(section, "compress-from", "a size")),
            WatchHistory = section.GetInt("watch.history"),
            WatchWindow = section.GetInt("watch.window"),
            WatchPatience = section.GetTimeSpan("watch.slow-client-timeout"),
            WatchTimeout = section.GetTimeSpan("watch.timeout"),
            StoreTimeout = section.GetTimeSpan("store-timeout"),
            EventTtl = section.GetTimeSpan("event-ttl"),
            MetricsResolution = section.GetTimeSpan("metrics.resolution"),
            MetricsKubeletTimeout = section.GetTimeSpan("metrics.kubelet-timeout"),
            EncryptedResources = [.. section.GetStringList("encryption.resources")],
            EncryptionKeyFile = section.GetString("encryption.key-file"),
            Admission = AdmissionSettings.From(section.GetConfig("admission")),
            Authentication = AuthenticationSettings.From(section.GetConfig("authentication")),
        };
    }

    private static (int Low, int High) PortRange(string text)
    {
        var parts = text.Split('-');
        return parts.Length == 2 && int.TryParse(parts[0], out var low) && int.TryParse(parts[1], out var high) && low > 0 && low <= high && high < 65536
            ? (low, high)
            : throw new ConfigurationException($"actorkube.apiserver.service-node-port-range: '{text}' is not a range such as 30000-32767");
    }

    private static ConfigurationException Wrong(Config section, string key, string expected) =>
        new($"actorkube.apiserver.{key}: '{section.GetString(key)}' is not {expected}");
}
