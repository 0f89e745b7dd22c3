using System.Diagnostics;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using ActorKube.ContainerRuntime.Builtin;
using ActorKube.ContainerRuntime.Images;
using ActorKube.Kubelet.Server;
using ActorKube.Kubelet.Tests.Fakes;
using ActorKube.Kubelet.Tests.Server;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.Kubelet.Tests;

/// <summary>The whole kubelet on the built-in runtime: real containers, real probes, real TLS; only the API is a fake.</summary>
public sealed class RealContainersTests : TestKit, IAsyncLifetime
{
    private const string Image = "example.org/busybox:1";

    private readonly string _name = RandomNumberGenerator.GetHexString(6, lowercase: true);
    private readonly int _subnet = RandomNumberGenerator.GetInt32(1, 255);
    private readonly TemporaryDirectory _directory = new();
    private readonly TestCertificates _certificates = new();
    private readonly FakeApi _api = new();
    private readonly FakeEvents _events = new();
    private BuiltinRuntime? _runtime;
    private IActorRef _kubelet = ActorRefs.Nobody;
    private int _port;

    public RealContainersTests() : base("akka.loglevel = WARNING\nakka.loggers = []\nakka.stdout-loglevel = OFF")
    {
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        Sys.Stop(_kubelet);
        if (_runtime is not null)
        {
            foreach (var sandbox in await _runtime.ListPodSandboxAsync())
                await _runtime.RemovePodSandboxAsync(sandbox.Id);
            foreach (var image in await _runtime.ListImagesAsync())
                await _runtime.RemoveImageAsync(image.Id);
            await _runtime.DisposeAsync();
            using var removal = Process.Start("ip", ["link", "del", $"akk{_name}"]);
            await removal.WaitForExitAsync();
        }

        new ActorKube.Kubelet.Volumes.LinuxMounter().UnmountBelow(_directory.Path);
        _directory.Dispose();
        _certificates.Dispose();
    }

