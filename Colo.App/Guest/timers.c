/* One-shot timers in a binary heap, the earliest first. */
#include "platform.h"

static struct timer **heap; /* 1-based */
static u32 count, capacity;

void timers_init(u32 max)
{
    heap = heap_alloc_zero((max + 1) * sizeof *heap);
    capacity = max;
}

static void place(struct timer *t, u32 at)
{
    heap[at] = t;
    t->position = at;
}

static void sift(struct timer *t, u32 at)
{
    while (at > 1 && heap[at / 2]->due > t->due)
    {
        place(heap[at / 2], at);
        at /= 2;
    }
    for (;;)
    {
        u32 child = at * 2;
        if (child > count)
            break;
        if (child < count && heap[child + 1]->due < heap[child]->due)
            child++;
        if (heap[child]->due >= t->due)
            break;
        place(heap[child], at);
        at = child;
    }
    place(t, at);
}

void timer_set(struct timer *t, u64 due)
{
    t->due = due;
    if (!t->position)
    {
        if (count == capacity)
        {
            console("no room for a timer"); /* capacity follows from the connection limit: cannot happen */
            power_reset();
        }
        t->position = ++count;
    }
    sift(t, t->position);
}

void timer_stop(struct timer *t)
{
    t->due = 0;
    if (!t->position)
        return;
    u32 at = t->position;
    t->position = 0;
    struct timer *last = heap[count--];
    if (last != t)
        sift(last, at);
}

bool timers_run(u64 now)
{
    bool any = false;
    while (count && heap[1]->due <= now)
    {
        struct timer *t = heap[1];
        timer_stop(t);
        t->fire(t);
        any = true;
    }
    return any;
}

u64 timers_next(void) { return count ? heap[1]->due : ~0ull; }
