using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>Amounts of resources in whole numbers, so that a scheduling cycle adds and compares without parsing. Immutable.</summary>
/// <param name="MilliCpu">Thousandths of a core.</param>
/// <param name="Memory">Bytes.</param>
/// <param name="EphemeralStorage">Bytes.</param>
/// <param name="Extended">All others by name: extended resources and huge pages.</param>
public sealed record ResourceAmounts(long MilliCpu, long Memory, long EphemeralStorage, ImmutableSortedDictionary<string, long> Extended)
{
    private static readonly ImmutableSortedDictionary<string, long> None = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>Nothing of anything.</summary>
    public static ResourceAmounts Zero { get; } = new(0, 0, 0, None);

    /// <summary>Whether nothing is asked for.</summary>
    public bool IsZero => MilliCpu == 0 && Memory == 0 && EphemeralStorage == 0 && Extended.Count == 0;

    /// <summary>The amount of an extended resource; 0 when it is not named.</summary>
    public long this[string name] => Extended.GetValueOrDefault(name);

    /// <summary>The sum.</summary>
    public static ResourceAmounts operator +(ResourceAmounts a, ResourceAmounts b) => Combine(a, b, static (x, y) => x + y);

    /// <summary>The difference.</summary>
    public static ResourceAmounts operator -(ResourceAmounts a, ResourceAmounts b) => Combine(a, b, static (x, y) => x - y);

    /// <summary>The larger of each amount.</summary>
    public static ResourceAmounts Max(ResourceAmounts a, ResourceAmounts b) => Combine(a, b, Math.Max);

    /// <summary>
    /// Reads a resource list. Amounts round up: a request of 0.1m of a core is 1m, as in Kubernetes.
    /// The number of pods is not among them (<see cref="NodeInfo.AllowedPods"/>).
    /// </summary>
    public static ResourceAmounts From(IDictionary<string, ResourceQuantity>? list)
    {
        if (list is null || list.Count == 0)
        {
            return Zero;
        }

        long cpu = 0, memory = 0, storage = 0;
        var extended = None;
        foreach (var (name, quantity) in list)
        {
            switch (name)
            {
                case "cpu":
                    cpu = Ceiling(quantity, 1000);
                    break;
                case "memory":
                    memory = Ceiling(quantity, 1);
                    break;
                case "ephemeral-storage":
                    storage = Ceiling(quantity, 1);
                    break;
                case "pods" or "storage":
                    break;
                default:
                    extended = extended.SetItem(name, Ceiling(quantity, 1));
                    break;
            }
        }

        return new ResourceAmounts(cpu, memory, storage, extended);
    }

    /// <summary>A quantity in units of 1/scale, rounded up; what is beyond the range of a long becomes its end.</summary>
    public static long Ceiling(ResourceQuantity? quantity, int scale)
    {
        var value = quantity?.ToDecimal() ?? 0;
        return value >= long.MaxValue / scale ? long.MaxValue : (long)Math.Ceiling(value * scale);
    }

    private static ResourceAmounts Combine(ResourceAmounts a, ResourceAmounts b, Func<long, long, long> how)
    {
        var extended = a.Extended;
        if (b.Extended.Count > 0)
        {
            foreach (var (name, amount) in b.Extended)
            {
                extended = extended.SetItem(name, how(a[name], amount));
            }
        }

        return new ResourceAmounts(how(a.MilliCpu, b.MilliCpu), how(a.Memory, b.Memory), how(a.EphemeralStorage, b.EphemeralStorage), extended);
    }
}
