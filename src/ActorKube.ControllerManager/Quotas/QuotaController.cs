using System.Reflection;
using ActorKube.Api.Kinds;
using ActorKube.Api.Quota;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Quotas;

/// <summary>
/// Counts what is used of each ResourceQuota. The API server charges what is written before it is written; here what is gone is given back,
/// and what was charged for writes that then failed. Decisions are <see cref="QuotaReconciler"/>'s.
/// </summary>
internal sealed class QuotaController : IController
{
    private readonly ILister<V1ResourceQuota> _quotas;
    private readonly Dictionary<string, Func<string, IEnumerable<object>>> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectKey, QuotaBaseline> _baselines = [];
    private readonly CustomObjects _customs;
    private DateTimeOffset _now;

    public QuotaController(IInformerFactory informers, CustomObjects customs)
    {
        _customs = customs;
        var quotas = informers.Informer<V1ResourceQuota>();
        _quotas = quotas.Lister;
        var sources = new List<Source> { Source.Of(quotas, KeysOf) };
        _objects["resourcequotas"] = ns => _quotas.List(ns);
        var watch = typeof(QuotaController).GetMethod(nameof(Watch), BindingFlags.Instance | BindingFlags.NonPublic)!;
        foreach (var kind in Counted)
            sources.Add((Source)watch.MakeGenericMethod(kind.ClrType!).Invoke(this, [kind, informers])!);
        sources.Add(customs.Source((type, ns) => _quotas.List(ns).Where(q => QuotaReconciler.CountsType(q, type)).Select(ObjectKey.Of)));
        Sources = sources;
    }

    public string Name => "resourcequota";

    public IReadOnlyList<Source> Sources { get; }

    /// <summary>Every kind that can be counted; quotas themselves are watched apart.</summary>
    internal static IReadOnlyList<ResourceKind> Counted { get; } =
    [
        .. KindRegistry.BuiltIn.All
            .Where(k => k.Namespaced && k.IsStored && k.ClrType is not null && k.ClrType != typeof(V1ResourceQuota) && k.Allows("watch") && k.Resource != "events")
            .DistinctBy(k => k.GroupResource),
    ];

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        _now = context.Now;
        if (_quotas.Get(key.Namespace, key.Name) is not { } quota)
        {
            _baselines.Remove(key);
            return Plan.Nothing;
        }

        var (plan, baseline) = QuotaReconciler.Reconcile(
            quota, type => _objects.TryGetValue(type, out var list) ? list(key.Namespace) : _customs.In(type, key.Namespace), _baselines.GetValueOrDefault(key), context.Now);
        if (baseline is null)
            _baselines.Remove(key);
        else
            _baselines[key] = baseline;
        return plan;
    }

    private IEnumerable<ObjectKey> KeysOf(V1ResourceQuota quota) =>
        [ObjectKey.Of(quota), .. _quotas.List(quota.Metadata.NamespaceProperty).Where(q => QuotaReconciler.CountsType(q, "resourcequotas")).Select(ObjectKey.Of)];

    private Source Watch<T>(ResourceKind kind, IInformerFactory informers) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var informer = informers.Informer<T>();
        var evaluator = QuotaEvaluator.Of(kind);
        _objects[kind.GroupResource] = ns => informer.Lister.List(ns);
        return Source.OfChanges(informer, (old, value) => Concerns(informer, evaluator, old, value));
    }

    // What is new was charged already; what is gone, or became less, is to be given back.
    private IEnumerable<ObjectKey> Concerns<T>(IInformer<T> informer, QuotaEvaluator evaluator, T? old, T value) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var ns = value.Metadata.NamespaceProperty;
        var quotas = _quotas.List(ns);
        if (quotas.Count == 0)
            return [];
        var matters = old is null
            ? informer.Lister.Get(ns, value.Metadata.Name)?.Metadata.Uid != value.Metadata.Uid
            : QuotaReconciler.IsLess(evaluator.Usage(value, _now), evaluator.Usage(old, _now));
        return matters ? [.. quotas.Where(q => QuotaReconciler.CountsType(q, evaluator.GroupResource)).Select(ObjectKey.Of)] : [];
    }
}
