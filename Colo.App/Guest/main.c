/* Boot in order, then one loop: look at the devices, run what is due, kick once, sleep. */
#include "services.h"
#include "store.h"
#include "virtio.h"

static struct timer minute;

static void on_minute(struct timer *t)
{
    console("up %lu s, %u connections, %lu http, %lu resp, %lu keys, %lu KiB free", clock_now() / 1000000, tcp_stats.connections,
            served.http_requests, served.resp_commands, store_keys(), memory_pages_free * 4);
    timer_set(t, clock_now() + 60000000);
}

/* Everything there is to do now; what is sent leaves at the end, with one kick. */
static bool work_round(void)
{
    bool any = net_poll();
    any |= disk_poll();
    any |= timers_run(clock_now());
    any |= tcp_work();
    log_work();
    net_kick();
    disk_kick();
    return any;
}

void machine_wait(void)
{
    timer_arm(timers_next());
    u64 now = clock_now(), next = timers_next();
    clock_expect(next > now ? next - now : 0);
    cpu_idle();
    clock_now();
    clock_expect(0);
    u32 work = __atomic_exchange_n(&work_pending, 0, __ATOMIC_SEQ_CST);
    if (work & WORK_TIMER)
        timer_fired();
    if (work & ~WORK_TIMER)
        virtio_acknowledge(work & ~WORK_TIMER);
}

void guest_main(void)
{
    traps_init();
    serial_init();
    pvh_read_start_info();
    paging_map_ram();
    memory_init();
    apic_init();
    smp_find();
    console("started, %lu KiB of memory, %u CPU%s", memory_pages * 4, cpus_found, cpus_found == 1 ? "" : "s");
    clock_init();
    console("tsc %lu kHz (%s), apic %lu kHz", tsc_khz, tsc_source, apic_khz);
    smp_start();
    tcp_init();
    virtio_probe_all();
    net_init();
    ip_init();
    disk_init();
    log_start();
    tcp_listen(&echo_service);
    tcp_listen(&http_service);
    tcp_listen(&resp_service);
    arp_announce();
    net_kick();
    minute.fire = on_minute;
    timer_set(&minute, clock_now() + 60000000);
    if (net.up)
        console("ready: %I/%u after %lu ms", ip.address, ip.prefix, clock_now() / 1000);
    else
        console("ready, without network");

    for (;;)
    {
        while (work_round())
            ;
        /* Ask for interrupts, then look once more: what came before the asking gives none. */
        bool work = net_sleep();
        work |= disk_sleep();
        if (!work)
            machine_wait();
        net_awake();
        disk_awake();
    }
}
