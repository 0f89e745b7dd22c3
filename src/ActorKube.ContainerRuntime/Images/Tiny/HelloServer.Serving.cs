namespace ActorKube.ContainerRuntime.Images;

/// <content>The part that runs for as long as the server does; what comes before it happens once.</content>
internal sealed partial class HelloServer
{
    /// <summary>Accepts connections and gives each to a child. S5 is 1 once a signal has come.</summary>
    private void Serve()
    {
        _p.Label("serve");
        _p.AddressOf(Register.A0, "polled");
        _p.Set(Register.A1, PollIn);
        _p.Store(4, Register.S1, Register.A0);
        _p.Store(4, Register.A1, Register.A0, 4);
        _p.Store(4, Register.S0, Register.A0, 8);
        _p.Store(4, Register.A1, Register.A0, 12);
        _p.Set(Register.A1, 2);
        _p.Set(Register.A2, 0);
        _p.JumpIf(Register.S5, When.Equal, 0, "poll");
        Now();
        _p.AddressOf(Register.A1, "deadline");
        _p.Load(8, Register.A1, Register.A1);
        _p.JumpIf(Register.A0, When.GreaterOrEqual, Register.A1, "finish");
        _p.AddressOf(Register.A0, "polled");
        _p.Set(Register.A1, 1);
        _p.AddressOf(Register.A2, "now"); // ppoll may write what is left into it
        _p.Set(Register.A3, QuietSeconds);
        _p.Store(8, Register.A3, Register.A2);
        _p.Set(Register.A3, 0);
        _p.Store(8, Register.A3, Register.A2, 8);
        _p.Label("poll");
        _p.Set(Register.A3, 0);
        _p.Set(Register.A4, 8);
        _p.Call(SystemCall.PollWithTimeout);
        _p.JumpIf(Register.Result, When.Less, 0, "serve");
        _p.JumpIf(Register.Result, When.Equal, 0, "finish");
        _p.JumpIf(Register.S5, When.NotEqual, 0, "accept");
        _p.AddressOf(Register.A0, "polled");
        _p.Load(2, Register.A0, Register.A0, 14);
        _p.JumpIf(Register.A0, When.Equal, 0, "accept");
        _p.Set(Register.S5, 1);
        Print("stopping", $"hello {_version}: stopping\n".Length);
        Now();
        _p.Add(Register.A0, LongestSeconds);
        _p.AddressOf(Register.A1, "deadline");
        _p.Store(8, Register.A0, Register.A1);
        _p.Jump("serve");
        _p.Label("accept");
        _p.Move(Register.A0, Register.S1);
        _p.Set(Register.A1, 0);
        _p.Set(Register.A2, 0);
        _p.Set(Register.A3, CloseOnExec);
        _p.Call(SystemCall.Accept4);
        _p.JumpIf(Register.Result, When.Less, 0, "serve");
        _p.Move(Register.S2, Register.Result);
        _p.Set(Register.A0, 17); // as fork: SIGCHLD
        for (var argument = Register.A1; argument <= Register.A4; argument++)
            _p.Set(argument, 0);
        _p.Call(SystemCall.Clone);
        _p.JumpIf(Register.Result, When.Equal, 0, "child");
        _p.Move(Register.A0, Register.S2);
        _p.Call(SystemCall.Close);
        _p.Jump("serve");
    }

    /// <summary>Closes the port and waits for the children: SIGCHLD is ignored, so one wait lasts until the last of them is gone.</summary>
    private void Finish()
    {
        _p.Label("finish");
        _p.Move(Register.A0, Register.S1);
        _p.Call(SystemCall.Close);
        _p.Label("wait");
        _p.Set(Register.A0, -1);
        for (var argument = Register.A1; argument <= Register.A3; argument++)
            _p.Set(argument, 0);
        _p.Call(SystemCall.Wait4);
        _p.JumpIf(Register.Result, When.GreaterOrEqual, 0, "wait");
        Exit(0);
    }

