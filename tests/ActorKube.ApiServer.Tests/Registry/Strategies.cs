using System.Text;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Registry;

/// <summary>Runs objects through their strategy the way a request does.</summary>
internal static class Strategies
{
    public static readonly DateTimeOffset Now = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);

    public static Strategy Of<T>() => StrategyRegistry.BuiltIn.Of(KindRegistry.BuiltIn.Of(typeof(T)));

    public static T Yaml<T>(string yaml) where T : IKubernetesObject<V1ObjectMeta>
    {
        var decoded = StrictDecoder.DecodeYaml(Encoding.UTF8.GetBytes(yaml), typeof(T));
        Assert.Null(decoded.Error);
        Assert.Null(decoded.StrictError);
        return (T)decoded.Value!;
    }

    /// <summary>The object as it would be stored, and what is wrong with it.</summary>
    public static (T Value, List<string> Errors) Create<T>(string yaml) where T : IKubernetesObject<V1ObjectMeta>
    {
        var (strategy, value) = (Of<T>(), Yaml<T>(yaml));
        value.Metadata ??= new V1ObjectMeta();
        strategy.Default(value);
        strategy.DefaultOnCreate(value);
        strategy.PrepareForCreate(value);
        return (value, [.. strategy.ValidateCreate(value).Select(e => e.ToString())]);
    }

    public static List<string> ErrorsOf<T>(string yaml) where T : IKubernetesObject<V1ObjectMeta> => Create<T>(yaml).Errors;

    /// <summary>The object after a change, and what is wrong with the change.</summary>
    public static (T Value, List<string> Errors) Update<T>(T old, Action<T> change) where T : IKubernetesObject<V1ObjectMeta>
    {
        var (strategy, value) = (Of<T>(), ApiJson.Copy(old));
        change(value);
        strategy.Default(value);
        strategy.PrepareForUpdate(value, old);
        return (value, [.. strategy.ValidateUpdate(value, old).Select(e => e.ToString())]);
    }

    /// <summary>The row, without the columns that only <c>-o wide</c> shows when <paramref name="wide"/> is false.</summary>
    public static string Row<T>(T value, bool wide = false)
    {
        var strategy = Of<T>();
        var cells = strategy.Cells(value!, Now);
        Assert.Equal(strategy.Columns.Count, cells.Count);
        return string.Join(" | ", cells.Where((_, i) => wide || strategy.Columns[i].Priority == 0));
    }
}
