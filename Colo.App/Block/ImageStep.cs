using Colo.Linux;

namespace Colo.Block;

/// <summary>What an engine does next for a request.</summary>
internal enum ImageStepKind
{
    /// <summary>Nothing: it is completed with <see cref="ImageStep.Value"/>, 0 or an errno.</summary>
    Done,

    /// <summary>Fills the vectors.</summary>
    Read,

    /// <summary>Writes the vectors.</summary>
    Write,

    /// <summary>fdatasync.</summary>
    Sync,

    /// <summary>fallocate of the range with <see cref="ImageStep.Value"/> as its mode.</summary>
    Allocate,

    /// <summary>What takes many calls, and a thread: <see cref="ImageCalls.Work"/>.</summary>
    Work,
}

/// <summary>
/// One step of a request. What each operation means for an image stands here alone: the engines carry out steps, and so
/// cannot differ in anything but speed.
/// </summary>
/// <param name="Kind">What to do.</param>
/// <param name="Value">The mode of <see cref="ImageStepKind.Allocate"/>, or the errno of <see cref="ImageStepKind.Done"/>.</param>
internal readonly record struct ImageStep(ImageStepKind Kind, int Value = 0)
{
    /// <summary>The first step of a request whose range was checked.</summary>
    internal static ImageStep First(ImageFile image, BlockRequest request)
    {
        switch (request.Operation)
        {
            case BlockOperation.Read:
                return new(ImageStepKind.Read);
            case BlockOperation.Write:
                return new(ImageStepKind.Write);
            case BlockOperation.Flush:
                return new(ImageStepKind.Sync);
            case BlockOperation.Discard:
                return Allocate(request, NativeFile.FALLOC_FL_PUNCH_HOLE | NativeFile.FALLOC_FL_KEEP_SIZE);
            case BlockOperation.WriteZeroes:
                // A block device that cannot zero without unmapping has the kernel write zeroes, and does not say so.
                if (request is { OnlyIfFast: true, MayUnmap: false } && image.IsDevice)
                    return Ended(NativeFile.EOPNOTSUPP);
                return Allocate(request, NativeFile.FALLOC_FL_KEEP_SIZE
                    | (request.MayUnmap ? NativeFile.FALLOC_FL_PUNCH_HOLE : NativeFile.FALLOC_FL_ZERO_RANGE));
            case BlockOperation.Reserve:
                return Allocate(request, NativeFile.FALLOC_FL_KEEP_SIZE);
            case BlockOperation.Status:
                return new(ImageStepKind.Work);
            default:
                return Ended(Errno.EINVAL);
        }
    }

    /// <summary>The step after this one.</summary>
    /// <param name="image">The image.</param>
    /// <param name="request">The request.</param>
    /// <param name="error">How this one ended: 0 or an errno.</param>
    internal ImageStep After(ImageFile image, BlockRequest request, int error)
    {
        if (Kind == ImageStepKind.Sync)
            return Ended(AfterSync(image, error));
        // A block device says EINVAL to a range that is no multiple of its own blocks, 4 KiB perhaps; writing has no such bounds.
        if (Kind == ImageStepKind.Allocate && (error is NativeFile.EOPNOTSUPP or NativeFile.ENODEV || (error == Errno.EINVAL && image.IsDevice)))
        {
            switch (request.Operation)
            {
                // Only a wish: a file system that cannot do it is no error.
                case BlockOperation.Discard or BlockOperation.Reserve:
                    error = 0;
                    break;
                case BlockOperation.WriteZeroes:
                    if (!request.OnlyIfFast)
                        return new(ImageStepKind.Work);
                    error = NativeFile.EOPNOTSUPP;
                    break;
            }
        }

        return error == 0 && request.Durable ? new(ImageStepKind.Sync) : Ended(error);
    }

    // A sync that ran beside one that failed may have been told nothing of it: the kernel tells an error once.
    private static int AfterSync(ImageFile image, int error)
    {
        if (error != 0)
            image.SyncFailed = true;
        else if (image.SyncFailed)
            error = NativeFile.EIO;
        return error;
    }

    private static ImageStep Allocate(BlockRequest request, int mode) =>
        request.Length == 0 ? Empty(request) : new(ImageStepKind.Allocate, mode);

    // fallocate takes no empty range; what it was to make durable still is.
    private static ImageStep Empty(BlockRequest request) => request.Durable ? new(ImageStepKind.Sync) : Ended(0);

    private static ImageStep Ended(int error) => new(ImageStepKind.Done, error);
}
