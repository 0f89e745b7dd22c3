using ActorKube.Host.Configuration;
using ActorKube.Host.Processes;

namespace ActorKube.Host.Tests.Configuration;

public sealed class ProcessConfigurationTests
{
    public static TheoryData<string> Files() => new(Directory.GetFiles(ConfigFolder(), "*.conf").Select(f => Path.GetFileName(f)!));

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_file_under_config_holds_only_known_keys(string file) =>
        Assert.NotNull(ProcessSettings.From(ProcessConfiguration.Load(Path.Combine(ConfigFolder(), file), [], "dev")));

    [Fact]
    public void Everything_a_process_keeps_lies_in_its_data_folder_unless_told_otherwise()
    {
        var config = ProcessConfiguration.Load(null, ["actorkube.data-dir=/tmp/x", "actorkube.kubelet.root-dir=/var/lib/kubelet"], "dev");
        Assert.Equal("/tmp/x/store", config.GetString("actorkube.store.sqlite.directory"));
        Assert.Equal("/tmp/x/pki", config.GetString("actorkube.apiserver.pki-directory"));
        Assert.Equal("/var/lib/kubelet", config.GetString("actorkube.kubelet.root-dir"));
    }

    [Fact]
    public void A_runtime_that_does_not_exist_is_named() =>
        Assert.Equal("actorkube.runtime.type: 'docker' is not one of auto, cri, builtin, process",
            Assert.Throws<ConfigurationException>(() => ProcessSettings.From(ProcessConfiguration.Load(null, ["actorkube.runtime.type=docker"], "dev"))).Message);

    private static string ConfigFolder()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ActorKube.sln")))
            folder = Path.GetDirectoryName(folder)!;
        return Path.Combine(folder, "config");
    }
}
