namespace ActorKube.Api.Backup;

/// <summary>
/// One record of a backup. In order: a <see cref="BackupHeader"/>; some <see cref="BackupKey"/>; for each resource type a <see cref="BackupResource"/>, its
/// <see cref="BackupSnapshot"/> where there is one, its <see cref="BackupBase"/>s, and its <see cref="BackupEvent"/>s; a <see cref="BackupEnd"/>.
/// </summary>
public abstract record BackupRecord;

/// <summary>What the backup is of.</summary>
public sealed record BackupHeader : BackupRecord
{
    /// <summary>Uid of the namespace <c>kube-system</c>, which stands for the cluster; empty where it was not known.</summary>
    public string Cluster { get; init; } = "";

    /// <summary>The moment that the backup shows.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Version of the program that wrote it.</summary>
    public string Version { get; init; } = "";

    /// <summary>Kind of the database: <c>sqlite</c> or <c>postgresql</c>.</summary>
    public string Database { get; init; } = "";

    /// <summary>Epoch of the store's owner.</summary>
    public long Epoch { get; init; }
}

/// <summary>A file that the cluster's identity rests on: the certificate authority, the key of service account tokens, the key of encrypted objects.</summary>
/// <param name="Name">Which file, such as <c>ca.key</c>.</param>
/// <param name="Content">Its content.</param>
public sealed record BackupKey(string Name, byte[] Content) : BackupRecord;

/// <summary>A resource type; what follows is of it.</summary>
/// <param name="Id">Under which name the journal has it.</param>
/// <param name="Revision">Its revision: the number of its newest event.</param>
/// <param name="FirstEvent">The oldest event that follows; 0 when none does.</param>
/// <param name="Events">How many events follow.</param>
/// <param name="Snapshot">The revision of the snapshot that follows; 0 when none does.</param>
public sealed record BackupResource(string Id, long Revision, long FirstEvent, long Events, long Snapshot) : BackupRecord;

/// <summary>The objects of a resource type as of a revision, as the store keeps them.</summary>
/// <param name="SequenceNr">The revision.</param>
/// <param name="Created">When, in ticks of UTC.</param>
/// <param name="Serializer">Identifier of the serializer that wrote the message.</param>
/// <param name="Manifest">What the message is.</param>
/// <param name="Message">The snapshot.</param>
public sealed record BackupSnapshot(long SequenceNr, long Created, int Serializer, string Manifest, byte[] Message) : BackupRecord;

/// <summary>What stays of an object behind the horizon of the history: its newest event. The one with the empty key says where the horizon is.</summary>
/// <param name="Key">The object.</param>
/// <param name="SequenceNr">The event's number.</param>
/// <param name="Created">When, in ticks of UTC.</param>
/// <param name="Serializer">Identifier of the serializer that wrote the message.</param>
/// <param name="Manifest">What the message is.</param>
/// <param name="Writer">Identifier of the actor's incarnation.</param>
/// <param name="Message">The event.</param>
public sealed record BackupBase(string Key, long SequenceNr, long Created, int Serializer, string Manifest, string Writer, byte[] Message) : BackupRecord;

/// <summary>One event of a resource type, as the store keeps it.</summary>
/// <param name="SequenceNr">Its number, which is the revision.</param>
/// <param name="Created">When, in ticks of UTC.</param>
/// <param name="Serializer">Identifier of the serializer that wrote the message.</param>
/// <param name="Manifest">What the message is.</param>
/// <param name="Writer">Identifier of the actor's incarnation.</param>
/// <param name="IsMarked">Whether it only holds the place of its number, since what it told is in the snapshot.</param>
/// <param name="Message">The event.</param>
public sealed record BackupEvent(long SequenceNr, long Created, int Serializer, string Manifest, string Writer, bool IsMarked, byte[] Message) : BackupRecord;

/// <summary>Everything is there.</summary>
/// <param name="Resources">How many resource types came before.</param>
/// <param name="Events">How many events came before.</param>
public sealed record BackupEnd(long Resources, long Events) : BackupRecord;

/// <summary>The writer could not go on; in place of <see cref="BackupEnd"/>.</summary>
/// <param name="Reason">Why.</param>
public sealed record BackupFailure(string Reason) : BackupRecord;

/// <summary>A backup cannot be used. The message is one line that says why.</summary>
/// <param name="message">Why.</param>
/// <param name="inner">How it was noticed.</param>
public sealed class BackupException(string message, Exception? inner = null) : Exception(message, inner);
