using System.Collections.Concurrent;
using Colo.Linux;

namespace Colo.Block;

/// <summary>Carries out what is asked of an image. Used on the event loop's thread.</summary>
internal interface IImageEngine : IDisposable
{
    /// <summary>Takes a request that was checked; completes it on the loop's thread.</summary>
    void Submit(BlockRequest request);
}

/// <summary>Requests are carried out by a small pool of threads; the loop is told by an eventfd.</summary>
internal sealed class ImageThreadEngine : IImageEngine, IEventHandler
{
    private readonly ImageFile _image;
    private readonly EventLoop _loop;
    private readonly EventFd _done = new();
    private readonly ConcurrentQueue<(BlockRequest Request, ImageStep Step)> _waiting = new();
    private readonly ConcurrentQueue<BlockRequest> _completed = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly Thread[] _threads;
    private volatile bool _stop;

    /// <summary>Starts the threads.</summary>
    /// <param name="image">Stays open until this is disposed; belongs to the caller.</param>
    /// <param name="loop">Where requests are completed.</param>
    /// <param name="threads">How many requests are carried out at once.</param>
    internal ImageThreadEngine(ImageFile image, EventLoop loop, int threads)
    {
        _image = image;
        _loop = loop;
        try
        {
            _loop.Add(_done.Number, EventLoop.Readable, this);
        }
        catch
        {
            _done.Dispose();
            throw;
        }

        _threads = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Run) { IsBackground = true, Name = "disk" };
            _threads[i].Start();
        }
    }

    /// <inheritdoc/>
    public void Submit(BlockRequest request) => Submit(request, ImageStep.First(_image, request));

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        _ = _done.Drain();
        while (_completed.TryDequeue(out var request))
            request.Complete(request.Error);
    }

    /// <summary>Waits for what is under way, which is not completed any more. On the loop's thread, or after its end.</summary>
    public void Dispose()
    {
        if (_stop)
            return;
        _stop = true;
        _work.Release(_threads.Length);
        foreach (var thread in _threads)
            thread.Join();
        _loop.Remove(_done.Number);
        _done.Dispose();
        _work.Dispose();
    }

    /// <summary>Takes a request of which the steps before <paramref name="step"/> are done.</summary>
    internal void Submit(BlockRequest request, ImageStep step)
    {
        _waiting.Enqueue((request, step));
        _work.Release();
    }

    private void Run()
    {
        using var transfer = new ImageTransfer(_image);
        while (true)
        {
            _work.Wait();
            if (_stop)
                break;
            if (!_waiting.TryDequeue(out var next))
                continue;
            next.Request.Error = ImageCalls.Execute(_image, next.Request, next.Step, transfer);
            _completed.Enqueue(next.Request);
            _done.Signal();
        }
    }
}
