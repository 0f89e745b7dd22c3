using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ActorKube.Client;
using Prometheus;

namespace ActorKube.ApiServer.Monitoring;

/// <summary>Publishes what <see cref="ClientMetrics"/> measures in this process on <c>/metrics</c>, under the names it has there.</summary>
internal static class MeterBridge
{
    private static readonly double[] QueueBuckets = Histogram.ExponentialBuckets(1e-8, 10, 12);
    private static readonly double[] RequestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

    private static readonly ConcurrentDictionary<string, Series> BySource = [];
    private static readonly Lazy<MeterListener> Listener = new(Listen);

    /// <summary>Begins, once in a process.</summary>
    public static void Start() => _ = Listener.Value;

    private static MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == ClientMetrics.MeterName)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
        return listener;
    }

    private static void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!BySource.TryGetValue(instrument.Name, out var series))
        {
            var names = new string[tags.Length];
            for (var i = 0; i < tags.Length; i++)
            {
                names[i] = tags[i].Key;
            }

            series = BySource.GetOrAdd(instrument.Name, _ => Series.Of(instrument, names));
        }

        var values = new string[tags.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            values[i] = tags[i].Value?.ToString() ?? "";
        }

        series.Take(value, values);
    }

    private sealed record Series(Action<double, string[]> Take)
    {
        public static Series Of(Instrument instrument, string[] labels)
        {
            var help = instrument.Description ?? "";
            switch (instrument)
            {
                case Counter<long>:
                    var counter = Metrics.CreateCounter(instrument.Name, help, labels);
                    return new((value, tags) => counter.WithLabels(tags).Inc(value));
                case UpDownCounter<long>:
                    var gauge = Metrics.CreateGauge(instrument.Name, help, labels);
                    return new((value, tags) => gauge.WithLabels(tags).Inc(value));
                default:
                    var buckets = instrument.Name.StartsWith("workqueue", StringComparison.Ordinal) ? QueueBuckets : RequestBuckets;
                    var histogram = Metrics.CreateHistogram(instrument.Name, help, new HistogramConfiguration { LabelNames = labels, Buckets = buckets });
                    return new((value, tags) => histogram.WithLabels(tags).Observe(value));
            }
        }
    }
}
