using Colo.Linux;
using Colo.Monitor;

namespace Colo.Block.Replication;

/// <content>What holds when marks cannot be made durable: the guest's image is good, and it is to write.</content>
public sealed partial class ChangedExtents
{
    private static readonly TimeSpan RecordAgain = TimeSpan.FromSeconds(1);

    private string? _notice;
    private Action<ChangedExtents, string?>? _tell;
    private LoopTimer? _again;

    /// <summary>
    /// The record cannot be written, and that is durably noted beside the image: until all marks are in the record, here and after any
    /// crash, every extent counts as changed. So nobody has to wait for a mark.
    /// </summary>
    public bool Unrecorded { get; private set; }

    /// <summary>
    /// After <see cref="Mark"/> has failed: notes beside the image that the record's marks count no more. Takes as long as the image's
    /// file system takes to sync.
    /// </summary>
    /// <param name="error">The errno that <see cref="Mark"/> has told.</param>
    /// <returns>Whether the image may be written all the same. False: no such note could be made, so that a later sync would miss what is written.</returns>
    public bool GoUnrecorded(int error)
    {
        if (Unrecorded)
            return true;
        if (_notice is not { } path)
            return false;
        var wrong = new LinuxException("note in the node's record what changes", error).Message;
        try
        {
            DurableName.Make(path, "The node's record could not be written. While this file is there, all of the image may differ from the other node's.\n");
        }
        catch (IOException e)
        {
            Log.Error($"{wrong}; nor can that be noted beside the image: {e.Message}; the guest gets an I/O error");
            return false;
        }

        Unrecorded = true;
        _tell?.Invoke(this, wrong);
        RecordAll();
        return true;
    }

    /// <summary>Has failures noted beside an image, and takes up what was noted there.</summary>
    /// <param name="image">The image's path; one in /dev has nothing beside it.</param>
    /// <param name="loop">The loop of the marks.</param>
    /// <param name="tell">Gets this and what is wrong, or null when all is recorded again.</param>
    internal void NoteBeside(string image, EventLoop loop, Action<ChangedExtents, string?> tell)
    {
        if (Path.GetFullPath(image).StartsWith("/dev/", StringComparison.Ordinal))
            return;
        _notice = NoticeFor(image);
        _tell = tell;
        _again = loop.AddTimer(RecordAll);
        if (!File.Exists(_notice))
            return;
        Log.Warning($"{_notice}: the node's record could not be written before: all of the image counts as changed");
        Unrecorded = true;
        RecordAll();
    }

    /// <summary>The record is being closed: nothing is tried again. A note stays for the next start.</summary>
    internal void EndNotes()
    {
        _again?.Dispose();
        _again = null;
    }

    /// <summary>What is beside an image when the record's marks do not count.</summary>
    internal static string NoticeFor(string image) => image + ".colo-unmarked";

    private void RecordAll() => MarkAll(error =>
    {
        if (error != 0)
        {
            _again?.SetAfter(RecordAgain);
            return;
        }

        // Should it come back after a crash, all is compared once more.
        SecondaryDisk.Delete(_notice!);
        Unrecorded = false;
        _tell?.Invoke(this, null);
    });
}
