#include "services.h"

#define CHUNK 256u /* pages */

u64 load_pages, load_period_ms;
static u64 **chunks;
static u64 chunk_count, chunk_limit, stamp;
static struct timer tick;

u64 load_dirty(u64 n)
{
    if (!chunks)
    {
        chunk_limit = memory_pages / 2 / CHUNK;
        chunks = heap_alloc_zero(chunk_limit * sizeof *chunks);
        if (!chunks)
            return 0;
    }
    stamp++;
    u64 done = 0;
    for (u64 c = 0; done < n && c < chunk_limit; c++)
    {
        if (c == chunk_count)
        {
            if (memory_pages_free < memory_pages / 8 || !(chunks[c] = pages_alloc(CHUNK)))
                break;
            chunk_count++;
        }
        for (u64 p = 0; p < CHUNK && done < n; p++, done++)
            *(volatile u64 *)((u8 *)chunks[c] + p * 4096) = stamp;
    }
    return done;
}

static void on_tick(struct timer *t)
{
    load_dirty(load_pages);
    timer_set(t, clock_now() + load_period_ms * 1000);
}

void load_set(u64 pages, u64 milliseconds)
{
    load_pages = pages;
    load_period_ms = milliseconds ? milliseconds : 1;
    tick.fire = on_tick;
    if (pages)
        timer_set(&tick, clock_now() + load_period_ms * 1000);
    else
        timer_stop(&tick);
}
