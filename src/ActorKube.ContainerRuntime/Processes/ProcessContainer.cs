using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>One container: a directory with the image's files, a record, and while it runs a child process with its log.</summary>
internal sealed class ProcessContainer : IDisposable
{
    private const int UnknownExitCode = 255;
    private const int StartErrorExitCode = 128;
    private readonly ProcessRecords _records;
    private readonly TimeProvider _time;
    private readonly Action<ProcessContainer, ContainerEventType> _happened;
    private readonly Lock _lock = new();
    private readonly ProcessOutput _output = new();
    private ContainerRecord _record;
    private HostProcess? _process;
    private CriLogFile? _log;
    private Task _running = Task.CompletedTask;
    private bool _inputTaken;

    public ProcessContainer(ContainerRecord record, ProcessRecords records, TimeProvider time, Action<ProcessContainer, ContainerEventType> happened)
    {
        _record = record;
        _records = records;
        _time = time;
        _happened = happened;
    }

    /// <summary>Its id.</summary>
    public string Id => _record.Status.Id;

    /// <summary>Its sandbox's id.</summary>
    public string PodSandboxId => _record.PodSandboxId;

    /// <summary>What it was created from.</summary>
    public ContainerConfig Config => _record.Config;

    /// <summary>What its image says.</summary>
    public OciProcessConfig Image => _record.Image;

    /// <summary>Where the image's files are.</summary>
    public string Root => Path.Combine(_records.ContainerDirectory(Id), "rootfs");

    /// <summary>Everything known of it.</summary>
    public ContainerStatus Status
    {
        get
        {
            lock (_lock)
            {
                return _record.Status.Clone();
            }
        }
    }

    /// <summary>
    /// After a restart of the runtime: a process of the earlier one cannot be taken up again, for its output went with that
    /// runtime. It is ended, and the kubelet starts the container anew as the pod's restart policy says.
    /// </summary>
    public void Recover()
    {
        if (_record.Status.State != ContainerState.ContainerRunning)
        {
            return;
        }

        HostProcess.KillLeftover(_record.ProcessId, _record.ProcessStart);
        Exited(UnknownExitCode, "Unknown", "The runtime was restarted, and processes without isolation do not outlive it.");
    }

    /// <summary>Starts the process.</summary>
    public void Start(ProcessLaunch launch, string? logPath)
    {
        lock (_lock)
        {
            if (_record.Status.State != ContainerState.ContainerCreated)
            {
                throw new ContainerRuntimeException($"container {Id} is in {_record.Status.State} state, not created");
            }

            _log = logPath is null ? null : new CriLogFile(logPath, _time);
            _process = HostProcess.Start(launch);
            if (!Config.Stdin)
            {
                _process.Stdin.Close();
            }

            var status = _record.Status.Clone();
            status.State = ContainerState.ContainerRunning;
            status.StartedAt = Now();
            Save(_record with { Status = status, ProcessId = _process.Id, ProcessStart = _process.StartedAt });
            // Told before the process is watched: one that ends at once must not seem to stop before it started.
            _happened(this, ContainerEventType.ContainerStartedEvent);
            _running = RunAsync(_process);
        }
    }

    /// <summary>The process could not even be started.</summary>
    public void FailedToStart(string message) => Exited(StartErrorExitCode, "StartError", message);

    /// <summary>Asks the process to end, and kills it when the time is over.</summary>
    public async Task StopAsync(int signal, TimeSpan timeout, CancellationToken cancellationToken)
    {
        HostProcess? process;
        lock (_lock)
        {
            process = _record.Status.State == ContainerState.ContainerRunning ? _process : null;
            if (process is not null && timeout > TimeSpan.Zero)
            {
                process.Signal(signal);
            }
        }

        if (process is null)
        {
            return;
        }

        try
        {
            if (timeout > TimeSpan.Zero)
            {
                await _running.WaitAsync(timeout, _time, cancellationToken).ConfigureAwait(false);
                return;
            }
        }
        catch (TimeoutException)
        {
            // It had its time.
        }

        process.Kill();
        await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Goes on in a new log file.</summary>
    public void ReopenLog()
    {
        lock (_lock)
        {
            (_log ?? throw NotRunning()).Reopen();
        }
    }

    /// <summary>Follows the output, and gives input where the container takes it, until the process ends.</summary>
    public async Task AttachAsync(ContainerStreams streams, CancellationToken cancellationToken)
    {
        HostProcess process;
        bool input;
        lock (_lock)
        {
            process = _record.Status.State == ContainerState.ContainerRunning ? _process! : throw NotRunning();
            input = Config.Stdin && streams.Stdin is not null && !(_inputTaken && Config.StdinOnce);
            _inputTaken |= input;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // Listen first: the answer to the input must not come before anybody hears it.
        var following = _output.FollowAsync(streams.Stdout, streams.Stderr ?? streams.Stdout, cancellationToken);
        var feeding = input ? ProcessExec.FeedAsync(streams.Stdin, process.Stdin, Config.StdinOnce, over.Token) : Task.CompletedTask;
        await following.ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await feeding.ConfigureAwait(false);
    }

    /// <summary>What its processes use; null when it does not run. Where the system does not tell of all processes, it is the main process' usage.</summary>
    public ContainerStats? Stats(ProcessTrees? trees)
    {
        lock (_lock)
        {
            if (_record.Status.State != ContainerState.ContainerRunning)
            {
                return null;
            }

            var now = Now();
            try
            {
                var (cpu, memory) = trees?.Of(_process!.Id) ?? ((ulong)_process!.CpuTime.Ticks * 100, (ulong)_process.WorkingSet);
                return new ContainerStats
                {
                    Attributes = new ContainerAttributes { Id = Id, Metadata = Config.Metadata, Labels = { Config.Labels }, Annotations = { Config.Annotations } },
                    Cpu = new CpuUsage { Timestamp = now, UsageCoreNanoSeconds = Value(cpu) },
                    Memory = new MemoryUsage { Timestamp = now, UsageBytes = Value(memory), WorkingSetBytes = Value(memory), RssBytes = Value(memory) },
                };
            }
            catch (InvalidOperationException)
            {
                // It ended this moment.
                return null;
            }
        }

        static UInt64Value Value(ulong value) => new() { Value = value };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _log?.Dispose();
        _process?.Dispose();
    }

    private async Task RunAsync(HostProcess process)
    {
        // Off the caller's lock: a short command may be over at once.
        await Task.Yield();
        var code = await process.RunAsync(bytes => WriteAsync("stdout", bytes), bytes => WriteAsync("stderr", bytes)).ConfigureAwait(false);
        Exited(code, code == 0 ? "Completed" : "Error", "");
    }

    private ValueTask WriteAsync(string stream, ReadOnlyMemory<byte> bytes)
    {
        _log?.Write(stream, bytes.Span);
        _output.Write(stream, bytes.Span);
        return default;
    }

    private void Exited(int code, string reason, string message)
    {
        lock (_lock)
        {
            var status = _record.Status.Clone();
            (status.State, status.ExitCode, status.Reason, status.Message) = (ContainerState.ContainerExited, code, reason, message);
            status.FinishedAt = Now();
            _log?.Dispose();
            Save(_record with { Status = status, ProcessId = 0, ProcessStart = 0 });
        }

        _output.End();
        _happened(this, ContainerEventType.ContainerStoppedEvent);
    }

    private void Save(ContainerRecord record)
    {
        _records.Save(record);
        _record = record;
    }

    private long Now() => _time.GetUtcNow().UnixNanoseconds();

    private ContainerRuntimeException NotRunning() => new($"container {Id} is not running");
}
