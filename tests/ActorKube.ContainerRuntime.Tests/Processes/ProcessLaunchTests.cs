using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using ActorKube.ContainerRuntime.Processes;
using CsCheck;

namespace ActorKube.ContainerRuntime.Tests.Processes;

public sealed class ProcessLaunchTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "process-launch-" + Guid.NewGuid().ToString("N"));

    public ProcessLaunchTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "usr/bin"));
        foreach (var program in (string[])["usr/bin/entry", "usr/bin/tool"])
        {
            File.WriteAllText(Path.Combine(_root, program), "");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(Path.Combine(_root, program), (UnixFileMode)493);
            }
        }

        File.WriteAllText(Path.Combine(_root, "usr/bin/data"), "");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    // Kubernetes' table of command and args over an image's entrypoint and command.
    [Theory]
    [InlineData("", "", "entry a b")]
    [InlineData("tool", "", "tool")]
    [InlineData("", "x y", "entry x y")]
    [InlineData("tool 1", "x", "tool 1 x")]
    public void Command_and_args_take_the_place_of_the_images(string command, string args, string expected)
    {
        var config = new ContainerConfig { Command = { Words(command) }, Args = { Words(args) } };
        var image = new OciProcessConfig { Entrypoint = ["entry"], Cmd = ["a", "b"] };
        var launch = ProcessLaunch.OfContainer(config, image, _root, "h");
        Assert.Equal(expected, string.Join(' ', launch.Arguments.Prepend(Path.GetFileName(launch.FileName))));
    }

    [Theory]
    [InlineData("/usr/bin/tool", "/")]
    [InlineData("bin/tool", "/usr")]
    [InlineData("../../usr/bin/tool", "/usr")]
    [InlineData("tool", "/")]
    public void Programs_are_those_of_the_image(string program, string directory) =>
        Assert.Equal(
            Path.Combine(_root, "usr/bin/tool"),
            ProcessLaunch.Of([program], new ContainerConfig { WorkingDir = directory }, new OciProcessConfig(), _root, "h").FileName);

    [Theory]
    [InlineData("/usr/bin/none", "stat /usr/bin/none: no such file or directory")]
    [InlineData("none", "executable file not found in $PATH")]
    [InlineData("/usr/bin/data", "permission denied")]
    [InlineData("data", "executable file not found in $PATH")]
    public void What_cannot_be_run_is_named(string program, string reason)
    {
        var failure = Assert.Throws<ContainerRuntimeException>(() => ProcessLaunch.Of([program], new ContainerConfig(), new OciProcessConfig(), _root, "h"));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/usr/bin", "/bin/busybox", "../../bin/busybox")]
    [InlineData("/", "/bin", "bin")]
    [InlineData("/usr", "../../../etc", "../etc")]
    [InlineData("/usr/lib", "../share", "../share")]
    [InlineData("/a", "b/../c", "b/../c")]
    public void Links_lead_where_they_lead_inside_a_container(string directory, string target, string expected) =>
        Assert.Equal(expected, ProcessRoot.RelativeTarget(directory, target));

    [Fact]
    public void No_link_leads_out_of_the_image()
    {
        var step = Gen.Int[0, 3].Select(i => new[] { "..", ".", "a", "b" }[i]);
        var path = Gen.Select(Gen.Bool, step.Array[1, 6], (absolute, steps) => (absolute ? "/" : "") + string.Join('/', steps));
        Gen.Select(Gen.Int[0, 1].Select(i => new[] { "a", "b" }[i]).Array[0, 3], path).Sample((directory, target) =>
        {
            var at = "/" + string.Join('/', directory);
            var relative = ProcessRoot.RelativeTarget(at, target);
            Assert.False(Path.IsPathRooted(relative));

            // Beneath a deep prefix, the same place as inside a container, and never above the prefix.
            const string prefix = "/r/o/o/t/o/f/i/m/a/g/e";
            var inside = Path.GetFullPath(Path.Combine(at, target), "/").TrimEnd('/');
            Assert.Equal(prefix + inside, Path.GetFullPath(Path.Combine(prefix + at, relative)).TrimEnd('/'));
        });
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
