/*
 * Writes to memory on demand. The pages are one row of chunks. /dirty writes the first of them on the boot CPU before it
 * answers; /load has them written every so often: by the boot CPU where it is alone, else by the others, each its own
 * part of the row, in slices between which it looks whether the load was changed. Who is not ready with the last round
 * gets no part of the next: rounds are left out, they do not pile up.
 */
#include "services.h"
#include "smp.h"

#define CHUNK 256u /* pages */
#define SLICE 64u  /* pages; divides CHUNK */

u64 load_pages, load_period_ms, load_rounds, load_late;
static u64 **chunks;
static u64 chunk_count, chunk_limit, stamp, written;
static u32 generation; /* of the load's settings; the boot CPU's, read by all */
static struct timer tick;

/* Makes n pages be there, on the boot CPU; returns how many are. Chunks are never freed, so workers need no lock to look. */
static u64 reserve(u64 n)
{
    if (!chunks)
    {
        chunk_limit = memory_pages / 2 / CHUNK;
        chunks = heap_alloc_zero(chunk_limit * sizeof *chunks);
        if (!chunks)
            return 0;
    }
    while (chunk_count * CHUNK < n && chunk_count < chunk_limit)
    {
        if (memory_pages_free < memory_pages / 8 || !(chunks[chunk_count] = pages_alloc(CHUNK)))
            break;
        chunk_count++;
    }
    return min_u64(n, chunk_count * CHUNK);
}

static void write_pages(u64 first, u64 end, u64 value)
{
    /* /dirty may write a page that a worker writes, too: whole words, and nobody reads them. */
    for (u64 p = first; p < end; p++)
        __atomic_store_n((u64 *)((u8 *)chunks[p / CHUNK] + p % CHUNK * 4096), value, __ATOMIC_RELAXED);
}

u64 load_dirty(u64 n)
{
    n = reserve(n);
    write_pages(0, n, ++stamp);
    written += n;
    return n;
}

void load_run(struct worker *w)
{
    for (u64 p = w->first; p < w->end; p += SLICE)
    {
        if (__atomic_load_n(&generation, __ATOMIC_RELAXED) != w->generation)
            return;
        u64 end = min_u64(p + SLICE, w->end);
        write_pages(p, end, w->stamp);
        __atomic_store_n(&w->written, w->written + (end - p), __ATOMIC_RELAXED);
    }
}

static void hand_out(u64 n)
{
    bool any = false;
    n = reserve(n);
    stamp++;
    for (u32 i = 0; i < worker_count; i++)
    {
        struct worker *w = workers[i];
        u64 first = n * i / worker_count, end = n * (i + 1) / worker_count;
        if (!worker_is_free(w))
            load_late++;
        else if (first < end)
        {
            w->generation = generation;
            w->first = first;
            w->end = end;
            w->stamp = stamp;
            worker_give(w);
            any = true;
        }
    }
    if (any)
        workers_wake();
}

static void on_tick(struct timer *t)
{
    load_rounds++;
    if (worker_count)
        hand_out(load_pages);
    else
        load_dirty(load_pages);
    timer_set(t, clock_now() + load_period_ms * 1000);
}

void load_set(u64 pages, u64 milliseconds)
{
    __atomic_store_n(&generation, generation + 1, __ATOMIC_RELAXED);
    load_pages = pages;
    load_period_ms = milliseconds ? milliseconds : 1;
    tick.fire = on_tick;
    if (pages)
        timer_set(&tick, clock_now() + load_period_ms * 1000);
    else
        timer_stop(&tick);
}

u64 load_written(u32 cpu) { return cpu ? __atomic_load_n(&workers[cpu - 1]->written, __ATOMIC_RELAXED) : written; }
