using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>Tiny programs in 64-bit Arm machine code.</summary>
internal sealed class Arm64Assembler : TinyAssembler
{
    private const int Scratch = 10;
    private const int CallNumber = 8;
    private const int ZeroRegister = 31;

    protected override ushort Machine => 183;

    public override void Set(Register register, long value) => Set(Number(register), value);

    public override void Move(Register to, Register from) => Emit(0xAA0003E0 | M(Number(from)) | D(Number(to))); // orr d, zero, m

    public override void Add(Register register, int value)
    {
        var number = Number(register);
        if (value is >= 0 and < 4096)
        {
            Emit(0x91000000 | (uint)value << 10 | N(number) | D(number));
            return;
        }
        Set(Scratch, value);
        Emit(0x8B000000 | M(Scratch) | N(number) | D(number));
    }

    public override void Add(Register register, Register value) => Emit(0x8B000000 | M(Number(value)) | N(Number(register)) | D(Number(register)));

    public override void Subtract(Register register, Register value) => Emit(0xCB000000 | M(Number(value)) | N(Number(register)) | D(Number(register)));

    public override void Load(int size, Register to, Register address, int offset = 0) => Memory(0x39400000, size, to, address, offset);

    public override void Store(int size, Register from, Register address, int offset = 0) => Memory(0x39000000, size, from, address, offset);

    public override void AddressOf(Register to, string label)
    {
        var position = Code.Count;
        var number = Number(to);
        Emit(0);
        Emit(0);
        NeedsLabel(
            label, position,
            (at, value) =>
            {
                Patch(at, 0xD2800000 | ((uint)value & 0xFFFF) << 5 | D(number)); // movz
                Patch(at + 4, 0xF2A00000 | (uint)(value >> 16 & 0xFFFF) << 5 | D(number)); // movk, shifted by 16
            },
            absolute: true);
    }

    public override void StackPointer(Register to) => Emit(0x91000000 | N(ZeroRegister) | D(Number(to))); // add d, sp, 0

    public override void Call(SystemCall call)
    {
        Set(CallNumber, call switch
        {
            SystemCall.Unmount => 39,
            SystemCall.Mount => 40,
            SystemCall.Close => 57,
            SystemCall.Read => 63,
            SystemCall.Write => 64,
            SystemCall.PollWithTimeout => 73,
            SystemCall.SignalFd4 => 74,
            SystemCall.ExitGroup => 94,
            SystemCall.Unshare => 97,
            SystemCall.ClockGetTime => 113,
            SystemCall.SetSignalAction => 134,
            SystemCall.SetSignalMask => 135,
            SystemCall.Uname => 160,
            SystemCall.Socket => 198,
            SystemCall.Bind => 200,
            SystemCall.Listen => 201,
            SystemCall.SetSocketOption => 208,
            SystemCall.Shutdown => 210,
            SystemCall.Clone => 220,
            SystemCall.Execute => 221,
            SystemCall.Accept4 => 242,
            SystemCall.Wait4 => 260,
            _ => throw new ArgumentOutOfRangeException(nameof(call), call, null),
        });
        Emit(0xD4000001); // svc 0
        Move(Register.Result, Register.A0);
    }

    public override void Jump(string label) => Branch26(label, 0x14000000);

    public override void JumpIf(Register left, When when, int right, string label)
    {
        Set(Scratch, right);
        Compare(Number(left), Scratch, when, label);
    }

    public override void JumpIf(Register left, When when, Register right, string label) => Compare(Number(left), Number(right), when, label);

    public override void CallRoutine(string label) => Branch26(label, 0x94000000);

    public override void Return() => Emit(0xD65F03C0);

    /// <summary>Arguments are x0 to x5; the result is kept in x9; x19 to x24 are ours. x10 holds constants for a moment, x8 the call's number.</summary>
    private static int Number(Register register) => register switch
    {
        <= Register.A5 => (int)register,
        Register.Result => 9,
        _ => 19 + (register - Register.S0),
    };

    private static uint D(int register) => (uint)register;

    private static uint N(int register) => (uint)register << 5;

    private static uint M(int register) => (uint)register << 16;

    private void Set(int register, long value)
    {
        Emit(0xD2800000 | ((uint)value & 0xFFFF) << 5 | D(register));
        for (var part = 1; part < 4; part++)
        {
            var bits = (uint)(value >> (16 * part) & 0xFFFF);
            if (bits != 0)
                Emit(0xF2800000 | (uint)part << 21 | bits << 5 | D(register));
        }
    }

    private void Memory(uint operation, int size, Register register, Register address, int offset)
    {
        var shift = size switch { 1 => 0, 2 => 1, 4 => 2, _ => 3 };
        Emit(operation | (uint)shift << 30 | (uint)(offset >> shift) << 10 | N(Number(address)) | D(Number(register)));
    }

    private void Compare(int left, int right, When when, string label)
    {
        Emit(0xEB00001F | M(right) | N(left)); // subs zero, left, right
        var position = Code.Count;
        var condition = when switch
        {
            When.Equal => 0u,
            When.NotEqual => 1u,
            When.GreaterOrEqual => 10u,
            When.Less => 11u,
            When.Greater => 12u,
            _ => 13u,
        };
        Emit(0);
        NeedsLabel(label, position, (at, distance) => Patch(at, 0x54000000 | ((uint)(distance >> 2) & 0x7FFFF) << 5 | condition), absolute: false);
    }

    private void Branch26(string label, uint operation)
    {
        var position = Code.Count;
        Emit(0);
        NeedsLabel(label, position, (at, distance) => Patch(at, operation | ((uint)(distance >> 2) & 0x3FFFFFF)), absolute: false);
    }

    private void Emit(uint instruction)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, instruction);
        Code.AddRange(bytes);
    }

    private void Patch(int at, uint instruction) => BinaryPrimitives.WriteUInt32LittleEndian(CollectionsMarshal.AsSpan(Code)[at..], instruction);
}
