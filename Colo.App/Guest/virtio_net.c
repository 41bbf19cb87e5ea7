/* The network device, virtio 1.2 section 5.1. One queue pair; frames are copied in and out of fixed buffers. */
#include "net.h"
#include "tcp.h"
#include "virtio.h"

#define F_CSUM (1ull << 0)
#define F_GUEST_CSUM (1ull << 1)
#define F_MTU (1ull << 3)
#define F_MAC (1ull << 5)
#define F_GUEST_TSO4 (1ull << 7)
#define F_HOST_TSO4 (1ull << 11)
#define F_MRG_RXBUF (1ull << 15)

#define HDR_NEEDS_CSUM 1
#define HDR_DATA_VALID 2
#define GSO_TCPV4 1

struct net_header
{
    u8 flags, gso_type;
    u16 header_length, gso_size, checksum_start, checksum_offset, buffers;
} PACKED;

#define RX_BUFFER 2048u
#define TX_CELL 4096u
#define QUEUE 256
#define MAX_FRAME 66000u
#define RX_BATCH 128

struct net_device net;
static struct virtio_device *device;
static struct virtq rx, tx;
static u8 *rx_buffers, *tx_cells, *assembly;
/* Free transmit cells, last in first out, so that a quiet guest touches always the same few pages. */
static u16 tx_free[QUEUE];
static u32 tx_free_count;
static bool tx_starved;

void net_init(void)
{
    device = virtio_find(VIRTIO_ID_NET, 0);
    if (!device)
    {
        console("net: no device");
        return;
    }
    /* Received segments of up to 64 KiB need merged buffers: without them every buffer had to be that large. */
    u64 wanted = F_CSUM | F_GUEST_CSUM | F_MTU | F_MAC | F_GUEST_TSO4 | F_HOST_TSO4 | F_MRG_RXBUF | VIRTIO_F_EVENT_IDX;
    if (!virtio_negotiate(device, wanted))
        return;
    if (!(device->features & F_MRG_RXBUF) && !virtio_negotiate(device, wanted & ~F_GUEST_TSO4))
        return;
    if (!virtio_queue(device, &rx, 0, QUEUE) || !virtio_queue(device, &tx, 1, QUEUE))
        return;
    if (device->features & F_MAC)
        for (u32 i = 0; i < 6; i++)
            net.mac[i] = virtio_config8(device, i);
    else
        memcpy(net.mac, "\x52\x54\x00\xc0\x10\x01", 6);
    net.mtu = 1500;
    if (device->features & F_MTU)
    {
        u16 mtu = virtio_config16(device, 10);
        u16 largest = device->features & F_MRG_RXBUF ? 9000 : 1500;
        if (mtu >= 576)
            net.mtu = mtu < largest ? mtu : largest;
    }
    net.checksum_offload = device->features & F_CSUM;
    net.tso = net.checksum_offload && device->features & F_HOST_TSO4;
    net.pin = device->pin;

    rx_buffers = heap_alloc(rx.size * RX_BUFFER);
    tx_cells = heap_alloc(tx.size * TX_CELL);
    assembly = heap_alloc(MAX_FRAME);
    if (!rx_buffers || !tx_cells || !assembly)
    {
        console("net: no memory");
        return;
    }
    for (u16 i = 0; i < rx.size; i++)
    {
        rx.desc[i] = (struct virtq_desc){(u64)(rx_buffers + i * RX_BUFFER), RX_BUFFER, VIRTQ_DESC_F_WRITE, 0};
        virtq_add(&rx, i);
    }
    for (u16 i = 0; i < tx.size; i++)
    {
        tx.desc[i].address = (u64)(tx_cells + i * TX_CELL);
        tx_free[tx_free_count++] = (u16)(tx.size - 1 - i);
    }
    net.present = true;
    virtio_start(device);
    virtq_no_interrupt(&tx);
    virtq_publish(&rx);
    console("net: %M mtu %u pin %u%s%s%s%s", net.mac, net.mtu, device->pin, net.checksum_offload ? " csum" : "", net.tso ? " tso" : "",
            device->features & F_GUEST_TSO4 ? " lro" : "", device->features & F_MRG_RXBUF ? " mrg" : "");
}

static void reclaim(void)
{
    while (virtq_has_used(&tx))
    {
        u32 id = virtq_take(&tx).id;
        /* The chain ends after at most all cells, whatever the device wrote. */
        for (u32 n = 0; id < tx.size && tx_free_count < tx.size && n < tx.size; n++)
        {
            tx_free[tx_free_count++] = (u16)id;
            if (!(tx.desc[id].flags & VIRTQ_DESC_F_NEXT))
                break;
            id = tx.desc[id].next;
        }
    }
}

