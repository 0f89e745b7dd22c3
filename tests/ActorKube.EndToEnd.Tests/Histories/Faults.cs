using System.Diagnostics;
using ActorKube.EndToEnd.Tests.Infrastructure;

namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>What can happen to a control plane of three.</summary>
internal enum FaultKind
{
    /// <summary>A server is killed, and started again.</summary>
    Kill,

    /// <summary>A server's process is frozen for a while.</summary>
    Freeze,

    /// <summary>A server's wire is pulled for a while.</summary>
    CutOff,

    /// <summary>A server is stopped in order, and started again.</summary>
    Restart,

    /// <summary>All servers are stopped and started again, one after the other.</summary>
    RollingRestart,

    /// <summary>Two servers lose each other, but nobody else.</summary>
    CutBetween,

    /// <summary>A server loses the database, but nobody else.</summary>
    CutFromDatabase,

    /// <summary>The database crashes and is started again.</summary>
    DatabaseCrash,

    /// <summary>The database freezes for a while.</summary>
    DatabaseStall,
}

/// <summary>One thing that happens.</summary>
/// <param name="Kind">What.</param>
/// <param name="Victim">To whom, where it happens to one server.</param>
/// <param name="Other">The other one of a cut between two.</param>
/// <param name="Owner">Who owned the store.</param>
/// <param name="Held">How long it lasts at least, where it lasts.</param>
/// <param name="IsAlone">Whether everybody must be back before the next thing happens.</param>
internal sealed record Fault(FaultKind Kind, string Victim, string Other, string Owner, TimeSpan Held, bool IsAlone)
{
    /// <summary>What happens next: each takes as many numbers as the other, so that a seed means the same faults whatever came of those before.</summary>
    public static Fault Next(Random random, string owner)
    {
        var (kind, ownersTurn, victim, other, held, alone) = (random.Next(9), random.Next(2), random.Next(3), random.Next(1, 3), random.NextDouble(), random.Next(3));
        var index = ownersTurn == 0 && owner.Length > 0 ? SeedNetwork.Seeds.ToList().IndexOf(owner) : victim;
        return new Fault((FaultKind)kind, SeedNetwork.Seeds[index], SeedNetwork.Seeds[(index + other) % 3], owner, TimeSpan.FromSeconds(1 + (held * 6)), alone != 0);
    }

    /// <summary>Whether the database itself is away: nobody can write meanwhile.</summary>
    public bool IsOfDatabase => Kind is FaultKind.DatabaseCrash or FaultKind.DatabaseStall;

    /// <summary>The servers that have to go on with writes all the time.</summary>
    public IReadOnlyList<string> Survivors => [.. SeedNetwork.Seeds.Where(s => Kind switch
    {
        FaultKind.RollingRestart or FaultKind.DatabaseCrash or FaultKind.DatabaseStall => true,
        FaultKind.CutBetween => (Victim != Owner || s != Other) && (Other != Owner || s != Victim),
        FaultKind.CutFromDatabase => Victim != Owner || s != Victim,
        _ => s != Victim,
    })];

    public override string ToString() => Kind switch
    {
        FaultKind.CutBetween => $"cut between {Name(Victim)} and {Name(Other)}",
        FaultKind.RollingRestart => "rolling restart",
        FaultKind.DatabaseCrash => "database crash",
        FaultKind.DatabaseStall => FormattableString.Invariant($"database stall of {Held.TotalSeconds:0.0} s"),
        FaultKind.CutFromDatabase => $"cut of {Name(Victim)} from the database",
        FaultKind.CutOff => $"cut-off of {Name(Victim)}",
        _ => $"{Kind.ToString().ToLowerInvariant()} of {Name(Victim)}",
    };

    private string Name(string server) => server == Owner ? $"the owner {server}" : server;

    /// <summary>Lets it happen, holds it until the others go on, and ends it.</summary>
    /// <param name="network">To whom.</param>
    /// <param name="othersGoOn">Completes when the survivors do their work.</param>
    /// <param name="clock">The clock of the history.</param>
    /// <returns>From when on the survivors must have been able to write: at once, or since the database was back.</returns>
    public async Task<TimeSpan> HappenAsync(SeedNetwork network, Func<Task> othersGoOn, Stopwatch clock)
    {
        var from = clock.Elapsed;
        switch (Kind)
        {
            case FaultKind.Kill:
                await network.KillAsync(Victim);
                await othersGoOn();
                await network.StartSeedAsync(Victim);
                break;
            case FaultKind.Freeze:
                await network.SignalAsync(Victim, "STOP");
                await HoldAsync(othersGoOn);
                await network.SignalAsync(Victim, "CONT");
                break;
            case FaultKind.CutOff:
                await network.WireAsync(Victim, up: false);
                await HoldAsync(othersGoOn);
                await network.WireAsync(Victim, up: true);
                break;
            case FaultKind.Restart:
                await network.StopAsync(Victim);
                await othersGoOn();
                await network.StartSeedAsync(Victim);
                break;
            case FaultKind.RollingRestart:
                foreach (var server in SeedNetwork.Seeds)
                {
                    await network.StopAsync(server);
                    await network.StartSeedAsync(server);
                }

                await othersGoOn();
                break;
            case FaultKind.CutBetween:
                await network.CutAsync(Victim, Other);
                await HoldAsync(othersGoOn);
                await network.MendAsync(Victim, Other);
                break;
            case FaultKind.CutFromDatabase:
                await network.CutAsync(Victim, SeedNetwork.DatabaseHost);
                await HoldAsync(othersGoOn);
                await network.MendAsync(Victim, SeedNetwork.DatabaseHost);
                break;
            case FaultKind.DatabaseCrash:
                await network.CrashDatabaseAsync();
                await network.StartDatabaseAgainAsync();
                from = clock.Elapsed;
                await othersGoOn();
                break;
            default:
                await network.StallDatabaseAsync(true);
                await Task.Delay(Held);
                await network.StallDatabaseAsync(false);
                from = clock.Elapsed;
                await othersGoOn();
                break;
        }

        return from;
    }

    private Task HoldAsync(Func<Task> othersGoOn) => Task.WhenAll(Task.Delay(Held), othersGoOn());
}
