using ActorKube.ContainerRuntime.Processes;

namespace ActorKube.ContainerRuntime.Tests.Processes;

public sealed class ProcessTreesTests : IDisposable
{
    private readonly string _proc = Directory.CreateTempSubdirectory("actorkube-proc").FullName;

    public ProcessTreesTests() => File.WriteAllText(Path.Combine(_proc, "stat"), "cpu 1 2 3\n");

    public void Dispose() => Directory.Delete(_proc, recursive: true);

    [Fact]
    public void A_process_uses_what_its_descendants_do_and_what_those_it_waited_for_did()
    {
        Add(10, parent: 1, user: 5, system: 1, waited: 4, pages: 100);
        Add(11, parent: 10, user: 20, system: 0, waited: 0, pages: 10);
        Add(12, parent: 11, user: 0, system: 30, waited: 0, pages: 1);
        Add(99, parent: 1, user: 1000, system: 0, waited: 0, pages: 1000);
        var usage = ProcessTrees.Read(_proc)!.Of(10)!.Value;
        Assert.Equal((600_000_000UL, 111UL * (ulong)Environment.SystemPageSize), usage);
    }

    [Fact]
    public void A_process_that_ended_uses_nothing() => Assert.Null(ProcessTrees.Read(_proc)!.Of(10));

    [Fact]
    public void Without_proc_there_is_nothing_to_tell() => Assert.Null(ProcessTrees.Read(Path.Combine(_proc, "nowhere")));

    private void Add(int id, int parent, int user, int system, int waited, int pages)
    {
        var directory = Directory.CreateDirectory(Path.Combine(_proc, $"{id}")).FullName;
        File.WriteAllText(Path.Combine(directory, "stat"), $"{id} (a) b) c) S {parent} 1 1 0 -1 0 0 0 0 0 {user} {system} {waited} 0 20 0 1 0 777 1000000 {pages} 18446744073709551615\n");
    }
}
