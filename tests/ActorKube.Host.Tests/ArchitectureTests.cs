using System.Xml.Linq;

namespace ActorKube.Host.Tests;

/// <summary>Who may refer to whom, read off the project files; the same table stands in docs/architecture.md.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Api"] = [],
        ["Client"] = ["Api"],
        ["Store"] = ["Api"],
        ["ApiServer"] = ["Api", "Client", "Store"],
        ["Scheduler"] = ["Api", "Client"],
        ["ControllerManager"] = ["Api", "Client"],
        ["ContainerRuntime"] = [],
        ["Kubelet"] = ["Api", "Client", "ContainerRuntime"],
        ["KubeProxy"] = ["Api", "Client"],
        ["Host"] = ["Api", "Client", "Store", "ApiServer", "Scheduler", "ControllerManager", "ContainerRuntime", "Kubelet", "KubeProxy"],
        ["Cli"] = ["Api", "Client"],
    };

    private static string Root { get; } = FindRoot();

    public static TheoryData<string> Projects()
    {
        var data = new TheoryData<string>();
        foreach (var folder in Directory.GetDirectories(Path.Combine(Root, "src")).Order())
            data.Add(Path.GetFileName(folder)["ActorKube.".Length..]);
        return data;
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_refers_only_to_those_below_it(string project)
    {
        Assert.True(Allowed.TryGetValue(project, out var allowed), $"{project} is not in the table of who may refer to whom");
        var references = Items(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Replace('\\', '/'))["ActorKube.".Length..]);
        Assert.Empty(references.Except(allowed!));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Only_the_store_uses_Akka_Persistence(string project)
    {
        var uses = Items(project, "PackageReference").Any(p => p.StartsWith("Akka.Persistence", StringComparison.Ordinal));
        Assert.Equal(project == "Store", uses);
    }

    [Fact]
    public void The_model_knows_nothing_of_actors_or_the_web()
    {
        Assert.DoesNotContain(Items("Api", "PackageReference"), p => p.StartsWith("Akka", StringComparison.Ordinal));
        Assert.Empty(Items("Api", "FrameworkReference"));
    }

    private static IEnumerable<string> Items(string project, string item) =>
        XDocument.Load(Path.Combine(Root, "src", $"ActorKube.{project}", $"ActorKube.{project}.csproj")).Descendants(item).Select(e => (string)e.Attribute("Include")!);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ActorKube.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the solution is not above the test assembly");
        return folder;
    }
}
