/* Further CPUs as workers: smp.c starts and wakes them, load.c says what they do. */
#ifndef SMP_H
#define SMP_H
#include "platform.h"

struct worker
{
    /* 1 from when the boot CPU has given a job until the worker has done it: the fields below are the boot CPU's while
       it is 0, the worker's while it is 1. First, because vector_gp looks at it. */
    u32 busy;
    u32 generation;
    u64 first, end, stamp; /* pages of the load, and what to write into each */
    u64 written;           /* by this CPU, in all; it writes, the boot CPU reads */
} __attribute__((aligned(64)));

extern struct worker *workers[MAX_CPUS - 1];
extern u32 worker_count;

bool worker_is_free(const struct worker *w);
void worker_give(struct worker *w);
/* After one or more of worker_give. */
void workers_wake(void);

/* load.c, on the worker's CPU. */
void load_run(struct worker *w);
#endif
