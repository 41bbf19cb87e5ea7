/*
 * Writing the log (log_format.h): one batch fills while the one before is on its way, so that many clients share a flush.
 * A state machine, driven by log_work once a round and by the disk's completions.
 */
#include "log.h"
#include "tcp.h"

#define SEGMENT DISK_PIECE_MAX
#define SEGMENTS_MAX 2048u
#define SNAPSHOT_BATCH (1u << 20)

enum phase
{
    IDLE,
    BATCH_WRITE,
    BATCH_FLUSH,
    SNAPSHOT_WRITE,
    SNAPSHOT_FLUSH,
    SUPERBLOCK_WRITE,
    SUPERBLOCK_FLUSH,
    FAILED
};

struct buffer
{
    u8 *segment[SEGMENTS_MAX];
    u32 count;  /* allocated */
    u64 length; /* with the batch header */
};

bool log_enabled, log_writable;
const char *log_state = "none";
u64 log_generation, log_area_bytes, log_used_bytes, log_next_number, log_committed, log_batches, log_compactions;
u32 log_salt;

static struct buffer buffers[2], *filling = &buffers[0], *writing = &buffers[1];
static u64 filling_batch = 1;
static enum phase phase;
static bool step_done; /* the phase's last request was completed */
static bool waiting;   /* somebody got LOG_WAIT */
static u32 outstanding, next_segment;
static u64 write_position;

static struct store_cursor cursor;
static bool cursor_at_end;
static u64 new_used, new_number;
static u32 new_salt;
static u8 superblock[SECTOR];

static void buffer_reset(struct buffer *b)
{
    for (u32 i = 0; i < b->count; i++)
        pages_free(b->segment[i], SEGMENT / 4096);
    b->count = 0;
    b->length = 0;
}

static bool buffer_reserve(struct buffer *b, u64 length)
{
    while ((u64)b->count * SEGMENT < length)
    {
        if (b->count == SEGMENTS_MAX)
            return false;
        u8 *segment = pages_alloc(SEGMENT / 4096);
        if (!segment)
            return false;
        b->segment[b->count++] = segment;
    }
    return true;
}

static void buffer_put(struct buffer *b, const void *data, u64 length)
{
    const u8 *from = data;
    while (length)
    {
        u64 offset = b->length % SEGMENT, n = min_u64(length, SEGMENT - offset);
        memcpy(b->segment[b->length / SEGMENT] + offset, from, n);
        b->length += n;
        from += n;
        length -= n;
    }
}

static bool put_operation(struct buffer *b, u8 operation, const u8 *key, u32 key_length, const u8 *value, u32 value_length)
{
    u64 start = b->length ? b->length : sizeof(struct batch_header);
    /* A sector more, for the padding. */
    if (!buffer_reserve(b, start + log_operation_bytes(key_length, value_length) + SECTOR))
        return false;
    b->length = start;
    struct log_operation_header h = {operation, {0}, key_length, value_length};
    buffer_put(b, &h, sizeof h);
    buffer_put(b, key, key_length);
    buffer_put(b, value, value_length);
    return true;
}

static u64 padded(u64 length) { return (length + SECTOR - 1) & ~(u64)(SECTOR - 1); }

/* Header, checksum and padding; sets the writer to the start. */
static void finish(struct buffer *b, u64 generation, u64 number, u32 salt, u64 position)
{
    struct batch_header *h = (void *)b->segment[0];
    *h = (struct batch_header){.magic = BATCH_MAGIC, .generation = generation, .number = number};
    h->length = (u32)(b->length - sizeof *h);
    u32 crc = salt;
    for (u64 at = 8; at < b->length;)
    {
        u64 n = min_u64(b->length - at, SEGMENT - at % SEGMENT);
        crc = crc32c(crc, b->segment[at / SEGMENT] + at % SEGMENT, n);
        at += n;
    }
    h->crc = crc;
    static const u8 zeros[SECTOR];
    buffer_put(b, zeros, padded(b->length) - b->length);
    next_segment = 0;
    write_position = position;
}

static void fail(const char *what)
{
    console("log: %s failed, writes are refused from now on", what);
    log_state = "disk failed";
    phase = FAILED;
    log_writable = false;
    tcp_abort_held();
    if (waiting)
        resp_resume();
    waiting = false;
}

static bool any_failed;
static void write_done(bool ok)
{
    outstanding--;
    any_failed |= !ok;
}
static void single_done(bool ok)
{
    step_done = true;
    any_failed |= !ok;
}

/* Submits what the disk takes; true when everything is written. */
static bool write_on(struct buffer *b)
{
    u64 total = b->length;
    while ((u64)next_segment * SEGMENT < total)
    {
        struct disk_piece pieces[DISK_PIECES_MAX];
        u32 count = 0;
        for (u32 s = next_segment; count < DISK_PIECES_MAX && (u64)s * SEGMENT < total; s++, count++)
            pieces[count] = (struct disk_piece){b->segment[s], (u32)min_u64(SEGMENT, total - (u64)s * SEGMENT)};
        if (!disk_write((write_position + (u64)next_segment * SEGMENT) / SECTOR, pieces, count, write_done))
            return false;
        outstanding++;
        next_segment += count;
    }
    return outstanding == 0;
}

