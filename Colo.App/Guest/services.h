/* What runs above TCP. */
#ifndef SERVICES_H
#define SERVICES_H
#include "tcp.h"

extern const struct service echo_service, http_service, resp_service;

/* load.c: writes to memory on demand, so that checkpoints have something to carry. */
/* Writes one word in each of n pages; returns how many there are, at most half of the memory. */
u64 load_dirty(u64 n);
void load_set(u64 pages, u64 milliseconds);
extern u64 load_pages, load_period_ms, load_rounds, load_late;
/* Pages that a CPU has written, the boot CPU being 0 and worker i CPU i + 1. */
u64 load_written(u32 cpu);

struct service_counters
{
    u64 echo_bytes, http_requests, resp_commands, count;
};
extern struct service_counters served;
#endif
