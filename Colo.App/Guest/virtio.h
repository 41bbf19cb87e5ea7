/* Virtio 1.2 over MMIO (section 4.2), split virtqueues (2.7). */
#ifndef VIRTIO_H
#define VIRTIO_H
#include "platform.h"

#define VIRTIO_ID_NET 1
#define VIRTIO_ID_BLOCK 2

#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)

#define VIRTQ_DESC_F_NEXT 1
#define VIRTQ_DESC_F_WRITE 2

struct virtq_desc
{
    u64 address;
    u32 length;
    u16 flags, next;
};

struct virtq_avail
{
    u16 flags, index, ring[];
};

struct virtq_used_element
{
    u32 id, length;
};

struct virtq_used
{
    u16 flags, index;
    struct virtq_used_element ring[];
};

struct virtio_device;

struct virtq
{
    struct virtio_device *device;
    u16 number, size;
    struct virtq_desc *desc;
    volatile struct virtq_avail *avail;
    volatile struct virtq_used *used;
    u16 next_avail; /* published to the device by virtq_publish */
    u16 kicked;     /* next_avail at the last look whether the device wants a kick */
    u16 last_used;
};

struct virtio_device
{
    u64 base;
    u32 id, pin;
    u64 features;
};

void virtio_probe_all(void);
/* The n-th device with this id; null when there is none. */
struct virtio_device *virtio_find(u32 id, u32 n);
/* Resets, and accepts what both sides know. False (with a line on the console) when the device refuses. */
bool virtio_negotiate(struct virtio_device *d, u64 wanted);
bool virtio_queue(struct virtio_device *d, struct virtq *q, u16 number, u16 max_size);
void virtio_start(struct virtio_device *d);
u8 virtio_config8(struct virtio_device *d, u32 offset);
u16 virtio_config16(struct virtio_device *d, u32 offset);
u32 virtio_config32(struct virtio_device *d, u32 offset);
u64 virtio_config64(struct virtio_device *d, u32 offset);
/* Acknowledges the interrupts of the devices on these pins. */
void virtio_acknowledge(u32 pins);

static inline void virtq_add(struct virtq *q, u16 head)
{
    q->avail->ring[q->next_avail & (q->size - 1)] = head;
    q->next_avail++;
}

/* Makes what virtq_add put there visible, and kicks the device if it sleeps. */
void virtq_publish(struct virtq *q);

static inline bool virtq_has_used(const struct virtq *q) { return q->used->index != q->last_used; }

/* The next used element; only after virtq_has_used. */
static inline struct virtq_used_element virtq_take(struct virtq *q)
{
    compiler_barrier();
    struct virtq_used_element e;
    volatile struct virtq_used_element *slot = &q->used->ring[q->last_used & (q->size - 1)];
    e.id = slot->id;
    e.length = slot->length;
    q->last_used++;
    return e;
}

/* Asks for an interrupt after `more` further elements. True if they are there already. */
bool virtq_want_interrupt(struct virtq *q, u16 more);
void virtq_no_interrupt(struct virtq *q);
#endif
