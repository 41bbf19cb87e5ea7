using Colo.Devices.Net;
using Colo.Node;
using Colo.Proxy;
using static Colo.Tests.Proxy.FrameBuilder;

namespace Colo.Tests.Node;

public sealed class PrimaryNicTests
{
    /// <summary>A primary that wakes from a freeze matches what has queued up, behind a shut gate, and may die just then.</summary>
    [Fact]
    public void What_has_not_left_is_not_confirmed()
    {
        using var wire = new Wire();
        var voice = new Voice();
        using var nic = new PrimaryNic("lan", wire, voice, _ => { });
        nic.Comparer.SetProtected(true);
        nic.Comparer.FromPrimary(Udp([1]), 1);
        nic.Comparer.CheckpointTaken(1, 1);
        nic.Comparer.CheckpointCommitted(1, 1);
        nic.OweCommitted();
        Assert.False(nic.TakeCommitted(), "what waited for the checkpoint is behind the gate");
        voice.Alone();
        nic.OpenGate();
        Assert.Single(wire.Sent);
        Assert.True(nic.TakeCommitted());
        Assert.False(nic.TakeCommitted(), "once for each checkpoint");

        Both(1, 2);
        Assert.True(nic.TakeConfirmed(out var index));
        Assert.Equal((1ul, 2), (index, wire.Sent.Count));
        voice.Silent();
        Both(2, 3);
        Assert.Equal((2ul, 1), (nic.Comparer.ConfirmedIndex, nic.Waiting));
        Assert.False(nic.TakeConfirmed(out _), "a frame that is behind the gate was confirmed");
        voice.Alone();
        // One that comes while others wait does not overtake them.
        Both(3, 4);
        Assert.False(nic.TakeConfirmed(out _));
        nic.OpenGate();
        Assert.True(nic.TakeConfirmed(out index));
        Assert.Equal((3ul, 0), (index, nic.Waiting));
        Assert.Equal([Udp([1]), Udp([2]), Udp([3]), Udp([4])], wire.Sent);

        void Both(ulong at, byte content)
        {
            nic.Comparer.FromPrimary(Udp([content]), 1);
            nic.Comparer.FromSecondary(1, at, SecondaryFrameFlags.None, Udp([content]), 1);
        }
    }

    private sealed class Wire : INetworkBackend
    {
        internal List<byte[]> Sent { get; } = [];

        public int Descriptor => -1;

        public bool TryReceive(Span<byte> frame, out int length)
        {
            length = 0;
            return false;
        }

        public void Send(ReadOnlySpan<byte> frame) => Sent.Add(frame.ToArray());

        public void Dispose()
        {
        }
    }
}
