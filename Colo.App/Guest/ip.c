/*
 * Ethernet and IPv4 (RFC 791). The guest never speaks first, so it needs no routes and resolves no addresses: an answer
 * goes to the link address that the question came from, through a gateway or not.
 */
#include "net.h"
#include "platform.h"
#include "tcp.h"

struct ip_config ip;
struct net_counters counters;
static u16 next_id;

static bool parse_address(const char *s, u32 length, u32 *address, u32 *prefix)
{
    u32 value = 0, parts = 0, start = 0;
    *prefix = 24;
    for (u32 i = 0; i <= length; i++)
        if (i == length || s[i] == '.' || s[i] == '/' || s[i] == ':')
        {
            u64 part;
            if (!parse_u64(s + start, i - start, 255, &part) || parts == 4)
                return false;
            value = value << 8 | (u32)part;
            parts++;
            start = i + 1;
            if (i < length && s[i] == '/')
            {
                u64 bits;
                if (parts != 4 || !parse_u64(s + start, length - start, 32, &bits))
                    return false;
                *prefix = (u32)bits;
                break;
            }
            if (i < length && s[i] == ':')
                return false; /* the kernel's long form is not ours */
        }
    *address = value;
    return parts == 4;
}

void ip_init(void)
{
    u32 length, ignored;
    const char *item = command_line_value("ip", 0, &length);
    if (!item || !parse_address(item, length, &ip.address, &ip.prefix))
    {
        console("ip: none; give ip=A.B.C.D/N on the command line");
        return;
    }
    ip.mask = ip.prefix ? ~0u << (32 - ip.prefix) : 0;
    item = command_line_value("gw", 0, &length);
    if (item && !parse_address(item, length, &ip.gateway, &ignored))
        console("ip: gw= is no address, ignored");
    net.up = net.present;
}

/* RFC 1071, over bytes in memory order; every part but the last must be of even length. */
u32 checksum_add(u32 sum, const void *data, u32 length)
{
    const u8 *p = data;
    u64 s = sum;
    for (; length >= 4; length -= 4, p += 4)
    {
        u32 v;
        __builtin_memcpy(&v, p, 4);
        s += v;
    }
    if (length >= 2)
    {
        u16 v;
        __builtin_memcpy(&v, p, 2);
        s += v;
        p += 2;
        length -= 2;
    }
    if (length)
        s += *p;
    s = (s & 0xffffffff) + (s >> 32);
    s = (s & 0xffffffff) + (s >> 32);
    return (u32)s;
}

u16 checksum_fold(u32 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

u32 checksum_pseudo(u32 source, u32 destination, u8 protocol, u32 length)
{
    u8 p[12];
    put32(p, source);
    put32(p + 4, destination);
    put16(p + 8, protocol);
    put16(p + 10, length);
    return checksum_add(0, p, sizeof p);
}

void ip_headers(u8 *at, const u8 *mac, u32 destination, u8 protocol, u32 total)
{
    memcpy(at, mac, 6);
    memcpy(at + 6, net.mac, 6);
    put16(at + 12, 0x0800);
    u8 *h = at + ETH_HEADER;
    h[0] = 0x45;
    h[1] = 0;
    put16(h + 2, IP_HEADER + total);
    put16(h + 4, next_id++);
    put16(h + 6, 0x4000); /* don't fragment */
    h[8] = 64;
    h[9] = protocol;
    put16(h + 10, 0);
    put32(h + 12, ip.address);
    put32(h + 16, destination);
    u16 sum = checksum_fold(checksum_add(0, h, IP_HEADER));
    __builtin_memcpy(h + 10, &sum, 2);
}

/* A host on the outside: no multicast, no broadcast, not this host, not loopback. */
static bool good_source(u32 a)
{
    if (a >> 28 >= 14 || a >> 24 == 127 || a == ip.address || a >> 24 == 0)
        return false;
    return ip.prefix >= 31 || (a & ip.mask) != (ip.address & ip.mask) || ((a & ~ip.mask) != 0 && (a & ~ip.mask) != ~ip.mask);
}

static void ip_input(u8 *frame, u32 length, bool checksum_valid)
{
    struct packet p = {.frame = frame, .ip = frame + ETH_HEADER, .checksum_valid = checksum_valid};
    u8 *h = p.ip;
    length -= ETH_HEADER;
    if (length < IP_HEADER || h[0] >> 4 != 4)
        goto bad;
    u32 header = (h[0] & 15) * 4u, total = get16(h + 2);
    if (header < IP_HEADER || total < header || total > length)
        goto bad;
    if (checksum_fold(checksum_add(0, h, header)) != 0)
    {
        counters.bad_checksums++;
        return;
    }
    p.source = get32(h + 12);
    p.destination = get32(h + 16);
    if (p.destination != ip.address || !good_source(p.source))
        return;
    if (get16(h + 6) & 0x3fff)
    {
        counters.fragments++; /* more fragments, or an offset: not reassembled */
        return;
    }
    p.payload = h + header;
    p.payload_length = total - header;
    if (h[9] == PROTOCOL_TCP)
        tcp_input(&p);
    else if (h[9] == PROTOCOL_UDP)
        udp_input(&p);
    else if (h[9] == PROTOCOL_ICMP)
        icmp_input(&p);
    return;
bad:
    counters.bad_frames++;
}

void net_input(u8 *frame, u32 length, bool checksum_valid)
{
    if (!net.up)
        return;
    /* To this station or to all; the device may be promiscuous. */
    bool broadcast = !memcmp(frame, "\xff\xff\xff\xff\xff\xff", 6);
    if ((!broadcast && memcmp(frame, net.mac, 6)) || frame[6] & 1)
        return;
    u16 type = get16(frame + 12);
    if (type == 0x0806)
        arp_input(frame, length);
    else if (type == 0x0800 && !broadcast)
        ip_input(frame, length, checksum_valid);
}
