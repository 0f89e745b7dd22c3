using System.Collections.Frozen;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.CustomResources;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>The strategy of every kind that is stored or listed: its own where this assembly has one, else the default.</summary>
public sealed class StrategyRegistry
{
    private readonly FrozenDictionary<ResourceKind, Strategy> _byKind;

    private StrategyRegistry(IEnumerable<Strategy> strategies) => _byKind = strategies.ToFrozenDictionary(s => s.Kind);

    /// <summary>Strategies of the built-in kinds.</summary>
    public static StrategyRegistry BuiltIn { get; } = Discover(KindRegistry.BuiltIn);

    /// <summary>All strategies.</summary>
    public IEnumerable<Strategy> All => _byKind.Values;

    /// <summary>The strategy of a kind that is stored or listed. Throws <see cref="KeyNotFoundException"/> for another one.</summary>
    public Strategy Of(ResourceKind kind) => kind is CustomResourceKind custom ? custom.Strategy : _byKind[kind];

    private static StrategyRegistry Discover(KindRegistry kinds)
    {
        var own = typeof(Strategy).Assembly.GetTypes()
            .Where(t => t.IsSubclassOf(typeof(Strategy)) && !t.IsAbstract && !t.IsGenericTypeDefinition && t.GetConstructor(Type.EmptyTypes) is not null)
            .Select(t => (Strategy)Activator.CreateInstance(t)!)
            .ToDictionary(s => s.Kind);
        return new StrategyRegistry(kinds.All
            .Where(k => (k.IsStored || k.Allows("list")) && k.ClrType is not null && k.ClrType.IsAssignableTo(typeof(IKubernetesObject<V1ObjectMeta>)))
            .Select(k => own.GetValueOrDefault(k) ?? (Strategy)Activator.CreateInstance(typeof(DefaultStrategy<>).MakeGenericType(k.ClrType!))!));
    }
}
