using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using ActorKube.ContainerRuntime.Builtin.Native;

namespace ActorKube.ContainerRuntime.Builtin.Network;

/// <summary>
/// A routing socket to the kernel (rtnetlink), bound to the network namespace of the thread that opens it. It does what a few <c>ip</c> commands would,
/// in microseconds and without a process: a pod's start is mostly waiting for processes otherwise.
/// </summary>
internal sealed partial class RouteNetlink : IDisposable
{
    public const int ErrorExists = 17;
    public const int ErrorNoDevice = 19;
    public const int ErrorNoAddress = 99;
    private const ushort NewLink = 16, DeleteLink = 17, SetLink = 19, NewAddress = 20, DeleteAddress = 21, NewRoute = 24;
    private const ushort Create = 0x400, Exclusive = 0x200, Replace = 0x100;
    private const uint InterfaceUp = 1;
    private const byte FamilyInet = 2, FamilyBridge = 7, FamilyInet6 = 10;
    private readonly int _socket;
    private uint _sequence;

    public RouteNetlink()
    {
        const int netlink = 16, raw = 3, closeOnExec = 0x80000, route = 0;
        _socket = socket(netlink, raw | closeOnExec, route);
        Libc.Check(_socket, "netlink socket");
    }

    /// <summary>Makes a bridge and brings it up; one that exists already is only brought up.</summary>
    public void AddBridge(string name, PhysicalAddress address, int mtu)
    {
        var message = new Message(NewLink, Create).Link(0, 0, 0);
        message.String(InterfaceName, name).Bytes(InterfaceAddress, address.GetAddressBytes()).UInt32(InterfaceMtu, (uint)mtu);
        using (message.Nest(LinkInfo))
            message.String(LinkKind, "bridge");
        Send(message, ErrorExists);
        SetUp(Libc.InterfaceIndex(name));
    }

    /// <summary>Makes a veth pair: our end on the bridge and up, the other end named <paramref name="peer"/> in another network namespace.</summary>
    public void AddVeth(string name, int bridge, string peer, PhysicalAddress peerAddress, int peerNamespace, int mtu)
    {
        var message = new Message(NewLink, Create | Exclusive).Link(0, InterfaceUp, InterfaceUp);
        message.String(InterfaceName, name).UInt32(InterfaceMtu, (uint)mtu).UInt32(InterfaceMaster, (uint)bridge);
        using (message.Nest(LinkInfo))
        {
            message.String(LinkKind, "veth");
            using (message.Nest(LinkData))
            using (message.Nest(VethPeer))
            {
                message.LinkHeader(0, 0, 0, 0);
                message.String(InterfaceName, peer).UInt32(InterfaceMtu, (uint)mtu);
                message.Bytes(InterfaceAddress, peerAddress.GetAddressBytes()).UInt32(InterfaceNamespace, (uint)peerNamespace);
            }
        }
        Send(message);
    }

    /// <summary>Lets a bridge port send a frame back where it came from: a pod that calls itself through its Service.</summary>
    public void SetHairpin(int port)
    {
        var message = new Message(SetLink, 0).Link(port, 0, 0, FamilyBridge);
        using (message.Nest(PortInfo | Nested))
            message.Byte(PortMode, 1);
        Send(message);
    }

    public void SetUp(int index) => Send(new Message(NewLink, 0).Link(index, InterfaceUp, InterfaceUp));

    /// <summary>Deletes an interface; one that is gone is fine.</summary>
    public void Delete(string name) => Send(new Message(DeleteLink, 0).Link(0, 0, 0).String(InterfaceName, name), ErrorNoDevice);

    /// <summary>Adds an address, ready for use at once: nobody else can have it, so nobody is asked.</summary>
    public void AddAddress(int index, IPAddress address, int prefixLength)
    {
        const uint noDuplicateDetection = 2;
        var message = AddressMessage(NewAddress, Create | Replace, index, address, prefixLength);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            message.UInt32(AddressFlags, noDuplicateDetection);
        Send(message, ErrorExists);
    }

    public void RemoveAddress(int index, IPAddress address, int prefixLength) =>
        Send(AddressMessage(DeleteAddress, 0, index, address, prefixLength), ErrorNoAddress);

    public void AddDefaultRoute(int index, IPAddress gateway)
    {
        var message = new Message(NewRoute, Create | Exclusive);
        const byte mainTable = 254, fromBoot = 3, universe = 0, unicast = 1;
        message.Raw([Family(gateway), 0, 0, 0, mainTable, fromBoot, universe, unicast, 0, 0, 0, 0]);
        message.Bytes(RouteGateway, gateway.GetAddressBytes()).UInt32(RouteInterface, (uint)index);
        Send(message, ErrorExists);
    }

