using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>Processors that tiny programs are written for.</summary>
internal enum MachineArchitecture
{
    X64,
    Arm64,
}

/// <summary>The registers of a tiny program: arguments of system calls, their result, and those that calls leave alone.</summary>
internal enum Register
{
    /// <summary>First argument; a system call may change it.</summary>
    A0,
    A1,
    A2,
    A3,
    A4,
    A5,

    /// <summary>A system call's result; it is also changed before the call.</summary>
    Result,
    S0,
    S1,
    S2,
    S3,
    S4,
    S5,
}

/// <summary>Signed comparisons.</summary>
internal enum When
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>System calls of Linux, whose numbers differ by processor.</summary>
internal enum SystemCall
{
    Read,
    Write,
    Close,
    SetSignalAction,
    SetSignalMask,
    Socket,
    Accept4,
    Shutdown,
    Bind,
    Listen,
    SetSocketOption,
    Clone,
    ExitGroup,
    Wait4,
    Uname,
    PollWithTimeout,
    SignalFd4,
    ClockGetTime,
    Unshare,
    Mount,
    Unmount,
    Execute,
}

/// <summary>
/// A small assembler with one set of instructions for every processor we run on, so that a program of a few hundred instructions can be written once, in C#,
/// and needs no compiler, no libc and nothing else in its image. Values are 64 bits; the data section follows the code; variables are zero at start.
/// </summary>
internal abstract class TinyAssembler
{
    /// <summary>Where the program is loaded; code starts after the ELF headers.</summary>
    public const ulong CodeAddress = 0x400000;

    /// <summary>Where variables are.</summary>
    public const ulong VariablesAddress = 0x800000;
    private readonly Dictionary<string, int> _labels = [];
    private readonly Dictionary<string, int> _variables = [];
    private readonly List<(string Label, int Position, Action<int, long> Patch, bool Absolute)> _fixups = [];
    private readonly List<(string Label, byte[] Content)> _data = [];
    private int _variablesSize;

    /// <summary>The code so far.</summary>
    protected List<byte> Code { get; } = [];

    /// <summary>The ELF number of the processor.</summary>
    protected abstract ushort Machine { get; }

    public static TinyAssembler For(MachineArchitecture architecture) => architecture == MachineArchitecture.X64 ? new X64Assembler() : new Arm64Assembler();

    /// <summary>The processor of this machine, when there are tiny programs for it.</summary>
    public static MachineArchitecture Current => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => MachineArchitecture.X64,
        Architecture.Arm64 => MachineArchitecture.Arm64,
        var other => throw new PlatformNotSupportedException($"there are no tiny programs for {other}"),
    };

    /// <summary>Names the place where the next instruction goes.</summary>
    public void Label(string name) => _labels.Add(name, Code.Count);

    /// <summary>Reserves bytes, zero at start, under a name.</summary>
    public void Variable(string name, int size)
    {
        _variables.Add(name, _variablesSize);
        _variablesSize += (size + 15) / 16 * 16;
    }

    /// <summary>Constant bytes under a name.</summary>
    public void Data(string name, ReadOnlySpan<byte> content) => _data.Add((name, content.ToArray()));

    /// <summary>A constant text under a name, without an end marker.</summary>
    public void Data(string name, string text) => Data(name, Encoding.UTF8.GetBytes(text));

    public abstract void Set(Register register, long value);

    public abstract void Move(Register to, Register from);

    public abstract void Add(Register register, int value);

    public abstract void Add(Register register, Register value);

    public abstract void Subtract(Register register, Register value);

    /// <summary>Loads 1, 2, 4 or 8 bytes, the rest zero; the offset is not negative and a multiple of the size.</summary>
    public abstract void Load(int size, Register to, Register address, int offset = 0);

    public abstract void Store(int size, Register from, Register address, int offset = 0);

    /// <summary>The address of a label, constant or variable.</summary>
    public abstract void AddressOf(Register to, string label);

    /// <summary>The stack as the kernel hands it over: argument count, arguments, 0, environment, 0.</summary>
    public abstract void StackPointer(Register to);

    public abstract void Call(SystemCall call);

    public abstract void Jump(string label);

    public abstract void JumpIf(Register left, When when, int right, string label);

    public abstract void JumpIf(Register left, When when, Register right, string label);

    /// <summary>Calls a routine of the program, which calls none itself.</summary>
    public abstract void CallRoutine(string label);

    public abstract void Return();

    /// <summary>The whole program as a static ELF executable that starts at its first instruction.</summary>
    public byte[] ToElf()
    {
        const int headerSize = 64, programHeaderSize = 56, programHeaders = 3;
        const int codeOffset = headerSize + programHeaders * programHeaderSize;
        var places = new Dictionary<string, long>();
        foreach (var (name, at) in _labels)
            places[name] = (long)CodeAddress + codeOffset + at;
        foreach (var (name, at) in _variables)
            places[name] = (long)VariablesAddress + at;
        var codeLength = Code.Count;
        foreach (var (name, content) in _data)
        {
            while (Code.Count % 8 != 0)
                Code.Add(0);
            places[name] = (long)CodeAddress + codeOffset + Code.Count;
            Code.AddRange(content);
        }
        foreach (var (label, position, patch, absolute) in _fixups)
            patch(position, absolute ? places[label] : places[label] - ((long)CodeAddress + codeOffset + position));
        var file = new byte[codeOffset + Code.Count];
        var header = file.AsSpan();
        ReadOnlySpan<byte> identification = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identification.CopyTo(header);
        Write16(header, 16, 2); // executable
        Write16(header, 18, Machine);
        Write32(header, 20, 1);
        Write64(header, 24, CodeAddress + codeOffset);
        Write64(header, 32, headerSize);
        Write16(header, 52, headerSize);
        Write16(header, 54, programHeaderSize);
        Write16(header, 56, programHeaders);
        Segment(header[headerSize..], 1, 5, 0, CodeAddress, (ulong)file.Length, (ulong)file.Length); // code and constants: read, execute
        Segment(header[(headerSize + programHeaderSize)..], 1, 6, 0, VariablesAddress, 0, (ulong)_variablesSize); // variables: read, write
        Segment(header[(headerSize + 2 * programHeaderSize)..], 0x6474E551, 6, 0, 0, 0, 0); // the stack is not executable
        Code.CopyTo(file, codeOffset);
        Code.RemoveRange(codeLength, Code.Count - codeLength);
        return file;
    }

    /// <summary>Notes that an instruction at a position needs a label's address, or its distance from there.</summary>
    protected void NeedsLabel(string label, int position, Action<int, long> patch, bool absolute) => _fixups.Add((label, position, patch, absolute));

    private static void Segment(Span<byte> header, uint type, uint flags, ulong offset, ulong address, ulong fileSize, ulong memorySize)
    {
        Write32(header, 0, type);
        Write32(header, 4, flags);
        Write64(header, 8, offset);
        Write64(header, 16, address);
        Write64(header, 24, address);
        Write64(header, 32, fileSize);
        Write64(header, 40, memorySize);
        Write64(header, 48, 0x10000);
    }

    private static void Write16(Span<byte> bytes, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[at..], value);

    private static void Write32(Span<byte> bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], value);

    private static void Write64(Span<byte> bytes, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], value);
}
