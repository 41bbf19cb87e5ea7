using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block.Replication;

/// <content>What is under way: flushes and writes of the guest.</content>
public sealed unsafe partial class PrimaryDisk
{
    private sealed class Done(Action<int> done) : IBlockCompletion
    {
        public void Completed(BlockRequest request) => done(request.Error);
    }

    /// <summary>A flush of the guest: the local one, and the answers to all that was sent before it.</summary>
    private sealed class FlushWait : IBlockCompletion
    {
        private readonly PrimaryDisk _disk;

        internal FlushWait(PrimaryDisk disk)
        {
            _disk = disk;
            Local = new BlockRequest(1, this);
        }

        internal BlockRequest Local { get; }

        internal BlockRequest? Request { get; set; }

        internal ulong Barrier { get; private set; }

        internal bool LocalDone { get; private set; }

        internal long SinceNs { get; private set; }

        internal void Begin(BlockRequest request, ulong barrier)
        {
            Request = request;
            Barrier = barrier;
            LocalDone = false;
            Local.Begin(BlockOperation.Flush, 0, 0);
        }

        public void Completed(BlockRequest request)
        {
            LocalDone = true;
            SinceNs = MonotonicClock.Now;
            _disk.CompleteFlushes();
        }
    }

    /// <summary>A write, zeroing or discard under way: one copy of its data, a local and a remote request.</summary>
    private sealed class Write : IBlockCompletion
    {
        private readonly PrimaryDisk _disk;
        private readonly Action<int> _marked;
        private BlockRequest? _guest;
        private IBlockCompletion? _guestCompletion;
        private Action<int>? _syncDone;
        private byte* _copy;
        private bool _localDone;
        private bool _queued;
        private bool _direct;
        private int _error;
        private Write? _earlier;
        private Write? _later;

        internal Write(PrimaryDisk disk)
        {
            _disk = disk;
            _marked = OnMarked;
            Granted = OnGranted;
            Local = new BlockRequest(1, this);
            Remote = new BlockRequest(1, this);
        }

        internal Action Granted { get; }

        internal BlockRequest Local { get; }

        internal BlockRequest Remote { get; }

        internal ulong Sequence { get; set; }

        internal ulong Epoch { get; private set; }

        internal bool RemoteDone { get; set; }

        internal long SinceNs { get; private set; }

        internal void Begin(BlockRequest request)
        {
            _guest = request;
            _syncDone = null;
            _copy = null;
            _localDone = RemoteDone = _queued = _direct = false;
            SinceNs = 0;
            _error = 0;
        }

        internal void BeginSync(long offset, long length, nint data, Action<int> done)
        {
            _guest = null;
            _syncDone = done;
            _copy = null;
            _localDone = _queued = true;
            RemoteDone = _direct = false;
            _error = 0;
            Remote.Begin(data == 0 ? BlockOperation.WriteZeroes : BlockOperation.Write, offset, length);
            Remote.MayUnmap = data == 0;
            if (data != 0)
                Remote.Add(new BlockVector(data, (nuint)length));
        }

        /// <summary>Marked and locked: to the image, and to the secondary if there is one with room.</summary>
        internal void Go()
        {
            var guest = _guest!;
            // While it waited for room the secondary may have come to hold, durably, what was written here before: then that mark is gone.
            if (!_disk._changed.Covers(guest.Offset, guest.Length))
            {
                _disk._changed.Mark(guest.Offset, guest.Length, _marked);
                return;
            }

            Epoch = _disk.Epoch;
            _disk._changed.Touched(guest.Offset, guest.Length, Epoch);
            EnterLocal();
            var zeroes = guest.Operation != BlockOperation.Write;
            if (!_disk.Attached && !zeroes)
            {
                // Nobody else has to see the same bytes: no copy.
                _direct = true;
                RemoteDone = true;
                _guestCompletion = guest.Completion;
                guest.Completion = this;
                _disk._image.Submit(guest);
                return;
            }

            Local.Begin(zeroes ? BlockOperation.WriteZeroes : BlockOperation.Write, guest.Offset, guest.Length);
            Local.MayUnmap = guest.MayUnmap || guest.Operation == BlockOperation.Discard;
            Local.Durable = guest.Durable;
            if (!zeroes)
            {
                _copy = Copy(guest);
                Local.Add(new BlockVector((nint)_copy, (nuint)guest.Length));
            }

            if (_disk.Attached)
            {
                Remote.Begin(Local.Operation, guest.Offset, guest.Length);
                Remote.MayUnmap = Local.MayUnmap;
                if (!zeroes)
                    Remote.Add(Local.Vectors[0]);
                _queued = true;
                _disk.SendRemote(this, guest.Offset, guest.Length);
            }
            else
            {
                RemoteDone = true;
            }

            _disk._image.Submit(Local);
        }

