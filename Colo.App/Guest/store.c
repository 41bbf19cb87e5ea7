#include "store.h"
#include "log_format.h"

static struct entry **table;
static u32 table_size;
static u64 keys, log_bytes;
static u32 hash_secret;

/* The store stops growing while the network still has memory to answer with. */
static bool memory_to_spare(u64 bytes)
{
    return memory_pages_free > memory_pages / 8 + bytes / 4096;
}

struct blob *blob_new(u32 length)
{
    struct blob *b = memory_to_spare(length) ? heap_alloc(sizeof *b + (u64)length) : NULL;
    if (b)
    {
        b->references = 1;
        b->length = length;
    }
    return b;
}

void blob_drop(struct blob *b)
{
    if (b && --b->references == 0)
        heap_free(b);
}

/* FNV-1a with a secret and a final mix: nobody outside can choose keys that fall into one bucket. */
static u32 hash_of(const u8 *key, u32 length)
{
    u64 h = 0xcbf29ce484222325ull ^ hash_secret;
    for (u32 i = 0; i < length; i++)
        h = (h ^ key[i]) * 0x100000001b3ull;
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15ull;
    return (u32)(h >> 32);
}

static bool grow(void)
{
    u32 size = table_size ? table_size * 2 : 256;
    struct entry **bigger = memory_to_spare(size * sizeof *bigger) ? heap_alloc_zero(size * sizeof *bigger) : NULL;
    if (!bigger)
        return table_size != 0; /* slower from here on, but right */
    if (!hash_secret)
        hash_secret = (u32)rdtsc() | 1;
    for (u32 i = 0; i < table_size; i++)
        for (struct entry *e = table[i], *next; e; e = next)
        {
            next = e->next;
            e->next = bigger[e->hash & (size - 1)];
            bigger[e->hash & (size - 1)] = e;
        }
    heap_free(table);
    table = bigger;
    table_size = size;
    return true;
}

static struct entry **slot_of(const u8 *key, u32 length, u32 hash)
{
    struct entry **at = &table[hash & (table_size - 1)];
    while (*at && ((*at)->hash != hash || (*at)->key_length != length || memcmp((*at)->key, key, length)))
        at = &(*at)->next;
    return at;
}

struct entry *store_find(const u8 *key, u32 length)
{
    return table_size ? *slot_of(key, length, hash_of(key, length)) : NULL;
}

bool store_set(const u8 *key, u32 length, struct blob *value, u64 batch)
{
    if (keys >= table_size && !grow())
        return false;
    u32 hash = hash_of(key, length);
    struct entry **at = slot_of(key, length, hash), *e = *at;
    if (e)
    {
        log_bytes += log_operation_bytes(length, value->length) - log_operation_bytes(length, e->value->length);
        blob_drop(e->value);
    }
    else
    {
        if (!memory_to_spare(length) || !(e = heap_alloc(sizeof *e + length)))
            return false;
        memcpy(e->key, key, length);
        e->key_length = length;
        e->hash = hash;
        e->next = NULL;
        *at = e;
        keys++;
        log_bytes += log_operation_bytes(length, value->length);
    }
    e->value = value;
    e->batch = batch;
    return true;
}

bool store_remove(const u8 *key, u32 length)
{
    if (!table_size)
        return false;
    struct entry **at = slot_of(key, length, hash_of(key, length)), *e = *at;
    if (!e)
        return false;
    *at = e->next;
    log_bytes -= log_operation_bytes(length, e->value->length);
    keys--;
    blob_drop(e->value);
    heap_free(e);
    return true;
}

void store_clear(void)
{
    for (u32 i = 0; i < table_size; i++)
        for (struct entry *e = table[i], *next; e; e = next)
        {
            next = e->next;
            blob_drop(e->value);
            heap_free(e);
        }
    heap_free(table);
    table = NULL;
    table_size = 0;
    keys = log_bytes = 0;
}

u64 store_keys(void) { return keys; }
u64 store_log_bytes(void) { return log_bytes; }

struct entry *store_next(struct store_cursor *cursor)
{
    struct entry *e = cursor->entry ? cursor->entry->next : NULL;
    while (!e && cursor->bucket < table_size)
        e = table[cursor->bucket++];
    cursor->entry = e;
    return e;
}
