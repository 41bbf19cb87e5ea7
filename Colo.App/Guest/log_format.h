/*
 * The log on the disk.
 *
 *   sector 0, sector 8    superblocks of the even and the odd generations; the valid one with the higher generation counts
 *   from LOG_START        two areas of equal size; generation g lives in area g & 1
 *
 * An area is a row of batches, each from a sector boundary on, numbered from 0. A batch is a header and operations; its
 * CRC-32C covers both. A batch is the unit of commit: a write is acknowledged only when its whole batch is flushed, so a
 * batch that is torn, or left over from an earlier generation, ends the replay and has cost nobody a word that was given.
 *
 * When an area is full, the present content of the store is written to the other one as a new generation, flushed, and
 * made valid by its superblock. Little endian.
 */
#ifndef LOG_FORMAT_H
#define LOG_FORMAT_H
#include "lib.h"

#define LOG_MAGIC 0x31474f4c4f4c4f43ull   /* "COLOLOG1" */
#define BATCH_MAGIC 0x48435442u           /* "BTCH" */
#define LOG_START 65536u
#define SECTOR 512u

struct log_superblock
{
    u64 magic, generation, area_bytes;
    /* Every checksum of this generation starts from it. Clients do not know it, so no value that they store can look like a
       batch when a torn batch is overwritten by a shorter one. */
    u32 salt;
    u32 crc; /* of what stands before it */
} PACKED;

struct batch_header
{
    u32 magic, crc; /* crc: from the salt, over the rest of the header and the operations */
    u64 generation, number;
    u32 length, reserved; /* bytes of operations */
};

struct log_operation_header
{
    u8 operation, reserved[3];
    u32 key_length, value_length;
};

static inline u64 log_operation_bytes(u64 key_length, u64 value_length)
{
    return sizeof(struct log_operation_header) + key_length + value_length;
}
#endif
