using System.Collections;
using ActorKube.Host.Configuration;
using Akka.Configuration;
using ConfigurationException = ActorKube.Host.Configuration.ConfigurationException;

namespace ActorKube.Host.Tests.Configuration;

public sealed class ConfigurationLoaderTests : IDisposable
{
    private static readonly Config Reference = ConfigurationFactory.ParseString("""
        actorkube {
          apiserver { port = 6443, bind-address = "0.0.0.0", read-only = off, tokens = [] }
          kubelet {
            renew-interval = 2s
            labels = {}
            log-max-size = 10 MiB
          }
        }
        """);

    private readonly string _folder = Directory.CreateTempSubdirectory("actorkube-config-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_command_line_wins_over_the_environment_the_file_and_the_reference()
    {
        var file = Write("a.conf", "actorkube.apiserver { port = 1, bind-address = \"file\" }\nactorkube.kubelet.renew-interval = 3s");
        var config = Load(file, new Hashtable { ["ACTORKUBE__apiserver__port"] = "2", ["ACTORKUBE__apiserver__bind-address"] = "env" }, "actorkube.apiserver.port=3");
        Assert.Equal(3, config.GetInt("actorkube.apiserver.port"));
        Assert.Equal("env", config.GetString("actorkube.apiserver.bind-address"));
        Assert.Equal(TimeSpan.FromSeconds(3), config.GetTimeSpan("actorkube.kubelet.renew-interval"));
        Assert.False(config.GetBoolean("actorkube.apiserver.read-only"));
    }

    [Fact]
    public void An_included_file_is_found_beside_the_one_that_includes_it()
    {
        Write("common.conf", "actorkube.apiserver.port = 7000");
        var file = Write("a.conf", "include \"common.conf\"\nactorkube.apiserver.read-only = on");
        var config = Load(file, new Hashtable());
        Assert.Equal(7000, config.GetInt("actorkube.apiserver.port"));
        Assert.True(config.GetBoolean("actorkube.apiserver.read-only"));
    }

    [Theory]
    [InlineData("actorkube.apiserver.prot = 1", "unknown key 'actorkube.apiserver.prot'; did you mean 'port'?")]
    [InlineData("actorkub.apiserver.port = 1", "unknown key 'actorkub'; did you mean 'actorkube'?")]
    [InlineData("actorkube.apiserver.port = many", "actorkube.apiserver.port: 'many' is not a number")]
    [InlineData("actorkube.apiserver.read-only = maybe", "actorkube.apiserver.read-only: 'maybe' is not on or off")]
    [InlineData("actorkube.kubelet.renew-interval = soon", "actorkube.kubelet.renew-interval: 'soon' is not a duration, such as 10s")]
    [InlineData("actorkube.kubelet.log-max-size = big", "actorkube.kubelet.log-max-size: 'big' is not a size, such as 64 MiB")]
    [InlineData("actorkube.apiserver = 5", "actorkube.apiserver is a section, not a value")]
    [InlineData("actorkube.apiserver.tokens = a", "actorkube.apiserver.tokens: expected a list, such as [\"a\", \"b\"]")]
    public void A_wrong_key_or_value_is_an_error_that_names_the_key_and_the_file(string text, string message)
    {
        var file = Write("wrong.conf", text);
        var error = Assert.Throws<ConfigurationException>(() => Load(file, new Hashtable()));
        Assert.Equal($"{file}: {message}", error.Message);
    }

    [Fact]
    public void A_wrong_setting_names_itself()
    {
        Assert.Equal("--set actorkube.x=1: unknown key 'actorkube.x'", Assert.Throws<ConfigurationException>(() => Load(null, new Hashtable(), "actorkube.x=1")).Message);
        Assert.Equal("--set port: expected key=value", Assert.Throws<ConfigurationException>(() => Load(null, new Hashtable(), "port")).Message);
    }

    [Fact]
    public void An_empty_section_of_the_reference_takes_any_keys()
    {
        Assert.Equal("ssd", Load(null, new Hashtable(), "actorkube.kubelet.labels.disk=ssd").GetString("actorkube.kubelet.labels.disk"));
    }

    [Fact]
    public void A_missing_file_is_an_error_that_names_it()
    {
        Assert.StartsWith("/nowhere/a.conf (named by --config): ", Assert.Throws<ConfigurationException>(() => Load("/nowhere/a.conf", new Hashtable())).Message);
    }

    [Fact]
    public void Values_with_slashes_and_colons_stay_text()
    {
        Assert.Equal("akka://a@[::1]:1//x", Load(null, new Hashtable(), "actorkube.apiserver.bind-address=akka://a@[::1]:1//x").GetString("actorkube.apiserver.bind-address"));
    }

    private static Config Load(string? file, IDictionary environment, params string[] settings) =>
        ConfigurationLoader.Load([Reference], file, environment, settings);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
