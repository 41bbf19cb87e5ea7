/*
 * The identity map. Only entries that were not present are written, and only during boot: no TLB flush (an instruction of
 * CPL 0) is ever needed, and a host that keeps shadow page tables never sees them change.
 */
#include "platform.h"

#define LARGE_PAGE 0x200000ull
#define ENTRY_TABLE 0x07ull
#define ENTRY_LARGE 0x87ull
#define ENTRY_UNCACHED 0x18ull /* PCD, PWT */

extern u64 pdpt[512];
extern u64 _image_end[];
u64 boot_memory_end;

void paging_map(u64 start, u64 end, bool device)
{
    for (u64 at = start & ~(LARGE_PAGE - 1); at < end && at < 1ull << 39; at += LARGE_PAGE)
    {
        u64 *slot = &pdpt[at >> 30];
        if (!*slot && !boot_memory_end)
            return;
        if (!*slot)
        {
            /* Beyond 4 GiB; called for RAM by paging_map_ram only, with memory behind the image known to be there. */
            memset((void *)boot_memory_end, 0, 4096);
            *slot = boot_memory_end | ENTRY_TABLE;
            boot_memory_end += 4096;
        }
        u64 *entry = (u64 *)(*slot & ~4095ull) + (at >> 21 & 511);
        if (!*entry)
            *entry = at | ENTRY_LARGE | (device ? ENTRY_UNCACHED : 0);
    }
}

void paging_map_ram(void)
{
    boot_memory_end = (u64)_image_end;
    for (u32 i = 0; i < ram_count; i++)
    {
        /* A page that is partly RAM is mapped as a whole: what is no RAM in it is never touched. */
        if (ram[i].end > 1ull << 39)
            ram[i].end = 1ull << 39;
        if (ram[i].start < ram[i].end)
            paging_map(ram[i].start, ram[i].end, false);
    }
}
