using ActorKube.Api.Machinery;

namespace ActorKube.Cli.Session;

/// <summary>Does the same to several things: what goes wrong with one keeps the others from nothing, and is told at the end.</summary>
internal static class EachTarget
{
    public static async Task RunAsync<T>(IEnumerable<T> targets, Func<T, Task> action)
    {
        var errors = new List<Exception>();
        foreach (var target in targets)
        {
            try
            {
                await action(target);
            }
            catch (Exception e) when (e is ApiException or CliException)
            {
                errors.Add(e);
            }
        }

        SeveralException.ThrowIfAny(errors);
    }
}
