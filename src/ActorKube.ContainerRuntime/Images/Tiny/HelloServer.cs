namespace ActorKube.ContainerRuntime.Images;

/// <summary>
/// A web server as a static program of about two kilobytes. It answers every request with <c>Hello from &lt;host name&gt; (&lt;version&gt;)</c> and /healthz with
/// <c>ok</c>, logs each request's first line, and listens on port 8080 or the one in PORT, on IPv4 and IPv6.
/// </summary>
/// <remarks>
/// One process per connection, each connection one request: simple, and a slow client hinders nobody. On SIGTERM it goes on accepting until a second has passed
/// without a new connection (at most ten), because Services need that long to learn that the pod is going; then it closes the port, waits for the requests in
/// flight and ends with code 0. So a rolling update loses no request.
/// </remarks>
internal sealed partial class HelloServer
{
    private const int BufferSize = 8192;
    private const int LogLimit = 1024;
    private const int QuietSeconds = 1;
    private const int LongestSeconds = 10;
    private const int HostNameOffset = 65;
    private const int SocketLevel = 1, ReuseAddress = 2, ReceiveTimeout = 20, SendTimeout = 21, Ipv6Level = 41, Ipv6Only = 26;
    private const int CloseOnExec = 0x80000, NonBlocking = 0x800, Stream = 1;
    private const int FamilyInet = 2, FamilyInet6 = 10;
    private const int PollIn = 1;
    private const string EndOfLine = "\r\n";
    private readonly TinyAssembler _p;
    private readonly string _version;

    private HelloServer(TinyAssembler program, string version)
    {
        _p = program;
        _version = version;
    }

    /// <summary>The program for a processor.</summary>
    public static byte[] Build(MachineArchitecture architecture, string version)
    {
        var server = new HelloServer(TinyAssembler.For(architecture), version);
        server.Declare();
        server.Prepare();
        server.Open();
        server.Serve();
        server.Finish();
        server.Answer();
        server.Routines();
        return server._p.ToElf();
    }

