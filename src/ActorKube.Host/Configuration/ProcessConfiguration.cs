using System.Collections;
using System.Reflection;
using Akka.Configuration;

namespace ActorKube.Host.Configuration;

/// <summary>The configuration of a process: every component's reference, and the defaults that follow from the data folder and the node's name.</summary>
public static class ProcessConfiguration
{
    private static readonly Assembly[] Components =
    [
        typeof(Store.StoreSettings).Assembly, typeof(Client.IApiClient).Assembly, typeof(ApiServer.ApiServerSettings).Assembly, typeof(Scheduler.SchedulerSettings).Assembly,
        typeof(ControllerManager.ControllerManagerServices).Assembly, typeof(Kubelet.KubeletSettings).Assembly, typeof(KubeProxy.KubeProxyHosting).Assembly,
        typeof(ProcessConfiguration).Assembly,
    ];

    /// <summary>Loads it. Throws <see cref="ConfigurationException"/>.</summary>
    /// <param name="file">The HOCON file, or null.</param>
    /// <param name="settings"><c>key=value</c> of the command line.</param>
    /// <param name="role">Name of the data folder where none is configured: <c>dev</c>, <c>seed</c>, or empty for the node's name.</param>
    public static Config Load(string? file, IEnumerable<string> settings, string role) => ConfigurationLoader.Load(
        Components.Select(ConfigurationLoader.ReferenceOf), file, Environment.GetEnvironmentVariables(), settings, whole => Derive(whole, role));

    private static Config Derive(Config whole, string role)
    {
        var section = whole.GetConfig("actorkube");
        var configured = section.GetString("data-dir");
        var data = configured.Length > 0
            ? Path.GetFullPath(configured)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".actorkube", role.Length > 0 ? role : Processes.ProcessSettings.NodeNameOf(section));
        return ConfigurationFactory.ParseString($$"""
            actorkube {
              data-dir = "{{data}}"
              store.sqlite.directory = "{{data}}/store"
              apiserver {
                pki-directory = "{{data}}/pki"
                token-file = "{{data}}/tokens.csv"
                encryption.key-file = "{{data}}/encryption-keys"
              }
              kubelet.root-dir = "{{data}}/kubelet"
            }
            """);
    }
}
