namespace ActorKube.ContainerRuntime.Images;

/// <summary>Tiny programs in x86-64 machine code.</summary>
internal sealed class X64Assembler : TinyAssembler
{
    protected override ushort Machine => 62;

    public override void Set(Register register, long value)
    {
        var number = Number(register);
        if (value == (int)value)
        {
            Emit(Rex(0, number), 0xC7, Direct(0, number)); // mov r/m64, imm32
            Emit32((int)value);
            return;
        }
        Emit(Rex(0, number), (byte)(0xB8 | (number & 7))); // mov r64, imm64
        Code.AddRange(BitConverter.GetBytes(value));
    }

    public override void Move(Register to, Register from) => RegisterToRegister(0x89, to, from);

    public override void Add(Register register, int value) => Immediate(0, register, value);

    public override void Add(Register register, Register value) => RegisterToRegister(0x01, register, value);

    public override void Subtract(Register register, Register value) => RegisterToRegister(0x29, register, value);

    public override void Load(int size, Register to, Register address, int offset = 0)
    {
        var (number, from) = (Number(to), Number(address));
        switch (size)
        {
            case 1:
                Emit(Rex(number, from), 0x0F, 0xB6); // movzx r64, r/m8
                break;
            case 2:
                Emit(Rex(number, from), 0x0F, 0xB7); // movzx r64, r/m16
                break;
            case 4:
                Emit((byte)(Rex(number, from) & ~8), 0x8B); // mov r32, r/m32
                break;
            default:
                Emit(Rex(number, from), 0x8B);
                break;
        }
        Memory(number, from, offset);
    }

    public override void Store(int size, Register from, Register address, int offset = 0)
    {
        var (number, to) = (Number(from), Number(address));
        if (size == 2)
            Emit(0x66);
        Emit(size == 8 ? Rex(number, to) : (byte)(Rex(number, to) & ~8), (byte)(size == 1 ? 0x88 : 0x89));
        Memory(number, to, offset);
    }

    public override void AddressOf(Register to, string label)
    {
        Set(to, 0);
        NeedsLabel(label, Code.Count - 4, (at, value) => Patch32(at, (int)value), absolute: true);
    }

    public override void StackPointer(Register to) => Emit(Rex(4, Number(to)), 0x89, Direct(4, Number(to)));

    public override void Call(SystemCall call)
    {
        Emit(0xB8); // mov eax, imm32
        Emit32(call switch
        {
            SystemCall.Read => 0,
            SystemCall.Write => 1,
            SystemCall.Close => 3,
            SystemCall.SetSignalAction => 13,
            SystemCall.SetSignalMask => 14,
            SystemCall.Socket => 41,
            SystemCall.Shutdown => 48,
            SystemCall.Bind => 49,
            SystemCall.Listen => 50,
            SystemCall.SetSocketOption => 54,
            SystemCall.Clone => 56,
            SystemCall.Execute => 59,
            SystemCall.Wait4 => 61,
            SystemCall.Uname => 63,
            SystemCall.Mount => 165,
            SystemCall.Unmount => 166,
            SystemCall.ClockGetTime => 228,
            SystemCall.ExitGroup => 231,
            SystemCall.PollWithTimeout => 271,
            SystemCall.Unshare => 272,
            SystemCall.Accept4 => 288,
            SystemCall.SignalFd4 => 289,
            _ => throw new ArgumentOutOfRangeException(nameof(call), call, null),
        });
        Emit(0x0F, 0x05);
    }

    public override void Jump(string label) => Branch(label, 0xE9);

    public override void JumpIf(Register left, When when, int right, string label)
    {
        Immediate(7, left, right); // cmp r/m64, imm32
        Branch(label, 0x0F, Condition(when));
    }

    public override void JumpIf(Register left, When when, Register right, string label)
    {
        RegisterToRegister(0x39, left, right); // cmp r/m64, r64
        Branch(label, 0x0F, Condition(when));
    }

    public override void CallRoutine(string label) => Branch(label, 0xE8);

    public override void Return() => Emit(0xC3);

    private static byte Condition(When when) => when switch
    {
        When.Equal => 0x84,
        When.NotEqual => 0x85,
        When.Less => 0x8C,
        When.GreaterOrEqual => 0x8D,
        When.LessOrEqual => 0x8E,
        _ => 0x8F,
    };

    /// <summary>Arguments are rdi, rsi, rdx, r10, r8, r9; the result is rax; rbx, rbp and r12 to r15 are left alone by the kernel.</summary>
    private static int Number(Register register) => register switch
    {
        Register.A0 => 7,
        Register.A1 => 6,
        Register.A2 => 2,
        Register.A3 => 10,
        Register.A4 => 8,
        Register.A5 => 9,
        Register.Result => 0,
        Register.S0 => 3,
        Register.S1 => 5,
        Register.S2 => 12,
        Register.S3 => 13,
        Register.S4 => 14,
        _ => 15,
    };

    private static byte Rex(int register, int memory) => (byte)(0x48 | (register >> 3 << 2) | (memory >> 3));

    private static byte Direct(int register, int memory) => (byte)(0xC0 | ((register & 7) << 3) | (memory & 7));

    private void RegisterToRegister(byte operation, Register to, Register from) => Emit(Rex(Number(from), Number(to)), operation, Direct(Number(from), Number(to)));

    private void Immediate(int operation, Register register, int value)
    {
        Emit(Rex(0, Number(register)), 0x81, Direct(operation, Number(register)));
        Emit32(value);
    }

    /// <summary>[address + offset]; r12 needs a second byte, because its low bits mean that one follows.</summary>
    private void Memory(int register, int address, int offset)
    {
        Emit((byte)(0x80 | ((register & 7) << 3) | (address & 7)));
        if ((address & 7) == 4)
            Emit(0x24);
        Emit32(offset);
    }

    private void Branch(string label, params ReadOnlySpan<byte> operation)
    {
        foreach (var b in operation)
            Emit(b);
        var position = Code.Count;
        Emit32(0);
        // The distance counts from the end of the instruction, four bytes after the place of the number.
        NeedsLabel(label, position, (at, distance) => Patch32(at, (int)distance - 4), absolute: false);
    }

    private void Emit(params ReadOnlySpan<byte> bytes) => Code.AddRange(bytes);

    private void Emit32(int value) => Code.AddRange(BitConverter.GetBytes(value));

    private void Patch32(int at, int value)
    {
        var bytes = BitConverter.GetBytes(value);
        for (var i = 0; i < 4; i++)
            Code[at + i] = bytes[i];
    }
}