static void begin_flush(enum phase next)
{
    phase = next;
    step_done = !disk.has_flush; /* without the feature a write is durable when it is done (virtio 1.2, 5.2.6.2) */
    if (disk.has_flush && !disk_flush(single_done))
        any_failed = true; /* nothing else is under way: there is room */
}

static void committed(u64 batch)
{
    log_committed = batch;
    tcp_commit(batch);
    if (waiting)
        resp_resume();
    waiting = false;
}

/* The next part of the store; false when there is no memory for it. */
static bool fill_snapshot(void)
{
    buffer_reset(writing);
    while (!cursor_at_end && writing->length < SNAPSHOT_BATCH)
    {
        struct entry *e = store_next(&cursor);
        if (!e)
            cursor_at_end = true;
        else if (!put_operation(writing, LOG_SET, e->key, e->key_length, e->value->data, e->value->length))
            return false;
    }
    if (writing->length)
        finish(writing, log_generation + 1, new_number, new_salt, log_area_start(log_generation + 1) + new_used);
    return true;
}

void log_work(void)
{
    if (!log_writable)
        return;
    if (any_failed)
    {
        fail("the disk");
        return;
    }
    switch (phase)
    {
    case IDLE:
        if (!filling->length)
            return;
        if (log_used_bytes + padded(filling->length) > log_area_bytes)
        {
            /* The snapshot holds what the filling batch says, too: that was applied to the store already. */
            cursor = (struct store_cursor){0};
            cursor_at_end = false;
            new_used = new_number = 0;
            new_salt = (u32)rdtsc();
            phase = SNAPSHOT_WRITE;
            if (!fill_snapshot())
                fail("memory for the compaction");
            else
                log_work();
            return;
        }
        struct buffer *b = filling;
        filling = writing;
        writing = b;
        filling_batch++;
        finish(writing, log_generation, log_next_number, log_salt, log_area_start(log_generation) + log_used_bytes);
        phase = BATCH_WRITE;
        write_on(writing);
        return;
    case BATCH_WRITE:
        if (write_on(writing))
        {
            begin_flush(BATCH_FLUSH);
            if (step_done)
                log_work();
        }
        return;
    case BATCH_FLUSH:
        if (!step_done)
            return;
        log_used_bytes += writing->length;
        log_next_number++;
        log_batches++;
        buffer_reset(writing);
        phase = IDLE;
        committed(filling_batch - 1);
        log_work();
        return;
    case SNAPSHOT_WRITE:
        if (writing->length && !write_on(writing))
            return;
        if (writing->length)
        {
            new_used += writing->length;
            new_number++;
        }
        if (!cursor_at_end)
        {
            if (!fill_snapshot())
                fail("memory for the compaction");
            else
                log_work();
            return;
        }
        buffer_reset(writing);
        begin_flush(SNAPSHOT_FLUSH);
        if (step_done)
            log_work();
        return;
    case SNAPSHOT_FLUSH:
    {
        if (!step_done)
            return;
        log_make_superblock(superblock, log_generation + 1, new_salt);
        struct disk_piece piece = {superblock, SECTOR};
        phase = SUPERBLOCK_WRITE;
        step_done = false;
        if (!disk_write((log_generation + 1) & 1 ? 8 : 0, &piece, 1, single_done))
            any_failed = true;
        return;
    }
    case SUPERBLOCK_WRITE:
        if (!step_done)
            return;
        begin_flush(SUPERBLOCK_FLUSH);
        if (step_done)
            log_work();
        return;
    case SUPERBLOCK_FLUSH:
        if (!step_done)
            return;
        log_generation++;
        log_used_bytes = new_used;
        log_next_number = new_number;
        log_salt = new_salt;
        log_compactions++;
        buffer_reset(filling);
        phase = IDLE;
        committed(filling_batch++);
        return;
    case FAILED:
        return;
    }
}

enum log_result log_append(enum log_operation operation, const u8 *key, u32 key_length, const u8 *value, u32 value_length, u64 *batch)
{
    *batch = 0;
    if (!log_enabled)
        return LOG_OK;
    if (!log_writable)
        return LOG_FAILED;
    u64 size = log_operation_bytes(key_length, value_length);
    /* A compacted area keeps a quarter free for new batches; what would break that is refused, by the store's content
       alone, so that two machines with the same content refuse the same. */
    if (operation == LOG_SET && (size > log_area_bytes / 8 || store_log_bytes() + size > log_area_bytes / 4 * 3))
        return LOG_FULL;
    u64 soft_limit = min_u64(4u << 20, log_area_bytes / 16);
    if (phase >= SNAPSHOT_WRITE || (filling->length && filling->length + size > soft_limit))
    {
        waiting = true;
        return LOG_WAIT;
    }
    if (!put_operation(filling, (u8)operation, key, key_length, value, value_length))
        return LOG_NO_MEMORY;
    *batch = filling_batch;
    return LOG_OK;
}

void log_start(void) { log_replay(); }
