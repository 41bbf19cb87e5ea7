using Colo.Memory;

namespace Colo.Checkpoint;

/// <summary>The bytes of one page.</summary>
[System.Runtime.CompilerServices.InlineArray(GuestMemory.PageSize)]
internal struct PageContent
{
    private byte _first;
}