    [SkippableFact]
    public async Task A_pod_lives_its_whole_life()
    {
        await StartRuntimeAsync();
        await StartKubeletAsync();
        _api.Resource<V1ConfigMap>().Put(Some.ConfigMap("site", ("title", "hello from a file")));
        _api.Resource<V1Pod>().Put(Web());
        await UntilAsync(IsReady);
        Assert.Equal("default web web hello from a file\n", await HttpAsync("/index.html"));
        Assert.Equal(["init"], Status().InitContainerStatuses.Where(s => s.State.Terminated?.Reason == "Completed").Select(s => s.Name));

        // Logs and commands over the kubelet's server.
        Assert.Equal("serving\n", await Client().GetStringAsync("/containerLogs/default/web/main"));
        Assert.Equal(("as web\n", "0"), await ExecAsync("sh", "-c", "echo as $(hostname)"));
        Assert.Equal("3", (await ExecAsync("sh", "-c", "exit 3")).Code);
        Assert.Equal("10.0.0.10", (await ExecAsync("sh", "-c", "grep nameserver /etc/resolv.conf | cut -d' ' -f2")).Output.Trim());

        // A ConfigMap's change reaches the running container.
        _api.Resource<V1ConfigMap>().Put(Some.ConfigMap("site", ("title", "changed")));
        await UntilAsync(async () => (await ExecAsync("cat", "/config/title")).Output == "changed");

        // A killed process is replaced.
        using (var kill = Process.Start("kill", ["-9", Pid()]))
            await kill.WaitForExitAsync();
        await UntilAsync(() => Main().RestartCount == 1 && IsReady());
        Assert.Equal(137, Main().LastState.Terminated.ExitCode);
        Assert.Equal("serving\n", await Client().GetStringAsync("/containerLogs/default/web/main?previous=true"));

        // A kubelet that restarts takes the pod over as it is.
        var id = Main().ContainerID;
        await StopKubeletAsync();
        await StartKubeletAsync();
        await UntilAsync(async () => await Client().GetStringAsync("/healthz") == "ok");
        Assert.Equal(("changed", "0"), await ExecAsync("cat", "/config/title"));
        Assert.Equal((id, 1), (Main().ContainerID, Main().RestartCount));

        // Deleted, it says goodbye and leaves nothing.
        await _api.For<V1Pod>().DeleteAsync("default", "web", new V1DeleteOptions { GracePeriodSeconds = 10 });
        await UntilAsync(() => _api.Resource<V1Pod>().Find("web") is null);
        await UntilAsync(async () => (await _runtime!.ListPodSandboxAsync()).Count == 0 && !Directory.Exists(_directory["kubelet/pods/uid-web"]));
        Assert.Equal("bye", (await File.ReadAllTextAsync(_directory["goodbye"])).Trim());
        Assert.DoesNotContain(File.ReadLines("/proc/self/mountinfo"), l => l.Contains(_directory["kubelet"], StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_crash_a_bad_command_and_a_missing_image_are_told_apart()
    {
        await StartRuntimeAsync();
        await StartKubeletAsync();
        _api.Resource<V1Pod>().Put(One("crash", "echo last words > /dev/termination-log; exit 3"));
        _api.Resource<V1Pod>().Put(Some.Pod("bad", new V1Container { Name = "main", Image = Image, Command = ["/no/such/program"] }));
        _api.Resource<V1Pod>().Put(Some.Pod("gone", new V1Container { Name = "main", Image = "127.0.0.1:1/nothing:1" }));
        _api.Resource<V1Pod>().Put(One("done", "true").Restarting("Never"));
        await UntilAsync(() => Waiting("crash") == "CrashLoopBackOff");
        var last = Main("crash").LastState.Terminated;
        Assert.Equal((3, "Error", "last words\n"), (last.ExitCode, last.Reason, last.Message));
        await UntilAsync(() => Waiting("bad") is "RunContainerError" or "CreateContainerError" or "CrashLoopBackOff");
        await UntilAsync(() => Waiting("gone") is "ErrImagePull" or "ImagePullBackOff");
        await UntilAsync(() => Status("done").Phase == "Succeeded");
    }

    private static V1Pod One(string name, string script) => Some.Pod(name, new V1Container { Name = "main", Image = Image, Command = ["sh", "-c", script] });

    private V1Pod Web()
    {
        V1VolumeMount Mount(string name, string path) => new() { Name = name, MountPath = path };
        var main = new V1Container
        {
            Name = "main",
            Image = Image,
            Command = ["sh", "-c", "echo serving; exec httpd -f -p 8080 -h /www"],
            Ports = [new V1ContainerPort { Name = "http", ContainerPort = 8080 }],
            VolumeMounts = [Mount("www", "/www"), Mount("config", "/config"), Mount("host", "/host")],
            ReadinessProbe = new V1Probe { PeriodSeconds = 1, HttpGet = new V1HTTPGetAction { Path = "/index.html", Port = "http" } },
            LivenessProbe = new V1Probe { PeriodSeconds = 1, Exec = new V1ExecAction { Command = ["test", "-f", "/www/index.html"] } },
            Lifecycle = new V1Lifecycle { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["sh", "-c", "echo bye > /host/goodbye"] } } },
        };
        var init = new V1Container
        {
            Name = "init",
            Image = Image,
            Command = ["sh", "-c", "echo $NS $NAME $(hostname) $(cat /config/title) > /www/index.html"],
            Env =
            [
                new V1EnvVar { Name = "NS", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.namespace" } } },
                new V1EnvVar { Name = "NAME", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.name" } } },
            ],
            VolumeMounts = [Mount("www", "/www"), Mount("config", "/config")],
        };
        return Some.Pod("web", main).WithInit(init).With(s => s.Volumes =
        [
            new V1Volume { Name = "www", EmptyDir = new V1EmptyDirVolumeSource { Medium = "Memory" } },
            new V1Volume { Name = "config", ConfigMap = new V1ConfigMapVolumeSource { Name = "site" } },
            new V1Volume { Name = "host", HostPath = new V1HostPathVolumeSource { Path = _directory.Path, Type = "Directory" } },
        ]);
    }

    private async Task StartRuntimeAsync()
    {
        Skip.IfNot(BuiltinRuntimeRequirements.IsRootOnLinux, "containers need root on Linux");
        var missing = BuiltinRuntimeRequirements.MissingPackages();
        Skip.If(missing.Count > 0, $"not installed: {string.Join(", ", missing)}");
        Skip.IfNot(File.Exists("/bin/busybox"), "not installed: busybox-static");
        _runtime = new BuiltinRuntime(new BuiltinRuntimeOptions
        {
            RootDirectory = _directory["root"], StateDirectory = _directory["state"], CgroupParent = "/akk-" + _name, BridgeName = "akk" + _name, PollInterval = TimeSpan.FromMilliseconds(500),
        });
        var image = new ImageBuilder(Image) { Config = new OciProcessConfig { Cmd = ["sh"], Env = ["PATH=/bin"] } }
            .Executable("bin/busybox", await File.ReadAllBytesAsync("/bin/busybox")).File("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"u8.ToArray()).Directory("tmp").Directory("www").Directory("config");
        foreach (var applet in new[] { "sh", "cat", "echo", "hostname", "httpd", "test", "true", "cut", "grep" })
            image.Symlink("bin/" + applet, "busybox");
        await _runtime.ImportImageAsync(new MemoryStream(image.ToArray()));
        await _runtime.UpdateRuntimeConfigAsync($"10.{_subnet}.78.0/24");
    }

    private async Task StartKubeletAsync()
    {
        var settings = new KubeletSettings
        {
            NodeName = "n1", RootDirectory = _directory["kubelet"], PodLogsDirectory = _directory["kubelet/pod-logs"], ServerAddress = "127.0.0.1", ServerPort = 0,
            CgroupRoot = "/akk-" + _name, ClusterDns = ["10.0.0.10"],
        };
        var certificates = new KubeletCertificates(_certificates.Server(), _certificates.Authorities);
        _kubelet = Sys.ActorOf(KubeletActor.Props(settings, new KubeletServices(_api, _api, _events, _runtime!, certificates, TimeProvider.System)));
        _port = (await _kubelet.Ask<KubeletActor.Started>(KubeletActor.GetStarted.Instance, TimeSpan.FromSeconds(10))).Port;
        await UntilAsync(() => _api.Resource<V1Node>().Find("n1", "")?.Status?.DaemonEndpoints?.KubeletEndpoint.Port == _port);
    }

    private Task StopKubeletAsync() => _kubelet.GracefulStop(TimeSpan.FromSeconds(10));

    private V1PodStatus Status(string name = "web") => _api.Resource<V1Pod>().Find(name)!.Status;

    private V1ContainerStatus Main(string pod = "web") => Status(pod).ContainerStatuses?.Single(s => s.Name == "main") ?? new V1ContainerStatus();

    private string? Waiting(string pod) => Main(pod).State?.Waiting?.Reason;

    private bool IsReady() => Status().Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    private async Task<string> HttpAsync(string path)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync($"http://{Status().PodIP}:8080{path}");
    }

    // The container's process as the host sees it; its control group tells it from those of other runs of these tests.
    private string Pid() => Path.GetFileName(Directory.EnumerateDirectories("/proc").First(d => int.TryParse(Path.GetFileName(d), out _)
        && Read(d + "/cmdline").Contains("httpd\0-f\0-p\08080", StringComparison.Ordinal)
        && Read(d + "/cgroup").Contains("/akk-" + _name, StringComparison.Ordinal)));

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return "";
        }
    }

