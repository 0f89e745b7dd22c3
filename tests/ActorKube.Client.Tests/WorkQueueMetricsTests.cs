using System.Diagnostics.Metrics;

namespace ActorKube.Client.Tests;

public class WorkQueueMetricsTests
{
    [Fact]
    public void A_queue_tells_how_much_waits_and_how_often_it_was_asked()
    {
        var seen = new Dictionary<string, double>();
        using var listener = new MeterListener { InstrumentPublished = (i, self) => { if (i.Meter.Name == ClientMetrics.MeterName) { self.EnableMeasurementEvents(i); } } };
        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.Length == 1 && (string?)tags[0].Value == "measured")
            {
                seen[instrument.Name] = seen.GetValueOrDefault(instrument.Name) + (instrument is Histogram<double> ? 1 : value);
            }
        }

        listener.SetMeasurementEventCallback<long>((i, v, t, _) => Take(i, v, t));
        listener.SetMeasurementEventCallback<double>((i, v, t, _) => Take(i, v, t));
        listener.Start();
        var queue = new WorkQueue<string>(metrics: new WorkQueueMetrics<string>("measured", TimeProvider.System));
        queue.Add("a");
        queue.Add("a");
        queue.Add("b");
        Assert.True(queue.TryTake(DateTimeOffset.UnixEpoch, out var key));
        queue.AddFailed(key, DateTimeOffset.UnixEpoch);
        queue.Done(key);
        Assert.Equal(2, seen["workqueue_adds_total"]);
        Assert.Equal(1, seen["workqueue_depth"]);
        Assert.Equal(1, seen["workqueue_retries_total"]);
        Assert.Equal(1, seen["workqueue_queue_duration_seconds"]);
        Assert.Equal(1, seen["workqueue_work_duration_seconds"]);
    }
}
