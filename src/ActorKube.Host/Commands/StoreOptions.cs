using System.CommandLine;
using ActorKube.Host.Configuration;
using Akka.Configuration;
using ConfigurationException = ActorKube.Host.Configuration.ConfigurationException;

namespace ActorKube.Host.Commands;

/// <summary>How the commands that work on a store's database are told which one: as the process that runs on it is told.</summary>
internal sealed class StoreOptions
{
    private readonly Option<string?> _config = ProcessCommand.ConfigOption();
    private readonly Option<string[]> _set = ProcessCommand.SetOption();
    private readonly Option<string?> _dataDir = new("--data-dir") { Description = "The data folder of the process, where its configuration names none." };

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_config);
        command.Add(_dataDir);
        command.Add(_set);
    }

    /// <summary>The configuration.</summary>
    /// <exception cref="ConfigurationException">It is wrong, or none was named: no database is one's own by chance.</exception>
    public Config Load(ParseResult parsed)
    {
        var settings = new List<string>(parsed.GetValue(_set) ?? []);
        if (parsed.GetValue(_dataDir) is { } dataDir)
            settings.Add($"actorkube.data-dir={dataDir}");
        if (parsed.GetValue(_config) is null && settings.Count == 0)
            throw new ConfigurationException("say which database: --config FILE as for the process that runs on it, or --data-dir FOLDER");
        return ProcessConfiguration.Load(parsed.GetValue(_config), settings, "seed");
    }
}
