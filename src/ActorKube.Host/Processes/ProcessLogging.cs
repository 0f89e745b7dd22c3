using Microsoft.Extensions.DependencyInjection;
using Akka.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace ActorKube.Host.Processes;

/// <summary>The log on standard error, from the level <c>actorkube.log-level</c> on.</summary>
public static class ProcessLogging
{
    /// <summary>The level from which on actors log: what nobody will see is not even written.</summary>
    public static Akka.Event.LogLevel ActorLevel(Config config) => Level(config) switch
    {
        <= LogLevel.Debug => Akka.Event.LogLevel.DebugLevel,
        LogLevel.Information => Akka.Event.LogLevel.InfoLevel,
        LogLevel.Warning => Akka.Event.LogLevel.WarningLevel,
        _ => Akka.Event.LogLevel.ErrorLevel,
    };

    /// <summary>Makes the factory that every component logs to.</summary>
    public static ILoggerFactory Create(Config config)
    {
        var level = Level(config);
        return LoggerFactory.Create(builder => builder
            .SetMinimumLevel(level)
            // What stops a process from starting is told in one line by the command itself.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddFilter("Akka.Hosting.AkkaHostedService", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore", level < LogLevel.Information ? level : LogLevel.Warning)
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
                console.ColorBehavior = LoggerColorBehavior.Default;
            })
            .Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace));
    }

    private static LogLevel Level(Config config)
    {
        var text = config.GetString("actorkube.log-level");
        return Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level)
            ? level
            : throw new Configuration.ConfigurationException($"actorkube.log-level: '{text}' is not one of trace, debug, information, warning, error, none");
    }
}
