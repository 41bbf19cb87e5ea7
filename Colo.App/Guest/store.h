/* The key-value store, its log, and the disk under it. */
#ifndef STORE_H
#define STORE_H
#include "platform.h"

/* A string with a count of references: the value in the store may be replaced while a reply still sends it. */
struct blob
{
    u32 references, length;
    u8 data[];
};
struct blob *blob_new(u32 length); /* null when there is no memory to spare */
static inline struct blob *blob_keep(struct blob *b)
{
    b->references++;
    return b;
}
void blob_drop(struct blob *b);

/* store.c: a hash table that grows. `batch` is the log batch of the last write, 0 without a log (see resp.c). */
struct entry
{
    struct entry *next;
    u64 batch;
    struct blob *value;
    u32 hash, key_length;
    u8 key[];
};
struct entry *store_find(const u8 *key, u32 length);
/* Takes over the reference to value. False when there is no memory; value is then still the caller's. */
bool store_set(const u8 *key, u32 length, struct blob *value, u64 batch);
bool store_remove(const u8 *key, u32 length);
void store_clear(void);
u64 store_keys(void);
/* Bytes that a log of nothing but the present content has. */
u64 store_log_bytes(void);
/* The entries in the table's order; start with a zeroed cursor. The store must not change meanwhile. */
struct store_cursor
{
    u32 bucket;
    struct entry *entry;
};
struct entry *store_next(struct store_cursor *cursor);

/* virtio_blk.c: one disk, requests with a completion. Sectors of 512 bytes. */
struct disk
{
    bool present, readonly, has_flush;
    u64 sectors;
};
extern struct disk disk;
struct disk_piece
{
    void *data;
    u32 length;
};
#define DISK_PIECE_MAX 65536u
typedef void (*disk_done)(bool ok);
void disk_init(void);
/* At most DISK_PIECES_MAX pieces, each of whole sectors and at most DISK_PIECE_MAX bytes. False: no room now, try again
   after a completion. */
#define DISK_PIECES_MAX 8
bool disk_read(u64 sector, const struct disk_piece *pieces, u32 count, disk_done done);
bool disk_write(u64 sector, const struct disk_piece *pieces, u32 count, disk_done done);
bool disk_flush(disk_done done);
bool disk_poll(void);
void disk_kick(void);
bool disk_sleep(void);
void disk_awake(void);
/* Sleeps until something happens; for boot, before the main loop. */
void machine_wait(void);

/* log.c */
enum log_operation
{
    LOG_SET = 1,
    LOG_DELETE = 2,
    LOG_CLEAR = 3
};
enum log_result
{
    LOG_OK,
    LOG_WAIT,      /* too much is under way, or the log is being compacted: once more after log_resume calls back */
    LOG_FULL,      /* the disk has no room for so much data */
    LOG_NO_MEMORY,
    LOG_FAILED     /* the disk failed; nothing is written any more */
};
void log_start(void);
/* Finds the log at boot and fills the store; also decides whether there is one. */
extern bool log_enabled;
extern const char *log_state;
extern u64 log_generation, log_used_bytes, log_area_bytes, log_batches, log_compactions;
/* Appends to the batch being filled; *batch is its number. Without a log: LOG_OK and batch 0. */
enum log_result log_append(enum log_operation operation, const u8 *key, u32 key_length, const u8 *value, u32 value_length, u64 *batch);
/* The last batch that is on the disk. */
extern u64 log_committed;
void log_work(void);
/* resp.c: called when commands that got LOG_WAIT may try again. */
void resp_resume(void);
#endif
