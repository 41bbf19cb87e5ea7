/* The disk: virtio 1.2, section 5.2. */
#include "store.h"
#include "virtio.h"

#define F_SIZE_MAX (1ull << 1)
#define F_SEG_MAX (1ull << 2)
#define F_RO (1ull << 5)
#define F_FLUSH (1ull << 9)

#define TYPE_IN 0
#define TYPE_OUT 1
#define TYPE_FLUSH 4

#define QUEUE 128
#define REQUESTS 8
#define DESCRIPTORS (DISK_PIECES_MAX + 2) /* a request: header, data, status */

struct request
{
    u32 type, reserved;
    u64 sector;
    u8 status;
    bool busy;
    disk_done done;
};

struct disk disk;
static struct virtio_device *device;
static struct virtq queue;
static struct request *requests;
static u32 request_count, pieces_max, piece_bytes_max;

void disk_init(void)
{
    device = virtio_find(VIRTIO_ID_BLOCK, 0);
    if (!device)
        return;
    if (!virtio_negotiate(device, F_SIZE_MAX | F_SEG_MAX | F_RO | F_FLUSH | VIRTIO_F_EVENT_IDX) ||
        !virtio_queue(device, &queue, 0, QUEUE))
        return;
    disk.sectors = virtio_config64(device, 0);
    piece_bytes_max = DISK_PIECE_MAX;
    if (device->features & F_SIZE_MAX)
        piece_bytes_max = (u32)min_u64(DISK_PIECE_MAX, virtio_config32(device, 8));
    pieces_max = DISK_PIECES_MAX;
    if (device->features & F_SEG_MAX)
        pieces_max = (u32)max_u64(1, min_u64(DISK_PIECES_MAX, virtio_config32(device, 12)));
    disk.readonly = device->features & F_RO;
    disk.has_flush = device->features & F_FLUSH;
    request_count = (u32)min_u64(REQUESTS, queue.size / DESCRIPTORS);
    requests = heap_alloc_zero(REQUESTS * sizeof *requests);
    if (!requests || !request_count || pieces_max < DISK_PIECES_MAX || piece_bytes_max < DISK_PIECE_MAX)
    {
        /* Every device of today takes eight pieces of 64 KiB; one that does not is not worth the code. */
        console("disk: too small requests (%u pieces of %u bytes, %u slots), not used", pieces_max, piece_bytes_max, request_count);
        return;
    }
    disk.present = true;
    virtio_start(device);
    virtq_no_interrupt(&queue);
    console("disk: %lu sectors pin %u%s%s", disk.sectors, device->pin, disk.readonly ? " readonly" : "", disk.has_flush ? " flush" : "");
}

static bool submit(u32 type, u64 sector, const struct disk_piece *pieces, u32 count, disk_done done)
{
    u32 slot = 0;
    while (slot < request_count && requests[slot].busy)
        slot++;
    if (!disk.present || slot == request_count || count > DISK_PIECES_MAX)
        return false;
    struct request *r = &requests[slot];
    r->type = type;
    r->reserved = 0;
    r->sector = sector;
    r->status = 0xff;
    r->busy = true;
    r->done = done;
    /* Each slot has its own descriptors, in a row. */
    u16 head = (u16)(slot * DESCRIPTORS), at = head;
    queue.desc[at] = (struct virtq_desc){(u64)r, 16, VIRTQ_DESC_F_NEXT, (u16)(at + 1)};
    for (u32 i = 0; i < count; i++)
    {
        at++;
        u16 direction = type == TYPE_IN ? VIRTQ_DESC_F_WRITE : 0;
        queue.desc[at] = (struct virtq_desc){(u64)pieces[i].data, pieces[i].length, VIRTQ_DESC_F_NEXT | direction, (u16)(at + 1)};
    }
    at++;
    queue.desc[at] = (struct virtq_desc){(u64)&r->status, 1, VIRTQ_DESC_F_WRITE, 0};
    virtq_add(&queue, head);
    return true;
}

bool disk_read(u64 sector, const struct disk_piece *pieces, u32 count, disk_done done)
{
    return submit(TYPE_IN, sector, pieces, count, done);
}

bool disk_write(u64 sector, const struct disk_piece *pieces, u32 count, disk_done done)
{
    return submit(TYPE_OUT, sector, pieces, count, done);
}

bool disk_flush(disk_done done) { return submit(TYPE_FLUSH, 0, NULL, 0, done); }

bool disk_poll(void)
{
    bool any = false;
    while (disk.present && virtq_has_used(&queue))
    {
        u32 id = virtq_take(&queue).id, slot = id / DESCRIPTORS;
        if (id % DESCRIPTORS || slot >= request_count || !requests[slot].busy)
            continue;
        any = true;
        requests[slot].busy = false;
        requests[slot].done(*(volatile u8 *)&requests[slot].status == 0);
    }
    return any;
}

void disk_kick(void)
{
    if (disk.present)
        virtq_publish(&queue);
}

bool disk_sleep(void) { return disk.present && virtq_want_interrupt(&queue, 0); }

void disk_awake(void)
{
    if (disk.present)
        virtq_no_interrupt(&queue);
}
