#include "virtio.h"

#define MAGIC 0x000
#define VERSION 0x004
#define DEVICE_ID 0x008
#define DEVICE_FEATURES 0x010
#define DEVICE_FEATURES_SEL 0x014
#define DRIVER_FEATURES 0x020
#define DRIVER_FEATURES_SEL 0x024
#define QUEUE_SEL 0x030
#define QUEUE_NUM_MAX 0x034
#define QUEUE_NUM 0x038
#define QUEUE_READY 0x044
#define QUEUE_NOTIFY 0x050
#define INTERRUPT_ACK 0x064
#define STATUS 0x070
#define QUEUE_DESC 0x080
#define QUEUE_DRIVER 0x090
#define QUEUE_DEVICE 0x0a0
#define CONFIG_GENERATION 0x0fc
#define CONFIG 0x100

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8

static struct virtio_device devices[16];
static u32 device_count;

/* A number as the kernel's command line has them: decimal or 0x..., with K or M behind. */
static const char *number(const char *p, const char *end, u64 *value)
{
    u64 v = 0, base = 10;
    if (end - p > 2 && p[0] == '0' && (p[1] | 32) == 'x')
        base = 16, p += 2;
    for (; p < end; p++)
    {
        u64 digit = *p >= '0' && *p <= '9' ? (u64)(*p - '0') : (*p | 32) >= 'a' && (*p | 32) <= 'f' ? (u64)((*p | 32) - 'a' + 10) : 99;
        if (digit >= base)
            break;
        v = v * base + digit;
    }
    if (p < end && (*p | 32) == 'k')
        v <<= 10, p++;
    else if (p < end && (*p | 32) == 'm')
        v <<= 20, p++;
    *value = v;
    return p;
}

static void probe(u64 base, u64 size, u64 pin)
{
    if (device_count == ARRAY_SIZE(devices) || size < CONFIG || base & 3 || pin >= IOAPIC_PINS)
        return;
    paging_map(base, base + size, true);
    if (mmio_read(base + MAGIC) != 0x74726976)
    {
        console("virtio: nothing at %lx", base);
        return;
    }
    u32 version = mmio_read(base + VERSION), id = mmio_read(base + DEVICE_ID);
    if (!id)
        return; /* a placeholder, section 4.2.2 */
    if (version != 2)
    {
        console("virtio: device %u at %lx is legacy (version %u); QEMU needs -global virtio-mmio.force-legacy=false", id, base, version);
        return;
    }
    devices[device_count++] = (struct virtio_device){base, id, (u32)pin, 0};
}

void virtio_probe_all(void)
{
    const char *item;
    u32 length;
    for (u32 n = 0; (item = command_line_value("virtio_mmio.device", n, &length)); n++)
    {
        /* SIZE@ADDRESS:IRQ, further fields are not ours. */
        u64 size, base, pin;
        const char *end = item + length, *p = number(item, end, &size);
        if (p == end || *p != '@')
            continue;
        p = number(p + 1, end, &base);
        if (p == end || *p != ':')
            continue;
        number(p + 1, end, &pin);
        probe(base, size, pin);
    }
}

struct virtio_device *virtio_find(u32 id, u32 n)
{
    for (u32 i = 0; i < device_count; i++)
        if (devices[i].id == id && n-- == 0)
            return &devices[i];
    return NULL;
}

