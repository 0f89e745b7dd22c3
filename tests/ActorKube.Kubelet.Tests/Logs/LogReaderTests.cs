using System.Globalization;
using System.Text;
using ActorKube.Kubelet.Logs;
using ActorKube.Kubelet.Tests.Fakes;
using CsCheck;

namespace ActorKube.Kubelet.Tests.Logs;

public sealed class LogReaderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Path => _directory["0.log"];

    [Fact]
    public void Lines_are_parsed_with_all_their_parts()
    {
        Assert.True(CriLogLine.TryParse("2016-10-06T00:17:09.669794202Z stderr P log content "u8.ToArray(), out var line));
        Assert.True(line is { IsError: true, IsPartial: true, TimeText: "2016-10-06T00:17:09.669794202Z" });
        Assert.Equal("log content ", Encoding.UTF8.GetString(line.Content.Span));
        Assert.True(CriLogLine.TryParse("2016-10-06T00:17:10.1+02:00 stdout F"u8.ToArray(), out var empty));
        Assert.Equal(0, empty.Content.Length);
        Assert.Equal("2016-10-05T22:17:10.100000000Z", empty.TimeText);
        Assert.False(CriLogLine.TryParse("nonsense"u8.ToArray(), out _));
        Assert.False(CriLogLine.TryParse("2016-10-06T00:17:10Z other F x"u8.ToArray(), out _));
    }

    [Fact]
    public async Task Partial_lines_are_joined_and_time_stamps_stand_before_whole_lines()
    {
        Write(("a", false), ("b", true), ("c", false));
        Assert.Equal("a\nbc\n", await ReadAsync(new LogOptions()));
        Assert.Equal("2026-01-31T12:00:00.000000000Z a\n2026-01-31T12:00:01.000000000Z bc\n", await ReadAsync(new LogOptions { Timestamps = true }));
    }

    [Fact]
    public async Task A_tail_holds_exactly_the_last_lines() => await Gen.Select(Gen.Int[0, 50], Gen.Int[0, 60], Gen.Int[1, 3000]).SampleAsync(async (count, tail, width) =>
    {
        var path = _directory[$"{Guid.NewGuid():n}.log"];
        var lines = Enumerable.Range(0, count).Select(n => new string((char)('a' + n % 26), width)).ToList();
        await File.WriteAllLinesAsync(path, lines.Select(l => $"2026-01-31T12:00:00.000000000Z stdout F {l}"));
        Assert.Equal(string.Concat(lines.TakeLast(tail).Select(l => l + "\n")), await ReadAsync(new LogOptions { TailLines = tail }, path));
    }, iter: 50);

    [Fact]
    public async Task Limits_times_and_streams_select()
    {
        Write(("one", false), ("two", false), ("three", false));
        await File.AppendAllTextAsync(Path, "2026-01-31T12:00:09.000000000Z stderr F oops\n");
        Assert.Equal("one\ntw", await ReadAsync(new LogOptions { LimitBytes = 6 }));
        Assert.Equal("three\noops\n", await ReadAsync(new LogOptions { Since = Some.Noon.AddSeconds(2) }));
        Assert.Equal("oops\n", await ReadAsync(new LogOptions { Stream = "Stderr" }));
    }

    [Fact]
    public async Task Following_ends_with_the_container_after_its_last_words()
    {
        Write(("first", false));
        var running = true;
        var output = new MemoryStream();
        var reading = LogReader.CopyAsync(Path, new LogOptions { Follow = true }, output, _ => Task.FromResult(running), default);
        await UntilAsync(() => Text(output) == "first\n");
        await File.AppendAllTextAsync(Path, "2026-01-31T12:00:01.000000000Z stdout F second\n");
        await UntilAsync(() => Text(output) == "first\nsecond\n");
        await File.AppendAllTextAsync(Path, "2026-01-31T12:00:02.000000000Z stdout F last\n");
        running = false;
        await reading.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("first\nsecond\nlast\n", Text(output));
    }

    [Fact]
    public async Task Following_goes_on_in_the_new_file_after_a_rotation()
    {
        Write(("old", false));
        using var leave = new CancellationTokenSource();
        var output = new MemoryStream();
        var reading = LogReader.CopyAsync(Path, new LogOptions { Follow = true }, output, _ => Task.FromResult(true), leave.Token);
        await UntilAsync(() => Text(output) == "old\n");
        File.Move(Path, Path + ".20260131-120000");
        await File.WriteAllTextAsync(Path, "2026-01-31T12:00:02.000000000Z stdout F new\n");
        await UntilAsync(() => Text(output) == "old\nnew\n");
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Theory]
    [InlineData("tailLines", "-1")]
    [InlineData("tailLines", "x")]
    [InlineData("limitBytes", "0")]
    [InlineData("sinceSeconds", "0")]
    [InlineData("sinceTime", "yesterday")]
    public void Nonsense_in_the_query_is_refused(string name, string value)
    {
        Assert.Null(LogOptions.Parse(n => n == name ? value : null, Some.Noon, out var error));
        Assert.NotNull(error);
    }

    [Fact]
    public async Task The_end_of_the_log_stands_in_for_last_words_that_were_not_written()
    {
        Write(("starting", false), ("boom", false));
        var message = _directory["message"];
        await File.WriteAllTextAsync(message, "");
        Assert.Equal("starting\nboom\n", await TerminationMessage.ReadAsync(message, "FallbackToLogsOnError", 1, Path, "-"));
        Assert.Equal("-", await TerminationMessage.ReadAsync(message, "FallbackToLogsOnError", 0, Path, "-"));
        Assert.Equal("-", await TerminationMessage.ReadAsync(message, "File", 1, Path, "-"));
        await File.WriteAllTextAsync(message, "own words");
        Assert.Equal("own words", await TerminationMessage.ReadAsync(message, "File", 1, Path, "-"));
    }

    private static string Text(MemoryStream stream) => Encoding.UTF8.GetString(stream.ToArray());

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var deadline = Environment.TickCount64 + 10_000; !holds();)
        {
            Assert.True(Environment.TickCount64 < deadline, "it does not come true");
            await Task.Delay(5);
        }
    }

    private async Task<string> ReadAsync(LogOptions options, string? path = null)
    {
        var output = new MemoryStream();
        await LogReader.CopyAsync(path ?? Path, options, output, _ => Task.FromResult(false), default);
        return Text(output);
    }

    private void Write(params (string Text, bool Partial)[] lines) => File.WriteAllText(Path, string.Concat(lines.Select((l, n) =>
        string.Create(CultureInfo.InvariantCulture, $"{Some.Noon.AddSeconds(n):yyyy-MM-ddTHH:mm:ss}.000000000Z stdout {(l.Partial ? "P" : "F")} {l.Text}\n"))));
}
