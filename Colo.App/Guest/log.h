/* Shared by log.c (writing) and log_replay.c (boot). */
#ifndef LOG_H
#define LOG_H
#include "log_format.h"
#include "store.h"

/* The log as replay found it, or as it was formatted. */
extern u64 log_generation, log_area_bytes, log_used_bytes, log_next_number;
extern u32 log_salt;
extern bool log_writable;

static inline u64 log_area_start(u64 generation) { return LOG_START + (generation & 1) * log_area_bytes; }
void log_make_superblock(u8 sector[SECTOR], u64 generation, u32 salt);
/* Reads or formats the disk and fills the store. Sets log_enabled and what is declared above. */
void log_replay(void);
#endif