    public void Dispose() => Libc.Close(_socket);

    private static Message AddressMessage(ushort type, ushort flags, int index, IPAddress address, int prefixLength)
    {
        var message = new Message(type, flags);
        message.Raw([Family(address), (byte)prefixLength, 0, 0]).Raw(BitConverter.GetBytes(index));
        var bytes = address.GetAddressBytes();
        message.Bytes(AddressLocal, bytes).Bytes(AddressAddress, bytes);
        if (bytes.Length == 4)
        {
            var host = prefixLength >= 31 ? 0 : uint.MaxValue >> prefixLength;
            var broadcast = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(broadcast, BinaryPrimitives.ReadUInt32BigEndian(bytes) | host);
            message.Bytes(AddressBroadcast, broadcast);
        }
        return message;
    }

    private static byte Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? FamilyInet : FamilyInet6;

    private void Send(Message message, int tolerated = 0)
    {
        const ushort error = 2;
        var sequence = ++_sequence;
        var bytes = message.Finish(sequence);
        Libc.Check(send(_socket, bytes, (nuint)bytes.Length, 0), "netlink send");
        Span<byte> answer = stackalloc byte[8192];
        while (true)
        {
            var length = (int)recv(_socket, answer, (nuint)answer.Length, 0);
            Libc.Check(length, "netlink receive");
            if (BinaryPrimitives.ReadUInt32LittleEndian(answer[8..]) != sequence || BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]) != error)
                continue;
            var code = -BinaryPrimitives.ReadInt32LittleEndian(answer[16..]);
            if (code != 0 && code != tolerated)
                throw Libc.Failure($"netlink request {message.Type}", code);
            return;
        }
    }

    private const ushort Nested = 0x8000;
    private const ushort InterfaceAddress = 1, InterfaceName = 3, InterfaceMtu = 4, InterfaceMaster = 10, PortInfo = 12, LinkInfo = 18, InterfaceNamespace = 28;
    private const ushort LinkKind = 1, LinkData = 2, VethPeer = 1, PortMode = 4;
    private const ushort AddressAddress = 1, AddressLocal = 2, AddressBroadcast = 4, AddressFlags = 8;
    private const ushort RouteInterface = 4, RouteGateway = 5;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int fd, ReadOnlySpan<byte> data, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int fd, Span<byte> data, nuint length, int flags);

    /// <summary>A netlink message: a header, a fixed part, then attributes of (length, type, value), each padded to four bytes.</summary>
    private sealed class Message(ushort type, ushort flags)
    {
        private const ushort Request = 1, Acknowledge = 4;
        private readonly List<byte> _bytes = [.. new byte[16]];

        public ushort Type => type;

        public Message Link(int index, uint state, uint change, byte family = 0)
        {
            LinkHeader(index, state, change, family);
            return this;
        }

        public void LinkHeader(int index, uint state, uint change, byte family) =>
            Raw([family, 0, 0, 0]).Raw(BitConverter.GetBytes(index)).Raw(BitConverter.GetBytes(state)).Raw(BitConverter.GetBytes(change));

        public Message Raw(ReadOnlySpan<byte> data)
        {
            _bytes.AddRange(data);
            return this;
        }

        public Message Bytes(ushort attribute, ReadOnlySpan<byte> value)
        {
            Raw(BitConverter.GetBytes((ushort)(4 + value.Length))).Raw(BitConverter.GetBytes(attribute)).Raw(value);
            while (_bytes.Count % 4 != 0)
                _bytes.Add(0);
            return this;
        }

        public Message String(ushort attribute, string value) => Bytes(attribute, Encoding.ASCII.GetBytes(value + "\0"));

        public Message UInt32(ushort attribute, uint value) => Bytes(attribute, BitConverter.GetBytes(value));

        public Message Byte(ushort attribute, byte value) => Bytes(attribute, [value]);

        public IDisposable Nest(ushort attribute)
        {
            var start = _bytes.Count;
            Raw([0, 0]).Raw(BitConverter.GetBytes(attribute));
            return new Nesting(() => Patch(start, BitConverter.GetBytes((ushort)(_bytes.Count - start))));
        }

        public byte[] Finish(uint sequence)
        {
            Patch(0, BitConverter.GetBytes(_bytes.Count));
            Patch(4, BitConverter.GetBytes(type));
            Patch(6, BitConverter.GetBytes((ushort)(flags | Request | Acknowledge)));
            Patch(8, BitConverter.GetBytes(sequence));
            return [.. _bytes];
        }

        private void Patch(int at, byte[] value)
        {
            for (var i = 0; i < value.Length; i++)
                _bytes[at + i] = value[i];
        }

        private sealed class Nesting(Action end) : IDisposable
        {
            public void Dispose() => end();
        }
    }
}
