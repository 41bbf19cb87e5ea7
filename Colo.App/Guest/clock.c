/*
 * Time from the TSC. Its rate: CPUID 0x15/0x16 (Intel SDM), the hypervisors' timing leaf 0x40000010, or a measurement
 * against the PIT. The guest may stop for seconds at any instruction, and may go on upon another machine's counter.
 */
#include "platform.h"

#define PIT_HZ 1193182ull
#define LAPIC_TIMER_INITIAL 0xfee00380ull
#define LAPIC_TIMER_CURRENT 0xfee00390ull

u64 tsc_khz, apic_khz;
const char *tsc_source;

static u64 last_tsc, elapsed_ticks, expected_us = 1000000;
static u64 us_per_tick_32; /* microseconds a tick, 32 bits of fraction */

static u16 pit_count(void)
{
    out8(0x43, 0x00); /* latch channel 0 */
    u8 low = in8(0x40);
    return (u16)(low | in8(0x40) << 8);
}

struct sample
{
    u64 tsc, width;
    u32 apic;
    u16 pit;
};

/* Reads all three counters at one moment. The reads are exits, and the host may stop us between them: of several tries the
   one that took the least time counts. */
static struct sample take_sample(void)
{
    struct sample best = {.width = ~0ull};
    for (int i = 0; i < 6; i++)
    {
        u64 before = rdtsc();
        u16 pit = pit_count();
        u32 apic = mmio_read(LAPIC_TIMER_CURRENT);
        u64 after = rdtsc();
        if (after - before < best.width)
            best = (struct sample){before + (after - before) / 2, after - before, apic, pit};
    }
    return best;
}

/* One measurement of about 8 ms of the PIT: the rates of TSC and APIC timer in kHz; false if the PIT does not count. */
static bool measure(u64 *tsc, u64 *apic)
{
    mmio_write(LAPIC_TIMER_INITIAL, 0xffffffff);
    struct sample from = take_sample();
    u16 count = from.pit;
    for (u32 tries = 0; (u16)(from.pit - count) < PIT_HZ / 125; tries++)
    {
        if (tries > 100000 || (tries == 2000 && count == from.pit))
            return false;
        count = pit_count();
    }
    struct sample to = take_sample();
    u64 pit = (u16)(from.pit - to.pit);
    *tsc = (to.tsc - from.tsc) * PIT_HZ / pit / 1000;
    *apic = (u64)(from.apic - to.apic) * PIT_HZ / pit / 1000;
    mmio_write(LAPIC_TIMER_INITIAL, 0);
    return true;
}

static u64 tsc_khz_from_cpuid(void)
{
    u32 max = cpuid(0).a;
    if (max >= 0x15)
    {
        struct cpuid_result r = cpuid(0x15);
        if (r.a && r.b && r.c)
            return (u64)r.c * r.b / r.a / 1000;
    }
    if (cpuid(1).c >> 31) /* a hypervisor */
    {
        struct cpuid_result r = cpuid(0x40000000);
        if (r.a >= 0x40000010 && r.a < 0x40010000)
        {
            r = cpuid(0x40000010);
            if (r.a > 100000 && r.a < 20000000)
                return r.a;
        }
    }
    return 0;
}

void clock_init(void)
{
    tsc_khz = tsc_khz_from_cpuid();
    tsc_source = "cpuid";
    /* Mode 2, reload 65536: channel 0 needs no gate and is on every machine that has a PIT. Its interrupt is masked. */
    out8(0x43, 0x34);
    out8(0x40, 0);
    out8(0x40, 0);
    /* A stop in the middle makes the PIT's 16 bits wrap unseen: two measurements in a row have to agree. */
    u64 best_tsc = 0, best_apic = 0, tsc, apic;
    for (int i = 0; i < 6 && measure(&tsc, &apic); i++)
    {
        bool agree = best_tsc && (tsc > best_tsc ? tsc - best_tsc : best_tsc - tsc) < tsc / 500;
        best_tsc = tsc;
        best_apic = apic;
        if (agree)
            break;
    }
    out8(0x43, 0x30); /* one-shot: the host's PIT stops ticking */
    out8(0x40, 1);
    out8(0x40, 0);
    if (best_tsc)
    {
        if (!tsc_khz)
            tsc_khz = best_tsc, tsc_source = "pit";
        apic_khz = best_apic;
    }
    if (!apic_khz)
        apic_khz = 1000000; /* KVM and QEMU count nanoseconds */
    if (!tsc_khz)
    {
        mmio_write(LAPIC_TIMER_INITIAL, 0xffffffff);
        u64 from = rdtsc();
        u32 start = mmio_read(LAPIC_TIMER_CURRENT);
        while (start - mmio_read(LAPIC_TIMER_CURRENT) < 5000000)
            ;
        tsc_khz = (rdtsc() - from) / 5;
        tsc_source = "apic";
        mmio_write(LAPIC_TIMER_INITIAL, 0);
    }
    us_per_tick_32 = (1000ull << 32) / tsc_khz;
    last_tsc = rdtsc();
}

void clock_expect(u64 microseconds) { expected_us = microseconds; }

u64 clock_now(void)
{
    u64 tsc = rdtsc();
    s64 delta = (s64)(tsc - last_tsc);
    last_tsc = tsc;
    /* Backwards, or further than the timer would have let us sleep: stopped, or another machine. Time goes on from here
       as if only the expected time had passed, so that no connection times out for it. */
    u64 limit = (expected_us + 1000000) * tsc_khz / 1000;
    if (delta < 0)
        delta = 0;
    else if ((u64)delta > limit)
        delta = (s64)limit;
    elapsed_ticks += (u64)delta;
    return (u64)(((unsigned __int128)elapsed_ticks * us_per_tick_32) >> 32);
}