    private void Declare()
    {
        var close = $"Connection: close{EndOfLine}Content-Type: text/plain; charset=utf-8{EndOfLine}Content-Length: ";
        _p.Data("head", $"HTTP/1.1 200 OK{EndOfLine}{close}");
        _p.Data("blank", EndOfLine + EndOfLine);
        _p.Data("hello", "Hello from ");
        _p.Data("version", $" ({_version})\n");
        _p.Data("health", $"HTTP/1.1 200 OK{EndOfLine}{close}3{EndOfLine}{EndOfLine}ok\n");
        _p.Data("listening", $"hello {_version}: listening\n");
        _p.Data("stopping", $"hello {_version}: stopping\n");
        _p.Data("failed", $"hello {_version}: cannot listen\n");
        _p.Data("logged", " 200\n");
        _p.Data("one", [1, 0, 0, 0]);
        _p.Data("zero", [0, 0, 0, 0]);
        _p.Data("signals", [0x02, 0x40, 0, 0, 0, 0, 0, 0]); // SIGINT (2) and SIGTERM (15): bits 1 and 14
        _p.Data("quiet", [QuietSeconds, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        _p.Data("patience", [LongestSeconds, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        _p.Variable("names", 512);
        _p.Variable("address", 32);
        _p.Variable("polled", 16);
        _p.Variable("now", 16);
        _p.Variable("deadline", 16);
        _p.Variable("body", 256);
        _p.Variable("response", 1024);
        _p.Variable("request", BufferSize);
        _p.Variable("log", LogLimit + 64);
    }

    /// <summary>Finds PORT, blocks the signals that stop us, and writes the answer once. S3 and S4 hold its head's and its whole length from here on.</summary>
    private void Prepare()
    {
        _p.Set(Register.S2, 8080);
        // The stack: count, arguments, 0, environment, 0.
        _p.StackPointer(Register.S0);
        _p.Load(8, Register.A0, Register.S0);
        for (var i = 0; i < 3; i++)
            _p.Add(Register.A0, Register.A0); // count * 8
        _p.Add(Register.S0, Register.A0);
        _p.Add(Register.S0, 16);
        _p.Label("variable");
        _p.Load(8, Register.A0, Register.S0);
        _p.JumpIf(Register.A0, When.Equal, 0, "variables-done");
        _p.Add(Register.S0, 8);
        _p.Load(4, Register.A1, Register.A0);
        _p.JumpIf(Register.A1, When.NotEqual, (int)TinyPrograms.Characters("PORT\0\0\0\0"), "variable");
        _p.Load(1, Register.A1, Register.A0, 4);
        _p.JumpIf(Register.A1, When.NotEqual, '=', "variable");
        _p.Add(Register.A0, 5);
        _p.Set(Register.S2, 0);
        _p.Label("digit");
        _p.Load(1, Register.A1, Register.A0);
        _p.JumpIf(Register.A1, When.Less, '0', "variables-done");
        _p.JumpIf(Register.A1, When.Greater, '9', "variables-done");
        _p.Move(Register.A2, Register.S2); // * 10 = * 8 + * 2
        _p.Add(Register.S2, Register.S2);
        _p.Add(Register.S2, Register.S2);
        _p.Add(Register.S2, Register.A2);
        _p.Add(Register.S2, Register.S2);
        _p.Add(Register.S2, Register.A1);
        _p.Add(Register.S2, -'0');
        _p.Add(Register.A0, 1);
        _p.Jump("digit");
        _p.Label("variables-done");

        TinyPrograms.IgnoreChildren(_p);
        _p.Set(Register.A0, 0); // SIG_BLOCK
        _p.AddressOf(Register.A1, "signals");
        _p.Set(Register.A2, 0);
        _p.Set(Register.A3, 8);
        _p.Call(SystemCall.SetSignalMask);

        _p.AddressOf(Register.A0, "names");
        _p.Call(SystemCall.Uname);
        _p.AddressOf(Register.A0, "body");
        Copy("hello", "Hello from ".Length);
        _p.AddressOf(Register.A1, "names");
        _p.Add(Register.A1, HostNameOffset);
        _p.CallRoutine("copy-text");
        Copy("version", _version.Length + 4);
        _p.Move(Register.S0, Register.A0);
        _p.AddressOf(Register.A1, "body");
        _p.Subtract(Register.S0, Register.A1); // the body's length, below 200

        _p.AddressOf(Register.A0, "response");
        Copy("head", HeadLength());
        _p.Move(Register.S1, Register.S0);
        _p.Set(Register.A1, ' ');
        _p.JumpIf(Register.S1, When.Less, 100, "hundreds");
        _p.Set(Register.A1, '1');
        _p.Add(Register.S1, -100);
        _p.Label("hundreds");
        _p.Store(1, Register.A1, Register.A0);
        _p.Set(Register.A1, '0');
        _p.Label("tens");
        _p.JumpIf(Register.S1, When.Less, 10, "ones");
        _p.Add(Register.S1, -10);
        _p.Add(Register.A1, 1);
        _p.Jump("tens");
        _p.Label("ones");
        _p.Store(1, Register.A1, Register.A0, 1);
        _p.Add(Register.S1, '0');
        _p.Store(1, Register.S1, Register.A0, 2);
        _p.Add(Register.A0, 3);
        Copy("blank", 4);
        _p.Move(Register.S3, Register.A0);
        _p.AddressOf(Register.A1, "response");
        _p.Subtract(Register.S3, Register.A1);
        _p.AddressOf(Register.A1, "body");
        _p.Move(Register.A2, Register.S0);
        _p.CallRoutine("copy");
        _p.Move(Register.S4, Register.A0);
        _p.AddressOf(Register.A1, "response");
        _p.Subtract(Register.S4, Register.A1);
    }

    /// <summary>Opens the port, on both families or, where there is no IPv6, on IPv4. S1 holds it from here on, S0 the descriptor that signals come from.</summary>
    private void Open()
    {
        // The port in network order, behind the family.
        _p.AddressOf(Register.S0, "address");
        _p.Store(1, Register.S2, Register.S0, 3);
        _p.Set(Register.A0, 0);
        _p.Label("high-byte");
        _p.JumpIf(Register.S2, When.Less, 256, "port-done");
        _p.Add(Register.S2, -256);
        _p.Add(Register.A0, 1);
        _p.Jump("high-byte");
        _p.Label("port-done");
        _p.Store(1, Register.A0, Register.S0, 2);
        foreach (var (family, length) in ((int, int)[])[(FamilyInet6, 28), (FamilyInet, 16)])
        {
            var next = family == FamilyInet6 ? "inet" : "cannot-listen";
            _p.Set(Register.A0, family);
            _p.AddressOf(Register.S0, "address");
            _p.Store(1, Register.A0, Register.S0);
            _p.Set(Register.A1, Stream | CloseOnExec | NonBlocking);
            _p.Set(Register.A2, 0);
            _p.Call(SystemCall.Socket);
            _p.JumpIf(Register.Result, When.Less, 0, next);
            _p.Move(Register.S1, Register.Result);
            SetOption(Register.S1, SocketLevel, ReuseAddress, "one", 4);
            if (family == FamilyInet6)
                SetOption(Register.S1, Ipv6Level, Ipv6Only, "zero", 4);
            _p.Move(Register.A0, Register.S1);
            _p.AddressOf(Register.A1, "address");
            _p.Set(Register.A2, length);
            _p.Call(SystemCall.Bind);
            _p.JumpIf(Register.Result, When.Equal, 0, "bound");
            if (family == FamilyInet6)
                _p.Label("inet");
        }
        _p.Label("cannot-listen");
        Print("failed", $"hello {_version}: cannot listen\n".Length);
        Exit(1);
        _p.Label("bound");
        _p.Move(Register.A0, Register.S1);
        _p.Set(Register.A1, 1024);
        _p.Call(SystemCall.Listen);
        _p.JumpIf(Register.Result, When.Less, 0, "cannot-listen");
        _p.Set(Register.A0, -1);
        _p.AddressOf(Register.A1, "signals");
        _p.Set(Register.A2, 8);
        _p.Set(Register.A3, CloseOnExec);
        _p.Call(SystemCall.SignalFd4);
        _p.Move(Register.S0, Register.Result);
        Print("listening", $"hello {_version}: listening\n".Length);
        _p.Set(Register.S5, 0);
    }

    private static int HeadLength() => $"HTTP/1.1 200 OK{EndOfLine}Connection: close{EndOfLine}Content-Type: text/plain; charset=utf-8{EndOfLine}Content-Length: ".Length;

    /// <summary>Appends a constant at A0.</summary>
    private void Copy(string constant, int length)
    {
        _p.AddressOf(Register.A1, constant);
        _p.Set(Register.A2, length);
        _p.CallRoutine("copy");
    }

    private void Print(string constant, int length)
    {
        _p.Set(Register.A0, 1);
        _p.AddressOf(Register.A1, constant);
        _p.Set(Register.A2, length);
        _p.Call(SystemCall.Write);
    }

    /// <summary>Seconds since boot in A0.</summary>
    private void Now()
    {
        _p.Set(Register.A0, 1);
        _p.AddressOf(Register.A1, "now");
        _p.Call(SystemCall.ClockGetTime);
        _p.AddressOf(Register.A0, "now");
        _p.Load(8, Register.A0, Register.A0);
    }

    private void SetOption(Register socket, int level, int option, string value, int length)
    {
        _p.Move(Register.A0, socket);
        _p.Set(Register.A1, level);
        _p.Set(Register.A2, option);
        _p.AddressOf(Register.A3, value);
        _p.Set(Register.A4, length);
        _p.Call(SystemCall.SetSocketOption);
    }

    private void Exit(int code)
    {
        _p.Set(Register.A0, code);
        _p.Call(SystemCall.ExitGroup);
    }
}