/* Section 3.1.1, up to FEATURES_OK. */
bool virtio_negotiate(struct virtio_device *d, u64 wanted)
{
    mmio_write(d->base + STATUS, 0);
    while (mmio_read(d->base + STATUS))
        ;
    mmio_write(d->base + STATUS, STATUS_ACKNOWLEDGE);
    mmio_write(d->base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    mmio_write(d->base + DEVICE_FEATURES_SEL, 0);
    u64 offered = mmio_read(d->base + DEVICE_FEATURES);
    mmio_write(d->base + DEVICE_FEATURES_SEL, 1);
    offered |= (u64)mmio_read(d->base + DEVICE_FEATURES) << 32;
    d->features = offered & (wanted | VIRTIO_F_VERSION_1);
    mmio_write(d->base + DRIVER_FEATURES_SEL, 0);
    mmio_write(d->base + DRIVER_FEATURES, (u32)d->features);
    mmio_write(d->base + DRIVER_FEATURES_SEL, 1);
    mmio_write(d->base + DRIVER_FEATURES, (u32)(d->features >> 32));
    mmio_write(d->base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    if (mmio_read(d->base + STATUS) & STATUS_FEATURES_OK && d->features & VIRTIO_F_VERSION_1)
        return true;
    console("virtio: device %u at %lx refuses features %lx of %lx", d->id, d->base, d->features, offered);
    return false;
}

static void write_address(struct virtio_device *d, u32 offset, volatile void *p)
{
    mmio_write(d->base + offset, (u32)(u64)p);
    mmio_write(d->base + offset + 4, (u32)((u64)p >> 32));
}

bool virtio_queue(struct virtio_device *d, struct virtq *q, u16 number, u16 max_size)
{
    mmio_write(d->base + QUEUE_SEL, number);
    u32 limit = mmio_read(d->base + QUEUE_NUM_MAX);
    u16 size = max_size;
    while (size > limit)
        size /= 2;
    if (size < 4)
    {
        console("virtio: device %u has no queue %u", d->id, number);
        return false;
    }
    u64 avail_at = size * sizeof(struct virtq_desc);
    u64 used_at = (avail_at + 6 + size * 2u + 63) & ~63ull;
    u8 *memory = heap_alloc_zero(used_at + 6 + size * sizeof(struct virtq_used_element));
    if (!memory)
        return false;
    *q = (struct virtq){.device = d, .number = number, .size = size};
    q->desc = (void *)memory;
    q->avail = (void *)(memory + avail_at);
    q->used = (void *)(memory + used_at);
    mmio_write(d->base + QUEUE_NUM, size);
    write_address(d, QUEUE_DESC, q->desc);
    write_address(d, QUEUE_DRIVER, q->avail);
    write_address(d, QUEUE_DEVICE, q->used);
    mmio_write(d->base + QUEUE_READY, 1);
    return true;
}

void virtio_start(struct virtio_device *d)
{
    mmio_write(d->base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
    ioapic_enable(d->pin);
}

u8 virtio_config8(struct virtio_device *d, u32 offset) { return *(volatile u8 *)(d->base + CONFIG + offset); }
u16 virtio_config16(struct virtio_device *d, u32 offset) { return *(volatile u16 *)(d->base + CONFIG + offset); }
u32 virtio_config32(struct virtio_device *d, u32 offset) { return mmio_read(d->base + CONFIG + offset); }

u64 virtio_config64(struct virtio_device *d, u32 offset)
{
    /* Two accesses (section 4.2.2.2): again if the device changed its configuration in between. */
    for (;;)
    {
        u32 before = mmio_read(d->base + CONFIG_GENERATION);
        u64 v = virtio_config32(d, offset) | (u64)virtio_config32(d, offset + 4) << 32;
        if (mmio_read(d->base + CONFIG_GENERATION) == before)
            return v;
    }
}

void virtio_acknowledge(u32 pins)
{
    /* Both reasons at once and without a look at which: a look would be another exit, and the rings tell anyway. */
    for (u32 i = 0; i < device_count; i++)
        if (pins >> devices[i].pin & 1)
            mmio_write(devices[i].base + INTERRUPT_ACK, 3);
}

/* Section 2.7.10: with EVENT_IDX the device names the index at which it wants to be told. */
void virtq_publish(struct virtq *q)
{
    if (q->kicked == q->next_avail)
        return;
    compiler_barrier();
    q->avail->index = q->next_avail;
    full_barrier();
    u16 old = q->kicked;
    q->kicked = q->next_avail;
    bool kick;
    if (q->device->features & VIRTIO_F_EVENT_IDX)
    {
        u16 event = *(volatile u16 *)&q->used->ring[q->size];
        kick = (u16)(q->next_avail - event - 1) < (u16)(q->next_avail - old);
    }
    else
        kick = !(q->used->flags & 1);
    if (kick)
        mmio_write(q->device->base + QUEUE_NOTIFY, q->number);
}

bool virtq_want_interrupt(struct virtq *q, u16 more)
{
    if (q->device->features & VIRTIO_F_EVENT_IDX)
        q->avail->ring[q->size] = (u16)(q->last_used + more);
    else
        q->avail->flags = 0;
    full_barrier();
    return (u16)(q->used->index - q->last_used) > more;
}

void virtq_no_interrupt(struct virtq *q)
{
    /* Behind us: the event index comes round again only after 65,536 elements, long after the next request for one. */
    if (q->device->features & VIRTIO_F_EVENT_IDX)
        q->avail->ring[q->size] = (u16)(q->last_used - 1);
    else
        q->avail->flags = 1;
}
