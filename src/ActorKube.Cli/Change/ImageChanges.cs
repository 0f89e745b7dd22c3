using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Change;

/// <summary>The words of <c>set image</c> that say which container gets which image: <c>web=web:2 *=base:1</c>. Pure.</summary>
/// <param name="Resources">The words before, which name objects.</param>
/// <param name="Images">Container, or <c>*</c> for all of them, and image.</param>
internal sealed record ImageChanges(string[] Resources, IReadOnlyList<KeyValuePair<string, string>> Images)
{
    /// <summary>Reads the words.</summary>
    public static ImageChanges Read(IReadOnlyList<string> words)
    {
        var resources = words.TakeWhile(w => !w.Contains('=')).ToArray();
        var images = new List<KeyValuePair<string, string>>();
        foreach (var word in words.Skip(resources.Length))
        {
            if (word.Split('=', 2) is not [{ Length: > 0 } container, { Length: > 0 } image])
                throw new CliException($"all resources must be specified before image changes: {word}");
            images.Add(new(container, image));
        }

        if (images.Count == 0)
            throw new CliException("at least one image update is required");
        return images.Count > 1 && images.Any(i => i.Key == "*") ? throw new CliException("all containers are already specified by *, but saw more than one container_name=container_image pairs") : new ImageChanges(resources, images);
    }

    /// <summary>The patch of an object; null where it has the images already.</summary>
    public JsonObject? PatchOf(JsonObject value)
    {
        var containers = PodTemplates.Required(value);
        var missing = Images.FirstOrDefault(i => i.Key != "*" && containers.All(c => c.Container.Text("name") != i.Key)).Key;
        if (missing is not null)
            throw new CliException($"unable to find container named \"{missing}\"");
        return PodTemplates.Patch(value, Images.SelectMany(image => containers
            .Where(c => (image.Key == "*" || c.Container.Text("name") == image.Key) && c.Container.Text("image") != image.Value)
            .Select(c => (c.List, c.Container.Text("name"), new JsonObject { ["image"] = image.Value }))));
    }
}