        public void Completed(BlockRequest request)
        {
            if (request == Remote)
            {
                OnRemote(request.Error);
                return;
            }

            _localDone = true;
            LeaveLocal();
            _error = request.Error;
            var guest = _guest!;
            _guest = null;
            if (_direct)
                guest.Completion = _guestCompletion!;
            _disk._locks.Release(guest.Offset, guest.Length);
            // A guest that flushes nothing itself is told when it is durable: on both sides.
            if (guest.Durable && !RemoteDone)
            {
                _guest = guest;
                SinceNs = MonotonicClock.Now;
                _disk._durable.Add(this);
            }
            else
            {
                guest.Complete(_error);
            }

            Finish();
        }

        internal void Finish()
        {
            if (!_localDone || !RemoteDone)
                return;
            if (_guest is { } guest)
            {
                _guest = null;
                _disk._durable.Remove(this);
                guest.Complete(_error);
            }

            if (_syncDone is { } done)
            {
                _syncDone = null;
                done(Remote.Error);
            }

            NativeMemory.AlignedFree(_copy);
            _copy = null;
            if (!_queued)
                _disk._free.Push(this);
        }

        /// <summary>The queue of what is on its way has passed it.</summary>
        internal void LeftQueue()
        {
            _queued = false;
            if (_localDone)
                _disk._free.Push(this);
        }

        private void EnterLocal()
        {
            (_earlier, _later) = (_disk._newest, null);
            if (_earlier is { } earlier)
                earlier._later = this;
            else
                _disk._oldest = this;
            _disk._newest = this;
        }

        private void LeaveLocal()
        {
            if (_earlier is { } earlier)
                earlier._later = _later;
            else
                _disk._oldest = _later;
            if (_later is { } later)
                later._earlier = _earlier;
            else
                _disk._newest = _earlier;
            _earlier = _later = null;
        }

        private static byte* Copy(BlockRequest guest)
        {
            var copy = (byte*)NativeMemory.AlignedAlloc((nuint)guest.Length, Alignment);
            BlockVectors.CopyTo(guest.Vectors, 0, copy, guest.Length);
            return copy;
        }

        private void OnGranted()
        {
            if (_disk._changed.Covers(_guest!.Offset, _guest.Length))
                OnMarked(0);
            else
                _disk._changed.Mark(_guest.Offset, _guest.Length, _marked);
        }

        private void OnMarked(int error)
        {
            var guest = _guest!;
            if (error != 0 && !_disk._changed.GoUnrecorded(error))
            {
                // Unrecorded it would be left out of a later sync, unnoticed: then rather not done.
                _guest = null;
                _disk._locks.Release(guest.Offset, guest.Length);
                _disk._free.Push(this);
                guest.Complete(error);
                return;
            }

            if (_disk.Attached && (_disk.OutstandingBytes >= MostOutstanding || _disk._wantRoom.Count > 0))
            {
                if (SinceNs == 0)
                    SinceNs = MonotonicClock.Now;
                _disk._wantRoom.Enqueue(this);
                return;
            }

            Go();
        }

        private void OnRemote(int error)
        {
            // Detached meanwhile: its answer was made up for.
            if (RemoteDone)
                return;
            RemoteDone = true;
            if (error != 0 && error != NativeSocket.ENOTCONN)
                _disk.Loop.Post(() => _disk.Lost($"disk {_disk.Name}: the secondary cannot write: {Marshal.GetPInvokeErrorMessage(error)}"));
            Finish();
            _disk.RemoteAnswered(this);
        }
    }
}
