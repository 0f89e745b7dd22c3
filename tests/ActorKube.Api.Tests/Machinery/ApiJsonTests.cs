using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery;

public sealed class ApiJsonTests
{
    private const string Times = """{"metadata":{"creationTimestamp":"TIME"}}""";

    [Fact]
    public void Text_is_written_as_it_is_where_JSON_allows() =>
        Assert.Equal(
            """{"data":{"k":"it's + <é> & \"quoted\"\n"}}""",
            ApiJson.SerializeToString(new V1ConfigMap { Data = new Dictionary<string, string> { ["k"] = "it's + <é> & \"quoted\"\n" } }));

    [Fact]
    public void A_time_has_whole_seconds_and_a_micro_time_six_digits()
    {
        var time = new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc).AddTicks(1_234_567);
        Assert.Equal("""{"metadata":{"creationTimestamp":"2026-01-31T12:00:00Z"},"spec":{"renewTime":"2026-01-31T12:00:00.123456Z"}}""", ApiJson.SerializeToString(Lease(time)));
        Assert.Contains("\"renewTime\":\"2026-01-31T12:00:00.000000Z\"", ApiJson.SerializeToString(Lease(time.AddTicks(-1_234_567))));
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z")]
    [InlineData("2026-01-31T14:00:00+02:00", "2026-01-31T12:00:00Z")]
    [InlineData("2026-01-31T12:00:00.987654Z", "2026-01-31T12:00:00Z")]
    public void A_time_is_read_in_any_zone_and_cut_to_seconds(string text, string expected)
    {
        var pod = ApiJson.Deserialize<V1Pod>(System.Text.Encoding.UTF8.GetBytes(Times.Replace("TIME", text)));
        Assert.Equal(Times.Replace("TIME", expected), ApiJson.SerializeToString(pod));
        var renewed = ApiJson.Deserialize<V1Lease>("""{"spec":{"renewTime":"2026-01-31T12:00:00.123456Z"}}"""u8);
        Assert.Equal(1_234_560, renewed.Spec.RenewTime!.Value.Ticks % TimeSpan.TicksPerSecond);
    }

    private static V1Lease Lease(DateTime time) => new() { Metadata = new V1ObjectMeta { CreationTimestamp = time }, Spec = new V1LeaseSpec { RenewTime = time } };
}
