/* The log at boot: find it or make it, and bring the store back. Works synchronously, before the network is served. */
#include "log.h"

#define WINDOW (DISK_PIECES_MAX * DISK_PIECE_MAX)

static bool io_pending, io_ok;
static void io_done(bool ok)
{
    io_pending = false;
    io_ok = ok;
}

static bool wait_io(bool submitted)
{
    if (!submitted)
        return false;
    io_pending = true;
    disk_kick();
    while (io_pending)
    {
        disk_poll();
        if (io_pending && !disk_sleep())
            machine_wait();
        disk_awake();
    }
    return io_ok;
}

static bool read_sectors(u64 position, u8 *to, u64 length)
{
    while (length)
    {
        struct disk_piece pieces[DISK_PIECES_MAX];
        u32 count = 0;
        u64 part = 0;
        for (; count < DISK_PIECES_MAX && part < length; count++)
        {
            u32 n = (u32)min_u64(DISK_PIECE_MAX, length - part);
            pieces[count] = (struct disk_piece){to + part, n};
            part += n;
        }
        if (!wait_io(disk_read(position / SECTOR, pieces, count, io_done)))
            return false;
        position += part;
        to += part;
        length -= part;
    }
    return true;
}

void log_make_superblock(u8 sector[SECTOR], u64 generation, u32 salt)
{
    memset(sector, 0, SECTOR);
    struct log_superblock s = {.magic = LOG_MAGIC, .generation = generation, .area_bytes = log_area_bytes, .salt = salt};
    s.crc = crc32c(0, &s, offsetof(struct log_superblock, crc));
    memcpy(sector, &s, sizeof s);
}

static bool valid(const struct log_superblock *s)
{
    return s->magic == LOG_MAGIC && s->crc == crc32c(0, s, offsetof(struct log_superblock, crc)) && s->area_bytes % SECTOR == 0 &&
           s->area_bytes <= (disk.sectors * SECTOR - LOG_START) / 2;
}

static bool format(u8 *sector)
{
    log_generation = 1;
    log_salt = (u32)rdtsc();
    log_area_bytes = ((disk.sectors * SECTOR - LOG_START) / 2) & ~4095ull;
    log_make_superblock(sector, 1, log_salt);
    struct disk_piece piece = {sector, SECTOR};
    return wait_io(disk_write(8, &piece, 1, io_done)) && (!disk.has_flush || wait_io(disk_flush(io_done)));
}

/* `length` bytes of the area, from a buffer that is filled in long strides; null when the disk fails. */
static u8 *window;
static u64 window_start, window_end;
static const u8 *view(u64 position, u64 length, u64 area_end)
{
    if (position < window_start || position + length > window_end)
    {
        u64 n = min_u64(WINDOW, area_end - position);
        if (length > n || !read_sectors(position, window, n))
            return NULL;
        window_start = position;
        window_end = position + n;
    }
    return window + (position - window_start);
}

/* False when there is no memory for it, or the operations make no sense. */
static bool apply(const u8 *p, u64 length)
{
    while (length)
    {
        struct log_operation_header h;
        if (length < sizeof h)
            return false;
        memcpy(&h, p, sizeof h);
        u64 total = log_operation_bytes(h.key_length, h.value_length);
        if (total > length)
            return false;
        const u8 *key = p + sizeof h;
        if (h.operation == LOG_SET)
        {
            struct blob *value = blob_new(h.value_length);
            if (!value)
                return false;
            memcpy(value->data, key + h.key_length, h.value_length);
            if (!store_set(key, h.key_length, value, 0))
            {
                blob_drop(value);
                return false;
            }
        }
        else if (h.operation == LOG_DELETE)
            store_remove(key, h.key_length);
        else if (h.operation == LOG_CLEAR)
            store_clear();
        else
            return false;
        p += total;
        length -= total;
    }
    return true;
}

static bool replay_batches(void)
{
    u64 start = log_area_start(log_generation), end = start + log_area_bytes, at = start;
    bool complete = true;
    while (at + SECTOR <= end)
    {
        const u8 *p = view(at, SECTOR, end);
        if (!p)
            return false;
        struct batch_header h;
        memcpy(&h, p, sizeof h);
        u64 total = (sizeof h + h.length + SECTOR - 1) & ~(u64)(SECTOR - 1);
        if (h.magic != BATCH_MAGIC || h.generation != log_generation || h.number != log_next_number || total > end - at)
            break;
        u8 *large = NULL;
        if (total > WINDOW)
        {
            large = heap_alloc(total);
            if (!large)
            {
                complete = false;
                break;
            }
            p = read_sectors(at, large, total) ? large : NULL;
        }
        else
            p = view(at, total, end);
        if (!p)
            return false;
        if (crc32c(log_salt, p + 8, sizeof h - 8 + h.length) != h.crc)
        {
            heap_free(large);
            break;
        }
        bool applied = apply(p + sizeof h, h.length);
        heap_free(large);
        if (!applied)
        {
            complete = false;
            break;
        }
        log_next_number++;
        at += total;
    }
    log_used_bytes = at - start;
    return complete;
}

void log_replay(void)
{
    log_state = "none";
    if (!disk.present)
        return;
    if (disk.sectors * SECTOR < LOG_START + (2u << 20))
    {
        console("log: the disk is too small, the store is in memory only");
        log_state = "disk too small";
        return;
    }
    u64 began = clock_now();
    window = heap_alloc(WINDOW);
    if (!window || !read_sectors(0, window, LOG_START))
    {
        console("log: the disk cannot be read");
        log_state = "disk failed";
        return;
    }
    struct log_superblock even, odd;
    memcpy(&even, window, sizeof even);
    memcpy(&odd, window + 8 * SECTOR, sizeof odd);
    const struct log_superblock *found = NULL;
    if (valid(&even))
        found = &even;
    if (valid(&odd) && (!found || odd.generation > found->generation))
        found = &odd;
    if (!found)
    {
        /* Only an empty disk is made ours: another may hold what somebody still wants. */
        bool empty = true;
        for (u32 i = 0; i < LOG_START; i++)
            empty &= !window[i];
        if (!empty || disk.readonly || !format(window))
        {
            console("log: %s, the store is in memory only", empty ? "the disk cannot be written" : "the disk holds something else");
            log_state = empty ? "disk cannot be written" : "foreign disk";
            heap_free(window);
            return;
        }
        log_next_number = 0;
        console("log: new, 2 areas of %lu KiB", log_area_bytes / 1024);
    }
    else
    {
        log_generation = found->generation;
        log_area_bytes = found->area_bytes;
        log_salt = found->salt;
        log_next_number = 0;
        bool complete = replay_batches();
        console("log: generation %lu, %lu batches, %lu keys, %lu KiB, %lu ms%s", log_generation, log_next_number, store_keys(),
                log_used_bytes / 1024, (clock_now() - began) / 1000, complete ? "" : "; NOT COMPLETE, writes are refused");
        /* To write on where reading failed would destroy what is behind. */
        log_writable = complete && !disk.readonly;
        log_enabled = true;
        log_state = complete ? disk.readonly ? "readonly" : "on" : "not complete";
        heap_free(window);
        return;
    }
    heap_free(window);
    log_enabled = log_writable = true;
    log_state = "on";
}
