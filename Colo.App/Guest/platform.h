/* The machine: boot information, page tables, traps, interrupt controllers, time, serial port. */
#ifndef PLATFORM_H
#define PLATFORM_H
#include "cpu.h"

/* pvh.c: what the loader told. */
struct ram_range
{
    u64 start, end;
};
extern struct ram_range ram[32];
extern u32 ram_count;
extern char command_line[4096];
extern u64 acpi_root; /* physical address of ACPI's RSDP; 0: not told */
void pvh_read_start_info(void);
/* The value of the n-th `name=value` item, with its length; null when there is none. */
const char *command_line_value(const char *name, u32 n, u32 *length);

/* paging.c: 2 MiB user pages, added before the devices start and never changed afterwards. */
void paging_map(u64 start, u64 end, bool device);
void paging_map_ram(void);
/* The first byte after the image and after what paging_map_ram took. */
extern u64 boot_memory_end;

/* smp.c */
#define MAX_CPUS 64u
#define AP_PAGE 0x8000ull /* below 1 MiB: where further CPUs begin */
extern u32 cpus_found;
/* Counts the CPUs that the firmware's tables name. */
void smp_find(void);
/* Starts them; those that do not come are reported. Before devices interrupt. */
void smp_start(void);

/* traps.c */
#define WORK_TIMER 0x80000000u
extern volatile u32 work_pending;
void traps_init(void);
void cpu_idle(void);
void trap_fatal(void);
void power_off(void);
void power_reset(void);
void triple_fault(void);

/* apic.c */
#define VECTOR_WAKE 0x3e
#define VECTOR_TIMER 0x3f
#define VECTOR_PIN0 0x40
#define IOAPIC_PINS 24
#define IPI_INIT 0x4500u
#define IPI_STARTUP 0x4600u /* and the page */
void apic_init(void);
/* On a further CPU. */
void apic_init_worker(void);
u32 apic_id(void);
/* An interrupt to the CPU with that APIC; a fixed one to all others. */
void apic_send(u32 apic, u32 command);
void apic_send_others(u32 vector);
void ioapic_enable(u32 pin);
/* Wakes the CPU not later than at `due` (clock_now's scale); ~0 for never. */
void timer_arm(u64 due);
void timer_fired(void);

/* clock.c: microseconds since boot; never goes back, and a stop or a jump of the TSC counts as a short moment. */
void clock_init(void);
u64 clock_now(void);
/* The longest time that may pass unseen before clock_now takes the counter for disturbed. */
void clock_expect(u64 microseconds);
extern u64 tsc_khz, apic_khz;
extern const char *tsc_source;

/* serial.c */
void serial_init(void);
void console(const char *format, ...);

/* memory.c: all RAM after the image; see there. */
void memory_init(void);
void *pages_alloc(u64 count);
void pages_free(void *pages, u64 count);
void *page_alloc(void);
void page_free(void *page);
void *heap_alloc(u64 size);
void *heap_alloc_zero(u64 size);
void heap_free(void *block);
extern u64 memory_pages, memory_pages_free;

/* timers.c: a heap of one-shot timers. */
struct timer
{
    u64 due;      /* 0 when stopped */
    u32 position; /* in the heap, 1-based; 0 when not in it */
    void (*fire)(struct timer *);
};
void timers_init(u32 capacity);
void timer_set(struct timer *t, u64 due);
void timer_stop(struct timer *t);
bool timers_run(u64 now);
u64 timers_next(void);
#endif
