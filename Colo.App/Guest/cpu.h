/* Instructions that C has no word for. All of them are allowed at CPL 3 (ports by the TSS's bitmap). */
#ifndef CPU_H
#define CPU_H
#include "lib.h"

static inline void out8(u16 port, u8 v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
static inline void out16(u16 port, u16 v) { __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port)); }
static inline u8 in8(u16 port)
{
    u8 v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline u64 rdtsc(void)
{
    u32 low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (u64)high << 32 | low;
}

struct cpuid_result
{
    u32 a, b, c, d;
};

static inline struct cpuid_result cpuid(u32 leaf)
{
    struct cpuid_result r;
    __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
    return r;
}

/* x86 orders stores among stores and loads among loads: for those the compiler alone must be held. A store before a load
   (publish, then look at the other side's index) needs the real fence. */
static inline void compiler_barrier(void) { __asm__ volatile("" : : : "memory"); }
static inline void full_barrier(void) { __asm__ volatile("lock; orl $0, (%%rsp)" : : : "memory", "cc"); }

static inline u32 mmio_read(u64 address) { return *(volatile u32 *)address; }
static inline void mmio_write(u64 address, u32 value) { *(volatile u32 *)address = value; }
#endif
