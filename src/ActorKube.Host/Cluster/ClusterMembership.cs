using System.Security.Cryptography.X509Certificates;
using ActorKube.Host.Configuration;
using ActorKube.Client.Transport;
using ActorKube.Store;
using Akka.Cluster.Hosting;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Remote.Transport.DotNetty;

namespace ActorKube.Host.Cluster;

/// <summary>
/// A process as a member of the Akka cluster. Connections use mutual TLS: both sides must show a certificate that the cluster's own
/// authority signed. Remoting runs in untrusted mode: from outside only the cluster's own actors and <c>/user/apiserver</c> can be selected.
/// </summary>
/// <param name="Hostname">Address that others reach the process at.</param>
/// <param name="Port">Port, 0 for a free one.</param>
/// <param name="SeedNodes"><c>host:port</c> of processes to join.</param>
/// <param name="Roles"><c>control-plane</c>, <c>node</c> or both.</param>
/// <param name="Certificate">With private key, signed by the authority.</param>
/// <param name="Authority">The cluster's certificate authority.</param>
public sealed record ClusterMembership(
    string Hostname, int Port, IReadOnlyList<string> SeedNodes, IReadOnlyList<string> Roles, X509Certificate2 Certificate, X509Certificate2 Authority)
{
    /// <summary>
    /// Whether the control plane has several processes. Then its members may ask each other for the store, and who carries on when they lose each other is
    /// the database's decision: <see cref="ControlPlaneDowning"/>.
    /// </summary>
    public bool IsOneOfSeveral { get; init; }

    /// <summary>
    /// Whether the process must not begin a cluster of its own, since there is one: else a first seed process that is not answered within a second would, on a
    /// machine under load. Where nobody takes it in for a while its actor system ends, and the question is put again.
    /// </summary>
    public bool OnlyJoins { get; init; }

    /// <summary>Name of the actor system in every process.</summary>
    public const string SystemName = "actorkube";

    /// <summary>Address of a control-plane process as Akka writes it.</summary>
    public static string AddressOf(string hostAndPort) => $"akka.ssl.tcp://{SystemName}@{hostAndPort}";

    /// <summary>Adds remoting, the cluster, and the split brain resolver.</summary>
    public AkkaConfigurationBuilder AddTo(AkkaConfigurationBuilder builder) => builder
        .AddHocon(Hocon(), HoconAddMode.Prepend)
        .AddHocon(HandshakeShield.Hocon, HoconAddMode.Prepend)
        .AddHocon(OnlyJoins ? "akka.cluster.shutdown-after-unsuccessful-join-seed-nodes = 20s" : "", HoconAddMode.Prepend)
        .AddHocon(IsOneOfSeveral ? Several() : Roles.Contains(ApiServers.Role) ? Config.Empty : OfNode(), HoconAddMode.Prepend)
        .AddSetup(new DotNettySslSetup(Certificate, suppressValidation: false, requireMutualAuthentication: true, customValidator: (certificate, _, _, _, _) => certificate is not null && IsOurs(certificate)))
        .WithClustering(new ClusterOptions { Roles = [.. Roles], SeedNodes = [.. SeedNodes.Where(s => !OnlyJoins || s != $"{Hostname}:{Port}").Select(AddressOf)] });

    private Config Hocon() => ConfigurationFactory.ParseString($$"""
        akka {
          stdout-loglevel = WARNING
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          # Before and after the process has a log of its own, only errors are worth a line.
          stdout-loglevel = ERROR
          log-dead-letters = 0
          log-dead-letters-during-shutdown = off
          remote {
            log-remote-lifecycle-events = off
            untrusted-mode = on
            # A process that was away is spoken to again soon after it is back.
            retry-gate-closed-for = 1s
            trusted-selection-paths = ["/user/apiserver", "/system/cluster/core/daemon", "/system/cluster/heartbeatReceiver"]
            dot-netty.tcp {
              hostname = "{{Hostname}}"
              bind-hostname = "{{Hostname}}"
              port = {{Port}}
              enable-ssl = true
            }
          }
          cluster {
            retry-unsuccessful-join-after = 2s
            shutdown-after-unsuccessful-join-seed-nodes = off
            seed-node-timeout = 1s
            downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
            split-brain-resolver {
              active-strategy = keep-majority
              stable-after = 3s
              keep-majority.role = "control-plane"
            }
            failure-detector.acceptable-heartbeat-pause = 3s
          }
        }
        """);

    private static Config Several() => ConfigurationFactory.ParseString($$"""
        akka {
          remote.trusted-selection-paths = ["/user/apiserver", "/system/cluster/core/daemon", "/system/cluster/heartbeatReceiver", "{{StoreHosting.DoorPath}}"]
          remote.dot-netty.tcp.maximum-frame-size = 32 MiB
          cluster.downing-provider-class = "{{typeof(ControlPlaneDowning).FullName}}, actorkube"
        }
        """);

    private static Config OfNode() => ConfigurationFactory.ParseString($$"""akka.cluster.downing-provider-class = "{{typeof(NodeDowning).FullName}}, actorkube" """);

    private bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