bool net_send(const struct frame_out *f)
{
    u32 total = sizeof(struct net_header) + f->header_length;
    for (u32 i = 0; i < f->piece_count; i++)
        total += f->pieces[i].length;
    u32 cells = (total + TX_CELL - 1) / TX_CELL;
    if (!net.present || total > MAX_FRAME)
        return false;
    if (tx_free_count < cells)
        reclaim();
    if (tx_free_count < cells)
    {
        net.tx_full++;
        tx_starved = true;
        return false;
    }
    u16 head = tx_free[--tx_free_count], at = head;
    u8 *to = tx_cells + at * TX_CELL;
    struct net_header *h = (void *)to;
    *h = (struct net_header){0};
    if (f->partial_checksum)
    {
        h->flags = HDR_NEEDS_CSUM;
        h->checksum_start = f->checksum_start;
        h->checksum_offset = f->checksum_offset;
    }
    if (f->gso_size)
    {
        h->gso_type = GSO_TCPV4;
        h->gso_size = f->gso_size;
        h->header_length = (u16)f->header_length;
    }
    memcpy(to + sizeof *h, f->header, f->header_length);
    u32 used = sizeof *h + f->header_length;
    for (u32 i = 0; i < f->piece_count; i++)
    {
        const u8 *from = f->pieces[i].data;
        u32 left = f->pieces[i].length;
        while (left)
        {
            if (used == TX_CELL)
            {
                u16 next = tx_free[--tx_free_count];
                tx.desc[at].length = TX_CELL;
                tx.desc[at].flags = VIRTQ_DESC_F_NEXT;
                tx.desc[at].next = next;
                at = next;
                to = tx_cells + at * TX_CELL;
                used = 0;
            }
            u32 n = (u32)min_u64(left, TX_CELL - used);
            memcpy(to + used, from, n);
            used += n;
            from += n;
            left -= n;
        }
    }
    tx.desc[at].length = used;
    tx.desc[at].flags = 0;
    virtq_add(&tx, head);
    net.tx_frames++;
    net.tx_bytes += total - sizeof *h;
    return true;
}

/* Puts a frame of several buffers together. Returns its length with the header, 0 if it is not whole. */
static u32 assemble(const u8 *first, u32 first_length, u32 buffers)
{
    u32 length = first_length;
    memcpy(assembly, first, first_length);
    for (u32 i = 1; i < buffers; i++)
    {
        if (!virtq_has_used(&rx))
            return 0;
        struct virtq_used_element e = virtq_take(&rx);
        if (e.id >= rx.size)
            return 0;
        virtq_add(&rx, (u16)e.id);
        if (e.length > RX_BUFFER || length + e.length > MAX_FRAME)
            return 0;
        memcpy(assembly + length, rx_buffers + e.id * RX_BUFFER, e.length);
        length += e.length;
    }
    return length;
}

bool net_poll(void)
{
    if (!net.present)
        return false;
    bool any = false;
    reclaim();
    if (tx_starved && tx_free_count > tx.size / 4u)
    {
        tx_starved = false;
        tcp_tx_room();
        any = true;
    }
    for (u32 n = 0; n < RX_BATCH && virtq_has_used(&rx); n++)
    {
        any = true;
        struct virtq_used_element e = virtq_take(&rx);
        if (e.id >= rx.size)
            continue;
        u8 *buffer = rx_buffers + e.id * RX_BUFFER;
        struct net_header h;
        memcpy(&h, buffer, sizeof h);
        u32 length = e.length;
        u8 *frame = buffer;
        u32 buffers = device->features & F_MRG_RXBUF ? h.buffers : 1;
        if (length < sizeof h + ETH_HEADER || length > RX_BUFFER || !buffers)
            length = 0;
        else if (buffers > 1)
        {
            length = assemble(buffer, length, buffers);
            frame = assembly;
        }
        if (length)
        {
            net.rx_frames++;
            net.rx_bytes += length - sizeof h;
            net_input(frame + sizeof h, length - (u32)sizeof h, h.flags & (HDR_NEEDS_CSUM | HDR_DATA_VALID));
        }
        else
            counters.bad_frames++;
        /* Only now: the buffer was read in place. The device sees it at the next publish. */
        virtq_add(&rx, (u16)e.id);
    }
    return any;
}

void net_kick(void)
{
    if (!net.present)
        return;
    virtq_publish(&rx);
    virtq_publish(&tx);
}

bool net_sleep(void)
{
    if (!net.present)
        return false;
    bool work = virtq_want_interrupt(&rx, 0);
    if (tx_starved)
        work |= virtq_want_interrupt(&tx, 0);
    return work;
}

void net_awake(void)
{
    if (!net.present)
        return;
    virtq_no_interrupt(&rx);
    virtq_no_interrupt(&tx);
}
