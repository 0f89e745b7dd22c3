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
