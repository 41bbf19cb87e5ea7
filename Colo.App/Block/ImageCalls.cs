using System.Runtime.InteropServices;
using Colo.Linux;

namespace Colo.Block;

/// <summary>The steps of a request as calls that last until they are done. From any thread, several at once.</summary>
internal static unsafe class ImageCalls
{
    private const int ZeroChunk = 1 << 20;
    private const int Page = 4096;

    /// <summary>Carries out all steps of a request from <paramref name="step"/> on; its errno or 0.</summary>
    internal static int Execute(ImageFile image, BlockRequest request, ImageStep step, ImageTransfer transfer)
    {
        while (step.Kind != ImageStepKind.Done)
        {
            step = step.After(image, request, step.Kind switch
            {
                ImageStepKind.Read => Transfer(image, request, transfer, write: false),
                ImageStepKind.Write => Transfer(image, request, transfer, write: true),
                ImageStepKind.Sync => Sync(image),
                ImageStepKind.Allocate => Allocate(image, step.Value, request),
                _ => Work(image, request),
            });
        }

        return step.Value;
    }

    /// <summary>The step of kind <see cref="ImageStepKind.Work"/>.</summary>
    private static int Work(ImageFile image, BlockRequest request) =>
        request.Operation == BlockOperation.Status ? FindExtents(image, request) : Zero(image, request);

    private static int Sync(ImageFile image)
    {
        if (image.SyncFailed)
            return NativeFile.EIO;
        return image.ReadOnly || NativeFile.fdatasync(image.Number) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    private static int Allocate(ImageFile image, int mode, BlockRequest request)
    {
        while (NativeFile.fallocate(image.Number, mode, request.Offset, request.Length) < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
                return errno;
        }

        return 0;
    }

    // The file's position, which lseek moves, is used by nobody: reads and writes name theirs.
    private static int FindExtents(ImageFile image, BlockRequest request)
    {
        var at = request.Offset;
        var end = request.Offset + request.Length;
        for (var count = 0; at < end && count < request.Extents.Length; request.ExtentCount = ++count)
        {
            var data = NativeFile.lseek(image.Number, at, NativeFile.SEEK_DATA);
            var errno = data < 0 ? Marshal.GetLastPInvokeError() : 0;
            // ENXIO: no data from here to the end. EINVAL: a file system or device that does not tell.
            if (errno is not (0 or NativeFile.ENXIO))
                return errno == Errno.EINVAL ? NativeFile.EOPNOTSUPP : errno;
            var next = errno == 0 ? Math.Min(data, end) : end;
            var hole = next > at;
            if (!hole)
            {
                next = NativeFile.lseek(image.Number, at, NativeFile.SEEK_HOLE);
                // Somebody else may cut the file or fill the hole between the two calls; data is always a true answer.
                next = next <= at ? end : Math.Min(next, end);
            }

            request.Extents[count] = new BlockExtent(next - at, hole);
            at = next;
        }

        return 0;
    }

    private static int Zero(ImageFile image, BlockRequest request)
    {
        // Aligned for direct I/O, in address and, but for the end, in length.
        var zeroes = NativeMemory.AlignedAlloc(ZeroChunk, Page);
        NativeMemory.Clear(zeroes, ZeroChunk);
        try
        {
            for (long at = 0; at < request.Length;)
            {
                var vector = new BlockVector((nint)zeroes, (nuint)Math.Min(ZeroChunk, request.Length - at));
                var done = NativeFile.pwritev(image.Number, &vector, 1, request.Offset + at);
                if (done < 0 && Marshal.GetLastPInvokeError() is not Errno.EINTR and var errno)
                    return errno;
                at += Math.Max(0, done);
            }

            return 0;
        }
        finally
        {
            NativeMemory.AlignedFree(zeroes);
        }
    }

    private static int Transfer(ImageFile image, BlockRequest request, ImageTransfer transfer, bool write)
    {
        transfer.Begin(request, write);
        while (!transfer.Finished)
        {
            var count = transfer.Prepare();
            var done = write
                ? NativeFile.pwritev(image.Number, transfer.Vectors, count, transfer.Offset)
                : NativeFile.preadv(image.Number, transfer.Vectors, count, transfer.Offset);
            if (done < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EINTR)
                    continue;
                return errno;
            }

            if (transfer.Advance(done) is not 0 and var error)
                return error;
        }

        return 0;
    }
}