    /// <summary>In a child: reads the request's head, answers, logs, closes. S2 is the connection, S0 the count of bytes read.</summary>
    private void Answer()
    {
        _p.Label("child");
        SetOption(Register.S2, SocketLevel, ReceiveTimeout, "patience", 16);
        SetOption(Register.S2, SocketLevel, SendTimeout, "patience", 16);
        _p.Set(Register.S0, 0);
        _p.Label("read");
        _p.Move(Register.A0, Register.S2);
        _p.AddressOf(Register.A1, "request");
        _p.Add(Register.A1, Register.S0);
        _p.Set(Register.A2, BufferSize);
        _p.Subtract(Register.A2, Register.S0);
        _p.JumpIf(Register.A2, When.LessOrEqual, 0, "end");
        _p.Call(SystemCall.Read);
        _p.JumpIf(Register.Result, When.LessOrEqual, 0, "end");
        _p.Add(Register.S0, Register.Result);
        // Is the empty line there? Four bytes at a time, at every place.
        _p.AddressOf(Register.A0, "request");
        _p.Move(Register.A1, Register.A0);
        _p.Add(Register.A1, Register.S0);
        _p.Add(Register.A1, -4);
        _p.Label("search");
        _p.JumpIf(Register.A0, When.Greater, Register.A1, "read");
        _p.Load(4, Register.A2, Register.A0);
        _p.JumpIf(Register.A2, When.Equal, 0x0A0D0A0D, "complete");
        _p.Add(Register.A0, 1);
        _p.Jump("search");

        _p.Label("complete");
        // The path follows the first space; S0 becomes the answer, S1 its length.
        _p.AddressOf(Register.A0, "request");
        _p.Label("method");
        _p.Load(1, Register.A1, Register.A0);
        _p.Add(Register.A0, 1);
        _p.JumpIf(Register.A1, When.Equal, '\r', "hello-path");
        _p.JumpIf(Register.A1, When.NotEqual, ' ', "method");
        _p.Load(8, Register.A1, Register.A0);
        _p.Set(Register.A2, TinyPrograms.Characters("/healthz"));
        _p.JumpIf(Register.A1, When.NotEqual, Register.A2, "hello-path");
        _p.AddressOf(Register.S0, "health");
        _p.Set(Register.S3, HeadLength() + 5);
        _p.Set(Register.S4, HeadLength() + 8);
        _p.Jump("method-known");
        _p.Label("hello-path");
        _p.AddressOf(Register.S0, "response");
        _p.Label("method-known");
        _p.Move(Register.S1, Register.S4);
        _p.AddressOf(Register.A0, "request");
        _p.Load(1, Register.A0, Register.A0);
        _p.JumpIf(Register.A0, When.NotEqual, 'H', "send"); // HEAD has no body
        _p.Move(Register.S1, Register.S3);
        _p.Label("send");
        _p.Move(Register.A0, Register.S2);
        _p.Move(Register.A1, Register.S0);
        _p.Move(Register.A2, Register.S1);
        _p.Call(SystemCall.Write);
        _p.JumpIf(Register.Result, When.LessOrEqual, 0, "end");
        _p.Add(Register.S0, Register.Result);
        _p.Subtract(Register.S1, Register.Result);
        _p.JumpIf(Register.S1, When.Greater, 0, "send");

        _p.AddressOf(Register.A0, "log");
        _p.AddressOf(Register.A1, "request");
        _p.Move(Register.S0, Register.A0);
        _p.Add(Register.S0, LogLimit);
        _p.Label("log-character");
        _p.Load(1, Register.A2, Register.A1);
        _p.JumpIf(Register.A2, When.Equal, '\r', "log-line");
        _p.JumpIf(Register.A0, When.Equal, Register.S0, "log-line");
        _p.Store(1, Register.A2, Register.A0);
        _p.Add(Register.A0, 1);
        _p.Add(Register.A1, 1);
        _p.Jump("log-character");
        _p.Label("log-line");
        Copy("logged", 5);
        _p.Move(Register.A2, Register.A0);
        _p.AddressOf(Register.A1, "log");
        _p.Subtract(Register.A2, Register.A1);
        _p.Set(Register.A0, 1);
        _p.Call(SystemCall.Write);

        // Close in peace: bytes left unread would turn the close into a reset that may overtake the answer.
        _p.Move(Register.A0, Register.S2);
        _p.Set(Register.A1, 1);
        _p.Call(SystemCall.Shutdown);
        SetOption(Register.S2, SocketLevel, ReceiveTimeout, "quiet", 16);
        _p.Label("rest");
        _p.Move(Register.A0, Register.S2);
        _p.AddressOf(Register.A1, "request");
        _p.Set(Register.A2, BufferSize);
        _p.Call(SystemCall.Read);
        _p.JumpIf(Register.Result, When.Greater, 0, "rest");
        _p.Label("end");
        Exit(0);
    }

    private void Routines()
    {
        // Copies A2 bytes from A1 to A0; A0 ends behind them.
        _p.Label("copy");
        _p.JumpIf(Register.A2, When.LessOrEqual, 0, "copied");
        _p.Load(1, Register.Result, Register.A1);
        _p.Store(1, Register.Result, Register.A0);
        _p.Add(Register.A0, 1);
        _p.Add(Register.A1, 1);
        _p.Add(Register.A2, -1);
        _p.Jump("copy");
        _p.Label("copied");
        _p.Return();
        // Copies from A1 to A0 up to a zero byte.
        _p.Label("copy-text");
        _p.Load(1, Register.Result, Register.A1);
        _p.JumpIf(Register.Result, When.Equal, 0, "copied");
        _p.Store(1, Register.Result, Register.A0);
        _p.Add(Register.A0, 1);
        _p.Add(Register.A1, 1);
        _p.Jump("copy-text");
    }
}
