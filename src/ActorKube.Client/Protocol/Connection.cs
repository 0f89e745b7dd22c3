using ActorKube.Api.Meta;
using Akka.Actor;
using k8s.Models;

namespace ActorKube.Client.Protocol;

/// <summary>
/// The conversation of a component with an API server over Akka. A component sends <see cref="Connect"/> to
/// <c>/user/apiserver</c>; the answer names a connection actor of its own, to which all requests go. When either side
/// dies, death watch ends the connection and all its watches.
/// </summary>
/// <param name="Credential">Proof of who is calling.</param>
/// <param name="Client">The component, told of <see cref="WatchEvents"/> and <see cref="WatchClosed"/>.</param>
public sealed record Connect(ApiCredential Credential, IActorRef Client);

/// <summary>Proof of identity.</summary>
public abstract record ApiCredential;

/// <summary>A component of the same process. Never crosses a process: the server refuses it from a remote sender.</summary>
/// <param name="User">Who the component is.</param>
public sealed record InProcessCredential(UserInfo User) : ApiCredential;

/// <summary>A bearer token: a node's join token (which makes the caller <c>system:node:&lt;node&gt;</c>) or any token the HTTPS side would take.</summary>
/// <param name="Token">The token.</param>
/// <param name="NodeName">The node that joins with the token; empty for other tokens.</param>
public sealed record TokenCredential(string Token, string NodeName = "") : ApiCredential;

/// <summary>The connection stands.</summary>
/// <param name="Connection">Where requests go.</param>
/// <param name="User">Who the server takes the caller for.</param>
public sealed record Connected(IActorRef Connection, UserInfo User);

/// <summary>The credential was refused.</summary>
/// <param name="Status">401 or 403.</param>
public sealed record ConnectRefused(V1Status Status);

/// <summary>A request; answered to the sender by <see cref="RequestDone"/> with the same id.</summary>
/// <param name="Id">Chosen by the client, unique on the connection.</param>
/// <param name="Request">What is asked.</param>
public sealed record SendRequest(long Id, ApiRequest Request);

/// <summary>The answer to <see cref="SendRequest"/>.</summary>
/// <param name="Id">The request's id.</param>
/// <param name="Response">The answer.</param>
public sealed record RequestDone(long Id, ApiResponse Response);

/// <summary>Opens a watch. Its events come as <see cref="WatchEvents"/> until <see cref="WatchClosed"/>.</summary>
/// <param name="Id">Chosen by the client, unique on the connection.</param>
/// <param name="Request">A request whose verb is <c>watch</c>.</param>
public sealed record OpenWatch(long Id, ApiRequest Request);

/// <summary>Events of one watch, in order.</summary>
/// <param name="Id">The watch.</param>
/// <param name="Events">At least one event.</param>
public sealed record WatchEvents(long Id, IReadOnlyList<ApiWatchEvent> Events);

/// <summary>The client took so many events: the server keeps at most a bounded number unacknowledged and closes a watch that falls behind.</summary>
/// <param name="Id">The watch.</param>
/// <param name="Count">Events taken since the last acknowledgement.</param>
public sealed record WatchAck(long Id, int Count);

/// <summary>The client wants no more events.</summary>
/// <param name="Id">The watch.</param>
public sealed record CloseWatch(long Id);

/// <summary>The server ended a watch.</summary>
/// <param name="Id">The watch.</param>
/// <param name="Error">Why, or null when its time was up.</param>
public sealed record WatchClosed(long Id, V1Status? Error);