    private HttpClient Client()
    {
        var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true, ClientCertificates = [_certificates.Client("CN=kube-apiserver-kubelet-client")] } };
        return new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{_port}"), Timeout = TimeSpan.FromSeconds(15) };
    }

    private async Task<(string Output, string Code)> ExecAsync(params string[] command)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("v4.channel.k8s.io");
        socket.Options.ClientCertificates = [_certificates.Client("CN=kube-apiserver-kubelet-client")];
        socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        var query = string.Join('&', command.Select(c => "command=" + Uri.EscapeDataString(c)));
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{_port}/exec/default/web/main?output=1&error=1&{query}"), default);
        var output = new StringBuilder();
        var buffer = new byte[8192];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, default).WaitAsync(TimeSpan.FromSeconds(20));
            var text = received.Count > 1 ? Encoding.UTF8.GetString(buffer, 1, received.Count - 1) : "";
            if (text.Length > 0 && buffer[0] is 1 or 2)
                output.Append(text);
            if (text.Length > 0 && buffer[0] == 3)
                return (output.ToString(), text.Contains("\"Success\"", StringComparison.Ordinal) ? "0" : System.Text.Json.Nodes.JsonNode.Parse(text)!["details"]!["causes"]![0]!["message"]!.GetValue<string>());
        }
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var watch = Stopwatch.StartNew(); !await holds();)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(40), "it does not come true");
            await Task.Delay(20);
        }
    }
}
