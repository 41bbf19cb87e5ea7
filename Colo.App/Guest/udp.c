/* UDP (RFC 768): echo on port 7 (RFC 862). */
#include "net.h"

#define UDP_HEADER 8
#define PORT_ECHO 7

void udp_input(const struct packet *p)
{
    const u8 *u = p->payload;
    if (p->payload_length < UDP_HEADER)
    {
        counters.bad_frames++;
        return;
    }
    u32 length = get16(u + 4);
    if (length < UDP_HEADER || length > p->payload_length)
    {
        counters.bad_frames++;
        return;
    }
    /* A sum of zero means that the sender computed none. */
    if (get16(u + 6) && !p->checksum_valid &&
        checksum_fold(checksum_add(checksum_pseudo(p->source, p->destination, PROTOCOL_UDP, length), u, length)) != 0)
    {
        counters.bad_checksums++;
        return;
    }
    u16 source = get16(u), port = get16(u + 2);
    if (port != PORT_ECHO)
    {
        icmp_port_unreachable(p);
        return;
    }
    /* An echo of an echo port would never end. */
    if (source == PORT_ECHO || source == 0 || IP_HEADER + length > net.mtu)
        return;
    counters.udp_echo++;
    u8 h[ETH_HEADER + IP_HEADER + UDP_HEADER];
    ip_headers(h, p->frame + 6, p->source, PROTOCOL_UDP, length);
    u8 *out = h + ETH_HEADER + IP_HEADER;
    put16(out, port);
    put16(out + 2, source);
    put16(out + 4, length);
    put16(out + 6, 0);
    u32 sum = checksum_add(checksum_pseudo(p->destination, p->source, PROTOCOL_UDP, length), out, UDP_HEADER);
    u16 folded = checksum_fold(checksum_add(sum, u + UDP_HEADER, length - UDP_HEADER));
    if (!folded)
        folded = 0xffff;
    __builtin_memcpy(out + 6, &folded, 2);
    struct piece piece = {u + UDP_HEADER, length - UDP_HEADER};
    net_send(&(struct frame_out){.header = h, .header_length = sizeof h, .pieces = &piece, .piece_count = 1});
}
