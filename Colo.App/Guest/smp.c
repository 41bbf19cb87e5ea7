/*
 * Further CPUs, found in the MP table (MultiProcessor Specification 1.4) and in ACPI's MADT, started by INIT and SIPI, and
 * used as load workers (load.c). They run at CPL 3 as the boot CPU does, sleep by `hlt` until an IPI of the boot CPU wakes
 * them, and touch nothing but their own struct cpu and what a job names. All else is the boot CPU's alone.
 */
#include "smp.h"

#define APIC_IDS 255u
#define START_LIMIT_US 2000000u
#define SIPI_AGAIN_US 200000u

#define GDT_ENTRIES 7
#define TSS_ENTRY 3

/* Intel SDM vol. 3, 8.7. */
struct tss
{
    u32 reserved;
    u64 rsp0;
    u8 unused[90];
    u16 io_map_base;
    u8 io_map[8192], io_end;
} PACKED;

struct descriptor_pointer
{
    u16 limit;
    u64 base;
} PACKED;

enum cpu_state
{
    CPU_STARTING,
    CPU_UP,
    CPU_GIVEN_UP
};

struct cpu
{
    /* ap.S knows these three. */
    struct descriptor_pointer gdt_pointer;
    u64 kernel_stack_end __attribute__((aligned(16)));
    u64 user_stack_end;

    u32 state; /* enum cpu_state; the CPU itself and the boot CPU both change it from CPU_STARTING, the first wins */
    u32 apic;
    u64 gdt[GDT_ENTRIES];
    struct tss tss;
    u8 kernel_stack[1024] __attribute__((aligned(64)));
    struct worker worker; /* its first word is what vector_gp looks at, directly behind the stack */
    u8 user_stack[8192] __attribute__((aligned(64)));
};
_Static_assert(offsetof(struct cpu, kernel_stack_end) == 16 && offsetof(struct cpu, user_stack_end) == 24, "ap.S");
_Static_assert(offsetof(struct cpu, worker) == offsetof(struct cpu, kernel_stack) + 1024, "vectors.S");

extern const u64 gdt[GDT_ENTRIES];
extern const u8 ap_code[], ap_code_end[];

struct cpu *cpu_of_apic[256];
struct worker *workers[MAX_CPUS - 1];
u32 worker_count, cpus_found = 1;

static u8 found[MAX_CPUS - 1];
static u32 boot_apic;

static void add_cpu(u32 apic)
{
    if (apic == boot_apic || apic >= APIC_IDS || cpus_found == MAX_CPUS)
        return;
    for (u32 i = 0; i < cpus_found - 1; i++)
        if (found[i] == apic)
            return;
    found[cpus_found++ - 1] = (u8)apic;
}

static bool sums_to_zero(const u8 *p, u64 n)
{
    u8 sum = 0;
    for (u64 i = 0; i < n; i++)
        sum = (u8)(sum + p[i]);
    return sum == 0;
}

/* Tables are below 4 GiB, where page directories are. Null where that is not so. */
static const u8 *table_at(u64 address, u64 length)
{
    if (!address || length > 1 << 20 || address > (1ull << 32) - length)
        return NULL;
    paging_map(address, address + length, false);
    return (const u8 *)address;
}

static u32 u32_at(const u8 *p) { return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24; }
static u64 u64_at(const u8 *p) { return u32_at(p) | (u64)u32_at(p + 4) << 32; }

static bool read_mp_table(const u8 *pointer)
{
    const u8 *table = table_at(u32_at(pointer + 4), 44);
    if (!table || memcmp(table, "PCMP", 4))
        return false;
    u32 length = (u32)table[4] | (u32)table[5] << 8;
    if (length < 44 || !table_at((u64)table, length) || !sums_to_zero(table, length))
        return false;
    /* By the length: the number of entries is 0 in the tables of qboot, the firmware of QEMU's microvm. */
    for (u32 at = 44, size; at < length && (size = table[at] == 0 ? 20 : 8) <= length - at; at += size)
        if (table[at] == 0 && table[at + 3] & 1) /* enabled */
            add_cpu(table[at + 1]);
    return true;
}

static bool find_mp_table(u64 from, u64 to)
{
    for (const u8 *p = (const u8 *)from; (u64)p < to; p += 16)
        if (!memcmp(p, "_MP_", 4) && p[8] == 1 && sums_to_zero(p, 16) && read_mp_table(p))
            return true;
    return false;
}

/* A table of ACPI with its whole length known to be there. */
static const u8 *acpi_table(u64 address, const char *signature, u32 *length)
{
    const u8 *table = table_at(address, 36);
    if (!table || memcmp(table, signature, 4))
        return NULL;
    *length = u32_at(table + 4);
    return *length >= 36 && table_at(address, *length) && sums_to_zero(table, *length) ? table : NULL;
}

static void read_madt(const u8 *table, u32 length)
{
    for (u32 at = 44; at + 8 <= length && table[at + 1] >= 2 && table[at + 1] <= length - at; at += table[at + 1])
        if (table[at] == 0 && table[at + 1] >= 8 && table[at + 4] & 1) /* a local APIC, enabled */
            add_cpu(table[at + 3]);
}

static void read_acpi(u64 address)
{
    const u8 *root = table_at(address, 36), *list = NULL, *madt;
    u32 length, madt_length, width = 8;
    if (!root || memcmp(root, "RSD PTR ", 8))
        return;
    if (root[15] >= 2)
        list = acpi_table(u64_at(root + 24), "XSDT", &length);
    if (!list)
    {
        width = 4;
        list = acpi_table(u32_at(root + 16), "RSDT", &length);
    }
    for (u32 at = 36; list && at + width <= length; at += width)
        if ((madt = acpi_table(width == 8 ? u64_at(list + at) : u32_at(list + at), "APIC", &madt_length)))
            read_madt(madt, madt_length);
}

