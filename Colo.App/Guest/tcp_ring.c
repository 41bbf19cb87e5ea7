#include "tcp.h"

bool ring_write(struct ring *r, u32 sequence, const void *data, u32 length)
{
    const u8 *from = data;
    /* First all pages, then the bytes: a write that fails leaves nothing behind but empty pages. */
    for (u32 at = sequence & ~4095u; (s32)(at - (sequence + length)) < 0; at += 4096)
    {
        u8 **slot = &r->page[(at >> 12) & (RING_PAGES - 1)];
        if (!*slot && !(*slot = page_alloc()))
            return false;
    }
    while (length)
    {
        u32 n = length;
        u8 *to = (u8 *)ring_span(r, sequence, &n);
        memcpy(to, from, n);
        sequence += n;
        from += n;
        length -= n;
    }
    return true;
}

void ring_read(const struct ring *r, u32 sequence, void *data, u32 length)
{
    u8 *to = data;
    while (length)
    {
        u32 n = length;
        const u8 *from = ring_span(r, sequence, &n);
        memcpy(to, from, n);
        sequence += n;
        to += n;
        length -= n;
    }
}

void ring_release(struct ring *r, u32 from, u32 to)
{
    for (u32 at = from & ~4095u; (s32)(at + 4096 - to) <= 0; at += 4096)
    {
        u8 **slot = &r->page[(at >> 12) & (RING_PAGES - 1)];
        if (*slot)
            page_free(*slot);
        *slot = NULL;
    }
}

void ring_clear(struct ring *r)
{
    for (u32 i = 0; i < RING_PAGES; i++)
        if (r->page[i])
        {
            page_free(r->page[i]);
            r->page[i] = NULL;
        }
}

bool ranges_add(struct sequence_range *ranges, u32 *count, u32 start, u32 end, u32 *latest)
{
    u32 i = 0;
    while (i < *count && before(ranges[i].end, start))
        i++;
    if (i < *count && !after(ranges[i].start, end))
    {
        /* Overlaps or touches ranges[i], and perhaps those behind it. */
        if (before(start, ranges[i].start))
            ranges[i].start = start;
        if (after(end, ranges[i].end))
            ranges[i].end = end;
        u32 next = i + 1;
        while (next < *count && !after(ranges[next].start, ranges[i].end))
        {
            if (after(ranges[next].end, ranges[i].end))
                ranges[i].end = ranges[next].end;
            next++;
        }
        memmove(&ranges[i + 1], &ranges[next], (*count - next) * sizeof *ranges);
        *count -= next - i - 1;
    }
    else
    {
        if (*count == MAX_RANGES)
            return false;
        memmove(&ranges[i + 1], &ranges[i], (*count - i) * sizeof *ranges);
        ranges[i] = (struct sequence_range){start, end};
        ++*count;
    }
    if (latest)
        *latest = i;
    return true;
}
