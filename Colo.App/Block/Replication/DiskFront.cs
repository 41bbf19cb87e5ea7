namespace Colo.Block.Replication;

/// <summary>
/// What a virtual disk is connected with for its whole life, while the node behind it changes its role: primary and
/// secondary treat the guest's requests differently. With no target, requests wait in order. On the loop's thread.
/// </summary>
/// <param name="image">The image: gives the size; belongs to the caller.</param>
public sealed class DiskFront(IBlockBackend image) : IBlockBackend
{
    private readonly Queue<BlockRequest> _waiting = new();
    private IBlockBackend? _target;

    /// <inheritdoc/>
    public long Size => image.Size;

    /// <inheritdoc/>
    public bool ReadOnly => image.ReadOnly;

    /// <summary>Requests that wait for a target.</summary>
    public int Waiting => _waiting.Count;

    /// <inheritdoc/>
    public void Submit(BlockRequest request)
    {
        if (_target is { } target && _waiting.Count == 0)
            target.Submit(request);
        else
            _waiting.Enqueue(request);
    }

    /// <summary>Sets who carries requests out from now on; null lets them wait.</summary>
    /// <param name="target">The backend; belongs to the caller.</param>
    /// <param name="first">Requests that the target before had not begun: they come before those that wait here.</param>
    public void SetTarget(IBlockBackend? target, IReadOnlyList<BlockRequest>? first = null)
    {
        _target = target;
        foreach (var request in first ?? [])
        {
            if (target is null)
                throw new ArgumentNullException(nameof(target), "requests are handed over to nobody");
            target.Submit(request);
        }

        while (_target is { } now && _waiting.TryDequeue(out var request))
            now.Submit(request);
    }

    /// <summary>Nothing of its own to free: image and targets have other owners.</summary>
    public void Dispose()
    {
    }
}
