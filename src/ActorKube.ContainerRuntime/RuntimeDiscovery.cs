using ActorKube.ContainerRuntime.Builtin;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorKube.ContainerRuntime;

/// <summary>Which runtime is wanted.</summary>
public enum RuntimeKind
{
    /// <summary>The best that the machine has.</summary>
    Auto,

    /// <summary>A CRI socket: containerd or CRI-O.</summary>
    Cri,

    /// <summary>The built-in runtime: crun or runc with conmon, as root on Linux.</summary>
    Builtin,

    /// <summary>Plain processes without isolation.</summary>
    Process,
}

/// <summary>What <see cref="RuntimeDiscovery"/> may choose from, and where the runtimes of our own keep their things.</summary>
public sealed record RuntimeDiscoveryOptions
{
    /// <summary>Which runtime is wanted.</summary>
    public RuntimeKind Kind { get; init; } = RuntimeKind.Auto;

    /// <summary>The CRI socket to use, as a path or <c>unix://</c> address; known places are looked at when null.</summary>
    public string? Socket { get; init; }

    /// <summary>Where CRI sockets are looked for, in this order.</summary>
    public IReadOnlyList<string> KnownSockets { get; init; } = ["/run/containerd/containerd.sock", "/run/crio/crio.sock"];

    /// <summary>The built-in runtime's settings.</summary>
    public required BuiltinRuntimeOptions Builtin { get; init; }

    /// <summary>The process runtime's settings.</summary>
    public required ProcessRuntimeOptions Process { get; init; }

    /// <summary>How patient a CRI runtime's client is.</summary>
    public CriRuntimeOptions Cri { get; init; } = new() { ConnectTimeout = TimeSpan.FromSeconds(3) };

    /// <summary>Where the runtimes log.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>The runtime that was chosen.</summary>
/// <param name="Runtime">The runtime, open and the caller's to dispose.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Explanation">What was chosen and why, for the user to read.</param>
public sealed record DiscoveredRuntime(IContainerRuntime Runtime, RuntimeKind Kind, string Explanation);

/// <summary>
/// Finds the container runtime of a machine: the socket that was named; else a known socket that answers; else the built-in
/// runtime, for root on Linux with crun or runc and conmon; else plain processes.
/// </summary>
public static class RuntimeDiscovery
{
    /// <summary>Finds and opens the runtime. Throws, saying what to do, when the one that was asked for is not to be had.</summary>
    public static async Task<DiscoveredRuntime> OpenAsync(RuntimeDiscoveryOptions options, CancellationToken cancellationToken = default)
    {
        var sockets = new List<SocketFinding>();
        CriRuntime? answering = null;
        if (options.Kind is RuntimeKind.Auto or RuntimeKind.Cri)
        {
            foreach (var socket in options.Socket is { Length: > 0 } named ? [named] : options.KnownSockets)
            {
                try
                {
                    answering = await CriRuntime.ConnectAsync(socket, options.Cri, options.Time, cancellationToken).ConfigureAwait(false);
                    var version = await answering.VersionAsync(cancellationToken).ConfigureAwait(false);
                    sockets.Add(new SocketFinding(socket, $"{version.RuntimeName} {version.RuntimeVersion}", null));
                    break;
                }
                catch (ContainerRuntimeException e)
                {
                    sockets.Add(new SocketFinding(socket, null, Problem(socket, e)));
                }
            }
        }

        var machine = new MachineFacts(BuiltinRuntimeRequirements.IsRootOnLinux, BuiltinRuntimeRequirements.MissingPackages());
        var (kind, explanation) = Decide(options.Kind, options.Socket is { Length: > 0 }, sockets, machine);
        IContainerRuntime runtime = kind switch
        {
            RuntimeKind.Cri => answering!,
            RuntimeKind.Builtin => new BuiltinRuntime(options.Builtin),
            _ => new ProcessRuntime(options.Process, options.Loggers, options.Time),
        };
        return new DiscoveredRuntime(runtime, kind, explanation);
    }

    /// <summary>Chooses by what was found, and says why.</summary>
    internal static (RuntimeKind Kind, string Explanation) Decide(
        RuntimeKind wanted, bool socketNamed, IReadOnlyList<SocketFinding> sockets, MachineFacts machine)
    {
        var answering = sockets.FirstOrDefault(s => s.Answers is not null);
        if (answering is not null)
        {
            return (RuntimeKind.Cri, $"{answering.Answers} on {answering.Path}{(socketNamed ? "" : ", found there")}");
        }

        var noSocket = string.Join("; ", sockets.Select(s => s.Problem));
        if (wanted == RuntimeKind.Cri || (socketNamed && wanted == RuntimeKind.Auto))
        {
            throw new ContainerRuntimeException($"No CRI runtime can be used: {noSocket}.", ContainerRuntimeError.Unavailable);
        }

        var noBuiltin = !machine.IsRootOnLinux ? "the built-in runtime needs root on Linux"
            : machine.MissingPackages.Count > 0 ? $"the built-in runtime needs {string.Join(" and ", machine.MissingPackages)} (apt-get install {string.Join(' ', machine.MissingPackages)})"
            : null;
        return wanted switch
        {
            RuntimeKind.Builtin when noBuiltin is not null => throw new ContainerRuntimeException(Sentence(noBuiltin), ContainerRuntimeError.Unavailable),
            RuntimeKind.Builtin => (RuntimeKind.Builtin, "the built-in runtime, as asked for"),
            RuntimeKind.Auto when noBuiltin is null => (RuntimeKind.Builtin, $"the built-in runtime, for there is no CRI socket ({noSocket})"),
            RuntimeKind.Auto => (RuntimeKind.Process, $"plain processes WITHOUT ISOLATION, for there is no CRI socket ({noSocket}), and {noBuiltin}"),
            _ => (RuntimeKind.Process, "plain processes WITHOUT ISOLATION, as asked for"),
        };
    }

    // The commonest case in plain words; else what the runtime said, which names the socket.
    private static string Problem(string socket, ContainerRuntimeException failure)
    {
        var path = CriChannel.SocketPath(socket);
        return !File.Exists(path) ? $"{path} does not exist"
            : failure.Error == ContainerRuntimeError.Unimplemented ? $"what answers on {path} does not speak CRI v1 (is the runtime's CRI plugin disabled?)"
            : failure.Message;
    }

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..] + ".";
}

/// <summary>What was found at a place where a CRI socket may be.</summary>
/// <param name="Path">The place.</param>
/// <param name="Answers">Who answers there, or null.</param>
/// <param name="Problem">Why it cannot be used, or null.</param>
internal sealed record SocketFinding(string Path, string? Answers, string? Problem);

/// <summary>What the machine offers to the built-in runtime.</summary>
/// <param name="IsRootOnLinux">Whether this process is root on Linux.</param>
/// <param name="MissingPackages">Debian packages that it needs and that are not installed.</param>
internal sealed record MachineFacts(bool IsRootOnLinux, IReadOnlyList<string> MissingPackages);
