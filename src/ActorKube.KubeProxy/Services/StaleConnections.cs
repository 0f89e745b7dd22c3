using System.ComponentModel;
using System.Diagnostics;

namespace ActorKube.KubeProxy.Services;

/// <summary>
/// UDP has no end of a connection: the kernel keeps sending a client's datagrams where the first one went, also when that endpoint is gone
/// or when there was none yet. Finds the flows to forget. TCP flows are left alone: they end by themselves, and must not be cut.
/// </summary>
public static class StaleConnections
{
    /// <summary>Arguments of <c>conntrack</c>, one command each.</summary>
    /// <param name="changes">What was just applied.</param>
    /// <param name="now">What holds now.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<FactChange> changes, Ruleset now)
    {
        var commands = new List<string>();
        foreach (var (fact, added) in changes)
        {
            if (fact.Container == Fact.Set && !added && AffinityEndpoint(fact.Key) is var (address, port))
            {
                commands.Add($"-D -f {(address.Contains(':') ? "ipv6" : "ipv4")} -p udp --reply-src {address} --reply-port-src {port}");
            }

            if (fact.IsObject || !fact.Key.Contains("udp . ", StringComparison.Ordinal))
            {
                continue;
            }

            var key = fact.Key.Split(" . ");
            var entry = key.Length == 3 ? $"--orig-dst {key[0]} --orig-port-dst {key[2]}" : $"--orig-port-dst {key[1]}";
            var scope = Scope.All.FirstOrDefault(s => fact.Container == s.Name || fact.Container.StartsWith(s.Name + "-", StringComparison.Ordinal));
            if (scope is null)
            {
                continue;
            }

            var family = scope.IsV4 ? "ipv4" : "ipv6";
            if (fact.Container == scope.Name)
            {
                // The entry is new (or changed): flows from before it existed were sent on untranslated.
                if (added && !changes.Any(c => !c.Added && c.Fact.Container == fact.Container && c.Fact.Key == fact.Key))
                {
                    commands.Add($"-D -f {family} -p udp {entry}");
                }
            }
            else if (!added && !StillThere(scope, fact, now))
            {
                commands.Add($"-D -f {family} -p udp {entry} --dst-nat {fact.Value!.Split(" . ")[0]}");
            }
        }

        return commands;
    }

    /// <summary>Runs the commands where the program exists. Nothing to forget is no failure.</summary>
    public static async Task<string?> RunAsync(IReadOnlyList<string> program, IReadOnlyList<string> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
        {
            try
            {
                var start = new ProcessStartInfo(program[0], program.Skip(1).Concat(command.Split(' '))) { RedirectStandardOutput = true, RedirectStandardError = true };
                using var process = Process.Start(start)!;
                var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
                var error = await process.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
                await output.ConfigureAwait(false);
                await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
                if (process.ExitCode != 0 && !error.Contains("0 flow entries", StringComparison.Ordinal))
                {
                    return error.Trim();
                }
            }
            catch (Win32Exception e)
            {
                return $"cannot run {program[0]}: {e.Message}";
            }
        }

        return null;
    }

    /// <summary>The endpoint in the name of a set of session affinity: <c>aff4-ns/name/udp/53/10.244.0.2.5353</c>.</summary>
    private static (string Address, string Port)? AffinityEndpoint(string set)
    {
        if (set.Split('/') is not [.., "udp", _, var endpoint])
        {
            return null;
        }

        var dot = endpoint.LastIndexOf('.');
        return (endpoint[..dot].Replace('_', ':'), endpoint[(dot + 1)..]);
    }

    private static bool StillThere(Scope scope, Fact gone, Ruleset now)
    {
        for (var slot = 0; now.TryGet(scope.Slot(slot), gone.Key, out var value); slot++)
        {
            if (value == gone.Value)
            {
                return true;
            }
        }

        return false;
    }
}
