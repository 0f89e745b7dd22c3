using ActorKube.Client.Events;
using k8s.Models;

namespace ActorKube.Client.Tests.Events;

public class EventCorrelatorTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly EventCorrelator _correlator = new();
    private int _made;

    [Fact]
    public void The_same_event_again_raises_the_count_of_the_stored_one()
    {
        var first = Assert.IsType<EventAction.Create>(_correlator.Decide(Event("pulling"), Start));
        var second = Assert.IsType<EventAction.Raise>(_correlator.Decide(Event("pulling"), Start.AddMinutes(1)));

        Assert.Equal(first.Event.Metadata.Name, second.Event.Metadata.Name);
        Assert.Equal(2, second.Event.Count);
        Assert.Equal(first.Event.FirstTimestamp, second.Event.FirstTimestamp);
    }

    [Fact]
    public void From_the_eleventh_different_message_on_they_are_combined()
    {
        for (var i = 0; i < 10; i++)
            Assert.IsType<EventAction.Create>(_correlator.Decide(Event($"try {i}"), Start));

        var eleventh = Assert.IsType<EventAction.Create>(_correlator.Decide(Event("try 10"), Start));
        var twelfth = Assert.IsType<EventAction.Raise>(_correlator.Decide(Event("try 11"), Start));

        Assert.Equal("(combined from similar events): try 10", eleventh.Event.Message);
        Assert.Equal("(combined from similar events): try 11", twelfth.Event.Message);
        Assert.Equal(2, twelfth.Event.Count);
    }

    [Fact]
    public void Ten_quiet_minutes_end_the_combining()
    {
        for (var i = 0; i < 12; i++)
            _correlator.Decide(Event($"try {i}"), Start);

        var later = Assert.IsType<EventAction.Create>(_correlator.Decide(Event("try 12"), Start.AddMinutes(11)));
        Assert.Equal("try 12", later.Event.Message);
    }

    [Fact]
    public void A_source_may_tell_25_events_at_once_and_one_more_each_five_minutes()
    {
        for (var i = 0; i < 25; i++)
            Assert.IsNotType<EventAction.Drop>(_correlator.Decide(Event("again"), Start));

        Assert.IsType<EventAction.Drop>(_correlator.Decide(Event("again"), Start));
        Assert.IsNotType<EventAction.Drop>(_correlator.Decide(Event("again", about: "other"), Start));
        Assert.IsNotType<EventAction.Drop>(_correlator.Decide(Event("again"), Start.AddMinutes(5.1)));
        Assert.IsType<EventAction.Drop>(_correlator.Decide(Event("again"), Start.AddMinutes(5.2)));
    }

    private Corev1Event Event(string message, string about = "web") => new()
    {
        Metadata = new V1ObjectMeta { Name = $"{about}.{++_made}", NamespaceProperty = "default" },
        InvolvedObject = new V1ObjectReference { ApiVersion = "v1", Kind = "Pod", NamespaceProperty = "default", Name = about, Uid = "u" },
        Type = "Normal",
        Reason = "Test",
        Message = message,
        Source = new V1EventSource { Component = "test" },
        Count = 1,
    };
}