void smp_find(void)
{
    boot_apic = apic_id();
    /* Both: SeaBIOS writes only the first CPU of each package into the MP table. */
    read_acpi(acpi_root);
    if (!find_mp_table(0x9fc00, 0xa0000))
        find_mp_table(0xf0000, 0x100000);
}

static struct cpu *make_cpu(u32 apic)
{
    struct cpu *c = pages_alloc((sizeof *c + 4095) / 4096);
    if (!c)
        return NULL;
    memset(c, 0, sizeof *c);
    c->apic = apic;
    c->state = CPU_STARTING;
    c->kernel_stack_end = (u64)(c->kernel_stack + sizeof c->kernel_stack);
    c->user_stack_end = (u64)(c->user_stack + sizeof c->user_stack) - 8; /* as after a call */
    c->tss.rsp0 = c->kernel_stack_end;
    c->tss.io_map_base = offsetof(struct tss, io_map);
    c->tss.io_end = 0xff;
    memcpy(c->gdt, gdt, sizeof c->gdt);
    u64 base = (u64)&c->tss;
    /* An available 64-bit TSS; its base lies in four fields. */
    c->gdt[TSS_ENTRY] = (sizeof c->tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    c->gdt[TSS_ENTRY + 1] = base >> 32;
    c->gdt_pointer = (struct descriptor_pointer){sizeof c->gdt - 1, (u64)c->gdt};
    return c;
}

/* Nothing but the timer can interrupt yet. */
static void sleep_us(u64 microseconds)
{
    u64 until = clock_now() + microseconds;
    while (clock_now() < until)
    {
        timer_arm(until);
        cpu_idle();
        if (__atomic_exchange_n(&work_pending, 0, __ATOMIC_SEQ_CST) & WORK_TIMER)
            timer_fired();
    }
}

static bool is_up(const struct cpu *c) { return __atomic_load_n(&c->state, __ATOMIC_ACQUIRE) == CPU_UP; }

void smp_start(void)
{
    struct cpu *all[MAX_CPUS - 1];
    u32 count = 0;
    bool room = false;
    if (cpus_found == 1)
        return;
    for (u32 i = 0; i < ram_count; i++)
        room |= ram[i].start <= AP_PAGE && AP_PAGE + 4096 <= ram[i].end;
    for (u32 i = 0; room && i < cpus_found - 1; i++)
    {
        struct cpu *c = make_cpu(found[i]);
        if (!c)
            break;
        all[count++] = cpu_of_apic[c->apic] = c;
    }
    if (count < cpus_found - 1)
        console("%u CPUs stay off: %s", cpus_found - 1 - count, room ? "no memory" : "no RAM for their start below 1 MiB");
    memcpy((void *)AP_PAGE, ap_code, (u64)(ap_code_end - ap_code));

    /* MP specification, appendix B.4: INIT, 10 ms, a start-up IPI, and a second one for whom the first was not enough. */
    for (u32 i = 0; i < count; i++)
        apic_send(all[i]->apic, IPI_INIT);
    sleep_us(10000);
    u64 started = clock_now();
    for (u32 i = 0; i < count; i++)
        apic_send(all[i]->apic, IPI_STARTUP | AP_PAGE >> 12);
    bool again = false;
    for (u32 up = 0; up < count && clock_now() - started < START_LIMIT_US;)
    {
        sleep_us(1000);
        up = 0;
        bool late = !again && clock_now() - started > SIPI_AGAIN_US;
        for (u32 i = 0; i < count; i++)
        {
            up += is_up(all[i]);
            if (late && !is_up(all[i]))
                apic_send(all[i]->apic, IPI_STARTUP | AP_PAGE >> 12);
        }
        again |= late;
    }
    for (u32 i = 0; i < count; i++)
    {
        u32 state = CPU_STARTING;
        if (__atomic_compare_exchange_n(&all[i]->state, &state, CPU_GIVEN_UP, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            console("CPU with APIC %u has not started within %u ms: going on without it", all[i]->apic, START_LIMIT_US / 1000);
        else
            workers[worker_count++] = &all[i]->worker;
    }
    console("%u of %u CPUs run", worker_count + 1, cpus_found);
}

/* The program of a further CPU, from ap.S. */
void worker_main(struct cpu *c)
{
    u32 state = CPU_STARTING;
    apic_init_worker();
    bool wanted = __atomic_compare_exchange_n(&c->state, &state, CPU_UP, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    for (;;)
    {
        /* Between this look and the halt a job may come: vector_gp looks once more, with interrupts off. */
        if (wanted && __atomic_load_n(&c->worker.busy, __ATOMIC_ACQUIRE))
        {
            load_run(&c->worker);
            __atomic_store_n(&c->worker.busy, 0, __ATOMIC_RELEASE);
        }
        else
            cpu_idle();
    }
}

bool worker_is_free(const struct worker *w) { return !__atomic_load_n(&w->busy, __ATOMIC_ACQUIRE); }

void worker_give(struct worker *w) { __atomic_store_n(&w->busy, 1, __ATOMIC_RELEASE); }

/* x86 makes stores visible in their order, and the APIC's register is one: who wakes by the IPI sees its job. */
void workers_wake(void) { apic_send_others(VECTOR_WAKE); }
