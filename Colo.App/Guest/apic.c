/* Local APIC (xAPIC) and I/O APIC: Intel SDM vol. 3, chapter 11; 82093AA data sheet. */
#include "platform.h"

#define LAPIC 0xfee00000ull
#define LAPIC_ID (LAPIC + 0x20)
#define LAPIC_SPURIOUS (LAPIC + 0xf0)
#define LAPIC_ICR (LAPIC + 0x300)
#define LAPIC_ICR_TARGET (LAPIC + 0x310)
#define LAPIC_LVT_TIMER (LAPIC + 0x320)
#define LAPIC_LVT_LINT0 (LAPIC + 0x350)
#define LAPIC_INITIAL (LAPIC + 0x380)
#define LAPIC_DIVIDE (LAPIC + 0x3e0)
#define IOAPIC 0xfec00000ull

#define ICR_PENDING 0x1000u
#define ICR_ASSERT 0x4000u
#define ICR_OTHERS 0xc0000u

static u64 armed_until = ~0ull;

void apic_init(void)
{
    paging_map(LAPIC, LAPIC + 4096, true);
    paging_map(IOAPIC, IOAPIC + 4096, true);
    mmio_write(LAPIC_SPURIOUS, 0x1ff);
    mmio_write(LAPIC_LVT_LINT0, 0x10000); /* the 8259 stays out */
    mmio_write(LAPIC_DIVIDE, 0x0b);       /* by 1 */
    mmio_write(LAPIC_LVT_TIMER, VECTOR_TIMER);
}

void apic_init_worker(void)
{
    mmio_write(LAPIC_SPURIOUS, 0x1ff);
    mmio_write(LAPIC_LVT_LINT0, 0x10000);
}

u32 apic_id(void) { return mmio_read(LAPIC_ID) >> 24; }

static void send(u32 command)
{
    mmio_write(LAPIC_ICR, command);
    /* Of no machine that is emulated, and soon over on a real one. */
    for (u32 spin = 0; spin < 10000 && mmio_read(LAPIC_ICR) & ICR_PENDING; spin++)
        ;
}

void apic_send(u32 apic, u32 command)
{
    mmio_write(LAPIC_ICR_TARGET, apic << 24);
    send(command);
}

/* One access for all of them, however many. */
void apic_send_others(u32 vector) { mmio_write(LAPIC_ICR, ICR_OTHERS | ICR_ASSERT | vector); }

void ioapic_enable(u32 pin)
{
    /* Edge triggered, high, physical destination: the boot CPU. */
    mmio_write(IOAPIC, 0x10 + pin * 2 + 1);
    mmio_write(IOAPIC + 0x10, apic_id() << 24);
    mmio_write(IOAPIC, 0x10 + pin * 2);
    mmio_write(IOAPIC + 0x10, VECTOR_PIN0 + pin);
}

void timer_arm(u64 due)
{
    /* Writing the count is an exit. A timer that fires early does no harm, so it is set again only to be earlier. */
    u64 now = clock_now();
    /* Past its time and not seen: lost with the machine that had it, if it is not just pending. */
    if (armed_until < now)
        armed_until = ~0ull;
    if (due >= armed_until)
        return;
    u64 delta = due > now ? due - now : 1;
    u64 ticks = min_u64(delta, 3600000000ull) * apic_khz / 1000;
    ticks = max_u64(1, min_u64(ticks, 0xffffffff));
    armed_until = now + ticks * 1000 / apic_khz;
    mmio_write(LAPIC_INITIAL, (u32)ticks);
}

void timer_fired(void) { armed_until = ~0ull; }
