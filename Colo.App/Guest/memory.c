/*
 * Pages from a buddy allocator over all RAM behind the image, small blocks from slabs of one page a size class. The
 * descriptors of the pages lie in one table, so that free memory itself is never touched: an untouched page costs the host
 * nothing, neither memory nor a place in a checkpoint. For the same reason freed pages are used again last in, first out.
 */
#include "platform.h"

#define PAGE 4096ull
#define ORDERS 28

enum page_kind
{
    PAGE_RESERVED,
    PAGE_FREE, /* the head of a free block of 2^order pages */
    PAGE_RUN,  /* the head of an allocation of `count` pages */
    PAGE_SLAB
};

struct page
{
    u8 kind, order;
    u16 size_class;
    u32 count; /* pages of a run; blocks in use of a slab */
    u32 next, prev;
    u64 free; /* slab: first free block */
};

static struct page *pages;
static u64 page_limit;
static u32 free_blocks[ORDERS];
u64 memory_pages, memory_pages_free;

static const u16 class_size[] = {16,  32,  48,  64,  80,  96,  112, 128, 160,  192,  224,
                                 256, 320, 384, 448, 512, 640, 768, 1024, 1344, 2048};
#define CLASSES ARRAY_SIZE(class_size)
#define SLAB_MAX 2048
static u8 class_of[SLAB_MAX / 16 + 1];
static u32 partial_slabs[CLASSES];

static void *page_cache[64];
static u32 page_cached;

static void list_push(u32 *head, u32 n)
{
    pages[n].next = *head;
    pages[n].prev = 0;
    if (*head)
        pages[*head].prev = n;
    *head = n;
}

static void list_remove(u32 *head, u32 n)
{
    if (pages[n].prev)
        pages[pages[n].prev].next = pages[n].next;
    else
        *head = pages[n].next;
    if (pages[n].next)
        pages[pages[n].next].prev = pages[n].prev;
}

static void block_free(u64 n, u32 order)
{
    memory_pages_free += 1ull << order;
    for (; order < ORDERS - 1; order++)
    {
        u64 buddy = n ^ 1ull << order;
        if (buddy >= page_limit || pages[buddy].kind != PAGE_FREE || pages[buddy].order != order)
            break;
        list_remove(&free_blocks[order], (u32)buddy);
        pages[buddy].kind = PAGE_RESERVED;
        n &= ~(1ull << order);
    }
    pages[n].kind = PAGE_FREE;
    pages[n].order = (u8)order;
    list_push(&free_blocks[order], (u32)n);
}

static void range_free(u64 n, u64 count)
{
    while (count)
    {
        u32 order = (u32)(63 - __builtin_clzll(count));
        if (n && (u32)__builtin_ctzll(n) < order)
            order = (u32)__builtin_ctzll(n);
        if (order > ORDERS - 1)
            order = ORDERS - 1;
        block_free(n, order);
        n += 1ull << order;
        count -= 1ull << order;
    }
}

void *pages_alloc(u64 count)
{
    if (!count || count > memory_pages)
        return NULL;
    u32 order = count == 1 ? 0 : (u32)(64 - __builtin_clzll(count - 1));
    u32 from = order;
    while (from < ORDERS && !free_blocks[from])
        from++;
    if (from >= ORDERS)
        return NULL;
    u64 n = free_blocks[from];
    list_remove(&free_blocks[from], (u32)n);
    memory_pages_free -= 1ull << from;
    pages[n].kind = PAGE_RUN;
    pages[n].count = (u32)count;
    /* What the power of two has too much goes back. */
    range_free(n + count, (1ull << from) - count);
    return (void *)(n * PAGE);
}

void pages_free(void *at, u64 count)
{
    u64 n = (u64)at / PAGE;
    pages[n].kind = PAGE_RESERVED;
    range_free(n, count);
}

void *page_alloc(void) { return page_cached ? page_cache[--page_cached] : pages_alloc(1); }

void page_free(void *page)
{
    if (page_cached < ARRAY_SIZE(page_cache))
        page_cache[page_cached++] = page;
    else
        pages_free(page, 1);
}

static void *slab_alloc(u32 class)
{
    u32 n = partial_slabs[class];
    if (!n)
    {
        u8 *page = page_alloc();
        if (!page)
            return NULL;
        n = (u32)((u64)page / PAGE);
        u32 size = class_size[class];
        struct page *p = &pages[n];
        p->kind = PAGE_SLAB;
        p->size_class = (u16)class;
        p->count = 0;
        p->free = 0;
        for (u32 at = PAGE / size; at-- > 0;)
        {
            *(u64 *)(page + at * size) = p->free;
            p->free = (u64)(page + at * size);
        }
        list_push(&partial_slabs[class], n);
    }
    struct page *p = &pages[n];
    u64 block = p->free;
    p->free = *(u64 *)block;
    p->count++;
    if (!p->free)
        list_remove(&partial_slabs[class], n);
    return (void *)block;
}

void *heap_alloc(u64 size)
{
    if (size <= SLAB_MAX)
        return slab_alloc(class_of[(size + 15) / 16]);
    return pages_alloc((size + PAGE - 1) / PAGE);
}

void *heap_alloc_zero(u64 size)
{
    void *block = heap_alloc(size);
    if (block)
        memset(block, 0, size);
    return block;
}

void heap_free(void *block)
{
    if (!block)
        return;
    u32 n = (u32)((u64)block / PAGE);
    struct page *p = &pages[n];
    if (p->kind == PAGE_RUN)
    {
        pages_free(block, p->count);
        return;
    }
    bool was_full = !p->free;
    *(u64 *)block = p->free;
    p->free = (u64)block;
    if (was_full)
        list_push(&partial_slabs[p->size_class], n);
    if (--p->count == 0)
    {
        list_remove(&partial_slabs[p->size_class], n);
        p->kind = PAGE_RUN;
        p->count = 1;
        page_free((void *)((u64)n * PAGE));
    }
}

void memory_init(void)
{
    for (u32 c = 0, i = 0; i <= SLAB_MAX / 16; i++)
    {
        if (i * 16 > class_size[c])
            c++;
        class_of[i] = (u8)c;
    }
    for (u32 i = 0; i < ram_count; i++)
        page_limit = max_u64(page_limit, ram[i].end / PAGE);
    /* The table goes behind the image; everything below stays as the loader left it. */
    u64 table = (boot_memory_end + PAGE - 1) & ~(PAGE - 1);
    u64 table_end = (table + page_limit * sizeof *pages + PAGE - 1) & ~(PAGE - 1);
    bool fits = false;
    for (u32 i = 0; i < ram_count; i++)
        fits |= ram[i].start <= table && table_end < ram[i].end;
    if (!fits)
    {
        console("too little memory behind the image");
        power_off();
    }
    pages = (struct page *)table;
    memset(pages, 0, page_limit * sizeof *pages);
    for (u32 i = 0; i < ram_count; i++)
    {
        u64 from = max_u64(ram[i].start, table_end);
        if (from < ram[i].end)
        {
            memory_pages += (ram[i].end - from) / PAGE;
            range_free(from / PAGE, (ram[i].end - from) / PAGE);
        }
    }
}
