using System.Text;
using ActorKube.ContainerRuntime.Processes;
using CsCheck;

namespace ActorKube.ContainerRuntime.Tests.Processes;

public sealed class CriLogFileTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), "cri-log-" + Guid.NewGuid().ToString("N"));

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    [Fact]
    public void A_line_has_time_stream_tag_and_text()
    {
        var path = Path.Combine(_directory, "a.log");
        using (var log = new CriLogFile(path, new FixedTime()))
        {
            log.Write("stdout", "one\ntw"u8);
            log.Write("stderr", "oops\n"u8);
            log.Write("stdout", "o\nrest"u8);
        }

        Assert.Equal(
            "2026-01-02T03:04:05.678901200Z stdout F one\n2026-01-02T03:04:05.678901200Z stderr F oops\n"
            + "2026-01-02T03:04:05.678901200Z stdout F two\n2026-01-02T03:04:05.678901200Z stdout P rest\n",
            File.ReadAllText(path));
    }

    [Fact]
    public void Reading_it_back_gives_the_output_however_it_was_cut()
    {
        var piece = Gen.Select(Gen.Int[0, 40_000], Gen.Bool, (length, newline) => new string('x', length) + (newline ? "\n" : ""));
        piece.Array[0, 6].Sample(
            pieces =>
            {
                var path = Path.Combine(_directory, Guid.NewGuid().ToString("N"));
                using (var log = new CriLogFile(path, new FixedTime()))
                {
                    foreach (var text in pieces)
                    {
                        log.Write("stdout", Encoding.ASCII.GetBytes(text));
                    }
                }

                var read = new StringBuilder();
                foreach (var line in File.ReadLines(path))
                {
                    var parts = line.Split(' ', 4);
                    Assert.True(parts[3].Length <= 16 * 1024);
                    read.Append(parts[3]).Append(parts[2] == "F" ? "\n" : "");
                }

                return read.ToString() == string.Concat(pieces);
            }, iter: 100, threads: 1);
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(6_789_012);
    }
}
