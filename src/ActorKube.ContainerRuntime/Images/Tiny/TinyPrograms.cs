using System.Text;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>Whole programs of a few hundred instructions, for images that hold nothing else.</summary>
internal static class TinyPrograms
{
    private const int SignalChild = 17;

    /// <summary>
    /// Sleeps for ever. As the first process of a process namespace it must not leave zombies: ignoring SIGCHLD makes the kernel take them in.
    /// </summary>
    public static byte[] Pause(MachineArchitecture architecture)
    {
        var p = TinyAssembler.For(architecture);
        IgnoreChildren(p);
        p.Label("sleep");
        for (var argument = Register.A0; argument <= Register.A4; argument++)
            p.Set(argument, 0);
        p.Call(SystemCall.PollWithTimeout);
        p.Jump("sleep");
        return p.ToElf();
    }

    /// <summary>
    /// Runs the program named by its first argument, with the rest as its arguments, in a mount namespace that lacks the version 2 tree of a machine with both
    /// kinds of cgroups. Slave propagation lets the host's mounts in and nothing out. A shell does the same with three more processes.
    /// </summary>
    public static byte[] WithoutUnifiedCgroups(MachineArchitecture architecture)
    {
        const int newMountNamespace = 0x20000, recursiveSlave = 0x4000 | 0x80000, detach = 2, failed = 126;
        const string complaint = "cannot detach /sys/fs/cgroup/unified in a mount namespace of its own\n";
        var p = TinyAssembler.For(architecture);
        p.Data("root", "/\0");
        p.Data("none", "none\0");
        p.Data("unified", "/sys/fs/cgroup/unified\0");
        p.Data("complaint", complaint);
        p.StackPointer(Register.S0);
        p.Load(8, Register.S1, Register.S0);
        p.JumpIf(Register.S1, When.Less, 2, "failed");
        p.Set(Register.A0, newMountNamespace);
        p.Call(SystemCall.Unshare);
        p.JumpIf(Register.Result, When.NotEqual, 0, "failed");
        p.AddressOf(Register.A0, "none");
        p.AddressOf(Register.A1, "root");
        p.Set(Register.A2, 0);
        p.Set(Register.A3, recursiveSlave);
        p.Set(Register.A4, 0);
        p.Call(SystemCall.Mount);
        p.JumpIf(Register.Result, When.NotEqual, 0, "failed");
        p.AddressOf(Register.A0, "unified");
        p.Set(Register.A1, detach);
        p.Call(SystemCall.Unmount);
        p.JumpIf(Register.Result, When.NotEqual, 0, "failed");
        // The stack: count, our name, the program, its arguments, 0, environment.
        p.Add(Register.S0, 16);
        p.Load(8, Register.A0, Register.S0);
        p.Move(Register.A1, Register.S0);
        p.Move(Register.A2, Register.S0);
        for (var i = 0; i < 3; i++)
            p.Add(Register.S1, Register.S1); // count * 8
        p.Add(Register.A2, Register.S1);
        p.Call(SystemCall.Execute);
        p.Label("failed");
        p.Set(Register.A0, 2);
        p.AddressOf(Register.A1, "complaint");
        p.Set(Register.A2, complaint.Length);
        p.Call(SystemCall.Write);
        p.Set(Register.A0, failed);
        p.Call(SystemCall.ExitGroup);
        return p.ToElf();
    }

    /// <summary>sigaction(SIGCHLD, ignore): ended children vanish, and waiting for children waits for the last one.</summary>
    internal static void IgnoreChildren(TinyAssembler p)
    {
        var action = new byte[32];
        action[0] = 1; // SIG_IGN
        p.Data("ignore", action);
        p.Set(Register.A0, SignalChild);
        p.AddressOf(Register.A1, "ignore");
        p.Set(Register.A2, 0);
        p.Set(Register.A3, 8);
        p.Call(SystemCall.SetSignalAction);
    }

    /// <summary>Eight characters as the number that they are in memory.</summary>
    internal static long Characters(string eight) => BitConverter.ToInt64(Encoding.ASCII.GetBytes(eight));
}
