/* ICMP (RFC 792): echo, and port unreachable for UDP. */
#include "net.h"
#include "platform.h"

#define ICMP_ECHO_REPLY 0
#define ICMP_UNREACHABLE 3
#define ICMP_ECHO 8

static void send(const struct packet *to, const u8 *head, const void *data, u32 length)
{
    u8 h[ETH_HEADER + IP_HEADER + 8];
    ip_headers(h, to->frame + 6, to->source, PROTOCOL_ICMP, 8 + length);
    u8 *icmp = h + ETH_HEADER + IP_HEADER;
    memcpy(icmp, head, 8);
    put16(icmp + 2, 0);
    u16 sum = checksum_fold(checksum_add(checksum_add(0, icmp, 8), data, length));
    __builtin_memcpy(icmp + 2, &sum, 2);
    struct piece piece = {data, length};
    net_send(&(struct frame_out){.header = h, .header_length = sizeof h, .pieces = &piece, .piece_count = 1});
}

void icmp_input(const struct packet *p)
{
    if (p->payload_length < 8)
    {
        counters.bad_frames++;
        return;
    }
    if (checksum_fold(checksum_add(0, p->payload, p->payload_length)) != 0)
    {
        counters.bad_checksums++;
        return;
    }
    if (p->payload[0] != ICMP_ECHO || p->payload[1] != 0 || IP_HEADER + p->payload_length > net.mtu)
        return;
    u8 head[8] = {ICMP_ECHO_REPLY};
    memcpy(head + 4, p->payload + 4, 4);
    counters.icmp_echo++;
    send(p, head, p->payload + 8, p->payload_length - 8);
}

void icmp_port_unreachable(const struct packet *p)
{
    /* RFC 1812, 4.3.2.8: limit the rate of errors. */
    static u64 window_start;
    static u32 sent;
    u64 now = clock_now();
    if (now - window_start > 1000000)
        window_start = now, sent = 0;
    if (++sent > 100)
        return;
    u8 head[8] = {ICMP_UNREACHABLE, 3};
    u32 header = (p->ip[0] & 15) * 4u;
    send(p, head, p->ip, header + (u32)min_u64(8, p->payload_length));
}
