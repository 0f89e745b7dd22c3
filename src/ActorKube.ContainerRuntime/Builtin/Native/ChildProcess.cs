using System.Runtime.InteropServices;
using System.Text;

namespace ActorKube.ContainerRuntime.Builtin.Native;

/// <summary>
/// A child process started with exactly the file descriptors it is given, in the namespaces of the calling thread; what
/// <see cref="System.Diagnostics.Process"/> cannot do. The caller must wait for it, or it stays a zombie.
/// </summary>
internal readonly partial struct ChildProcess
{
    private const short SpawnSetSignalMask = 0x08;
    private const short SpawnSetSignalDefault = 0x04;
    private const short SpawnSetSession = 0x80;
    private const int DuplicateCloseOnExec = 1030;
    private const int LowestSource = 32;
    private const int OpenReadWrite = 2;
    private const int Interrupted = 4;
    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static readonly nint CloseFrom =
        NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "posix_spawn_file_actions_addclosefrom_np", out var address) ? address : 0;

    /// <summary>The process's number.</summary>
    public required int Pid { get; init; }

    /// <summary>Starts a program.</summary>
    /// <param name="path">The program's file.</param>
    /// <param name="arguments">Its arguments after its name.</param>
    /// <param name="descriptors">Which of our descriptors become which of the child's. 0, 1 and 2 are /dev/null unless given.</param>
    /// <param name="environment">Variables beside PATH.</param>
    /// <param name="terminal">A terminal that becomes the controlling one of a new session, and descriptors 0 to 2.</param>
    public static unsafe ChildProcess Start(
        string path, IReadOnlyList<string> arguments, ReadOnlySpan<(int Ours, int Theirs)> descriptors, IReadOnlyList<string>? environment = null, string? terminal = null)
    {
        // Generous for every libc: glibc's are 80 and 336 bytes.
        var actions = stackalloc byte[512];
        var attributes = stackalloc byte[1024];
        var signals = stackalloc byte[256];
        var duplicated = new List<int>();
        var argv = Strings([path, .. arguments]);
        var envp = Strings([DefaultPath, .. environment ?? []]);
        CheckCode(posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
        CheckCode(posix_spawnattr_init(attributes), "posix_spawnattr_init");
        try
        {
            // .NET ignores SIGPIPE; a child must not inherit that.
            sigfillset(signals);
            CheckCode(posix_spawnattr_setsigdefault(attributes, signals), "posix_spawnattr_setsigdefault");
            sigemptyset(signals);
            CheckCode(posix_spawnattr_setsigmask(attributes, signals), "posix_spawnattr_setsigmask");
            CheckCode(posix_spawnattr_setflags(attributes, (short)(SpawnSetSignalMask | SpawnSetSignalDefault | (terminal is null ? 0 : SpawnSetSession))), "posix_spawnattr_setflags");
            for (var fd = 0; fd <= 2; fd++)
                CheckCode(posix_spawn_file_actions_addopen(actions, fd, terminal ?? "/dev/null", OpenReadWrite, 0), "posix_spawn_file_actions_addopen");
            foreach (var (ours, theirs) in descriptors)
            {
                // Above the child's numbers, so that no duplication overwrites the source of another.
                var source = fcntl(ours, DuplicateCloseOnExec, LowestSource);
                Libc.Check(source, "fcntl");
                duplicated.Add(source);
                CheckCode(posix_spawn_file_actions_adddup2(actions, source, theirs), "posix_spawn_file_actions_adddup2");
            }
            CloseOthers(actions, descriptors);
            CheckCode(posix_spawn(out var pid, path, actions, attributes, argv, envp), path);
            return new ChildProcess { Pid = pid };
        }
        finally
        {
            posix_spawn_file_actions_destroy(actions);
            posix_spawnattr_destroy(attributes);
            duplicated.ForEach(Libc.Close);
            Free(argv);
            Free(envp);
        }
    }

    /// <summary>
    /// .NET's own descriptors close themselves, but not those that this process was given: a shim that lives for weeks must not hold a caller's pipe open.
    /// Old C libraries lack the call; then it is left at that.
    /// </summary>
    private static unsafe void CloseOthers(byte* actions, ReadOnlySpan<(int Ours, int Theirs)> descriptors)
    {
        var lowest = 3;
        foreach (var (_, theirs) in descriptors)
            lowest = Math.Max(lowest, theirs + 1);
        if (CloseFrom != 0)
            CheckCode(((delegate* unmanaged<byte*, int, int>)CloseFrom)(actions, lowest), "posix_spawn_file_actions_addclosefrom_np");
    }

    /// <summary>Blocks until the process ends; its exit code, or 128 plus the signal that ended it.</summary>
    public int Wait()
    {
        int status;
        while (waitpid(Pid, out status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Interrupted)
                throw Libc.Failure($"waitpid {Pid}", error);
        }
        var signal = status & 0x7F;
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
    }

    /// <summary>Runs a command to its end on the calling thread; returns its exit code and what it printed on both outputs.</summary>
    public static (int ExitCode, string Output) Run(string path, IReadOnlyList<string> arguments)
    {
        var (read, write) = Libc.Pipe();
        using var output = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(read, ownsHandle: true), FileAccess.Read, 0);
        ChildProcess child;
        try
        {
            child = Start(path, arguments, [(write, 1), (write, 2)]);
        }
        finally
        {
            Libc.Close(write);
        }
        using var reader = new StreamReader(output, Encoding.UTF8);
        var text = reader.ReadToEnd();
        return (child.Wait(), text.Trim());
    }

    private static unsafe byte** Strings(IReadOnlyList<string> values)
    {
        var array = (byte**)NativeMemory.AllocZeroed((nuint)(values.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < values.Count; i++)
            array[i] = (byte*)Marshal.StringToCoTaskMemUTF8(values[i]);
        return array;
    }

    private static unsafe void Free(byte** array)
    {
        for (var i = 0; array[i] is not null; i++)
            Marshal.FreeCoTaskMem((nint)array[i]);
        NativeMemory.Free(array);
    }

    private static void CheckCode(int error, string call)
    {
        if (error != 0)
            throw Libc.Failure(call, error);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int posix_spawn(out int pid, string path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int sigfillset(byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int sigemptyset(byte* signals);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, out int status, int options);
}
