using ActorKube.ContainerRuntime.Builtin;
using ActorKube.ContainerRuntime.Processes;
using ActorKube.ContainerRuntime.Tests.Cri;

namespace ActorKube.ContainerRuntime.Tests;

[Collection(ContainerdCollection.Name)]
public sealed class RuntimeDiscoveryTests(ContainerdFixture containerd)
{
    private static readonly SocketFinding Nothing = new("/run/a.sock", null, "/run/a.sock does not exist");
    private static readonly SocketFinding Containerd = new("/run/c.sock", "containerd 1.7", null);
    private static readonly MachineFacts Root = new(true, []);
    private static readonly MachineFacts RootWithout = new(true, ["crun", "conmon"]);
    private static readonly MachineFacts User = new(false, []);

    [Fact]
    public void A_socket_that_answers_is_taken() =>
        Assert.Equal((RuntimeKind.Cri, "containerd 1.7 on /run/c.sock, found there"), RuntimeDiscovery.Decide(RuntimeKind.Auto, false, [Nothing, Containerd], Root));

    [Fact]
    public void Without_a_socket_root_on_Linux_gets_the_built_in_runtime() =>
        Assert.Equal(
            (RuntimeKind.Builtin, "the built-in runtime, for there is no CRI socket (/run/a.sock does not exist)"),
            RuntimeDiscovery.Decide(RuntimeKind.Auto, false, [Nothing], Root));

    [Fact]
    public void Whoever_is_not_root_gets_processes_and_is_told_why()
    {
        var (kind, explanation) = RuntimeDiscovery.Decide(RuntimeKind.Auto, false, [Nothing], User);
        Assert.Equal(RuntimeKind.Process, kind);
        Assert.Contains("WITHOUT ISOLATION", explanation, StringComparison.Ordinal);
        Assert.Contains("needs root on Linux", explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_packages_are_named_with_the_command_that_installs_them()
    {
        var (kind, explanation) = RuntimeDiscovery.Decide(RuntimeKind.Auto, false, [Nothing], RootWithout);
        Assert.Equal(RuntimeKind.Process, kind);
        Assert.Contains("apt-get install crun conmon", explanation, StringComparison.Ordinal);
        var failure = Assert.Throws<ContainerRuntimeException>(() => RuntimeDiscovery.Decide(RuntimeKind.Builtin, false, [], RootWithout));
        Assert.Contains("apt-get install crun conmon", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RuntimeKind.Auto, true)]
    [InlineData(RuntimeKind.Cri, true)]
    [InlineData(RuntimeKind.Cri, false)]
    public void A_socket_that_was_asked_for_and_does_not_answer_is_an_error(RuntimeKind wanted, bool named)
    {
        var failure = Assert.Throws<ContainerRuntimeException>(() => RuntimeDiscovery.Decide(wanted, named, [Nothing], Root));
        Assert.Contains("/run/a.sock does not exist", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_asked_for_is_taken_whatever_else_there_is()
    {
        Assert.Equal(RuntimeKind.Process, RuntimeDiscovery.Decide(RuntimeKind.Process, false, [], Root).Kind);
        Assert.Equal(RuntimeKind.Builtin, RuntimeDiscovery.Decide(RuntimeKind.Builtin, true, [], Root).Kind);
    }

    [SkippableFact]
    public async Task Opens_a_real_containerd()
    {
        Skip.If(ContainerdFixture.Unavailable is not null, ContainerdFixture.Unavailable);
        var found = await RuntimeDiscovery.OpenAsync(Options("unused") with { KnownSockets = ["/no/such.sock", containerd.SocketPath] });
        await using (found.Runtime)
        {
            Assert.Equal((RuntimeKind.Cri, "containerd"), (found.Kind, found.Runtime.Name));
            Assert.Contains($"on {containerd.SocketPath}", found.Explanation, StringComparison.Ordinal);
        }

        var missing = await Assert.ThrowsAsync<ContainerRuntimeException>(() => RuntimeDiscovery.OpenAsync(Options("unused") with { Socket = "unix:///no/such.sock" }));
        Assert.Contains("/no/such.sock does not exist", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opens_the_process_runtime_anywhere()
    {
        var root = Path.Combine(Path.GetTempPath(), "discovery-" + Guid.NewGuid().ToString("N"));
        var found = await RuntimeDiscovery.OpenAsync(Options(root) with { Kind = RuntimeKind.Process });
        await found.Runtime.DisposeAsync();
        Assert.Equal("process", found.Runtime.Name);
        Directory.Delete(root, recursive: true);
    }

    private static RuntimeDiscoveryOptions Options(string root) => new()
    {
        Builtin = new BuiltinRuntimeOptions { RootDirectory = root, StateDirectory = root },
        Process = new ProcessRuntimeOptions { RootDirectory = root },
    };
}
