#include "platform.h"

struct gate
{
    u16 offset_low, selector;
    u8 ist, type;
    u16 offset_middle;
    u32 offset_high, reserved;
};

extern struct gate idt[256];
extern void (*const exception_stubs[32])(void);
extern void (*const irq_stubs[IOAPIC_PINS + 1])(void);
extern void vector_gp(void), vector_ignore(void), vector_wake(void);
extern u64 exception_vector, exception_error, exception_rip, exception_address;

static void set_gate(u32 vector, void (*handler)(void))
{
    u64 at = (u64)handler;
    /* 0x8e: present, DPL 0, interrupt gate: IF is clear in the handler. */
    idt[vector] = (struct gate){(u16)at, 0x08, 0, 0x8e, (u16)(at >> 16), (u32)(at >> 32), 0};
}

void traps_init(void)
{
    for (u32 i = 0; i < 256; i++)
        set_gate(i, i < 32 ? exception_stubs[i] : vector_ignore);
    set_gate(13, vector_gp);
    for (u32 pin = 0; pin < IOAPIC_PINS; pin++)
        set_gate(VECTOR_PIN0 + pin, irq_stubs[pin]);
    set_gate(VECTOR_TIMER, irq_stubs[IOAPIC_PINS]);
    set_gate(VECTOR_WAKE, vector_wake);
}

void trap_fatal(void)
{
    /* Of several CPUs in trouble the first one tells. */
    static u32 told;
    while (__atomic_exchange_n(&told, 1, __ATOMIC_SEQ_CST))
        cpu_idle();
    console("exception %lu, error %lx, at %lx, address %lx", exception_vector, exception_error, exception_rip, exception_address);
    power_reset();
}

void power_off(void)
{
    out16(0x604, 0x2000); /* ACPI PM1a control of the usual PC machines: SLP_EN, S5 */
    for (;;)
        cpu_idle();
}

void power_reset(void)
{
    out8(0x64, 0xfe); /* keyboard controller: pulse the reset line */
    for (;;)
        cpu_idle();
}

void triple_fault(void)
{
    /* No gate is left for the #UD, nor for the faults that follow from it. */
    memset(idt, 0, sizeof(struct gate) * 256);
    __asm__ volatile("ud2");
    __builtin_unreachable();
}
