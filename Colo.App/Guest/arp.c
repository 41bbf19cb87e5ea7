/* ARP (RFC 826): answers for our address, and an announcement at boot (RFC 5227, 3). */
#include "net.h"
#include "tcp.h"

#define ARP_LENGTH 28

static void send(u16 operation, const u8 *to, const u8 *target_mac, u32 target_ip)
{
    u8 f[ETH_HEADER + ARP_LENGTH];
    memcpy(f, to, 6);
    memcpy(f + 6, net.mac, 6);
    put16(f + 12, 0x0806);
    memcpy(f + 14, "\x00\x01\x08\x00\x06\x04", 6);
    put16(f + 20, operation);
    memcpy(f + 22, net.mac, 6);
    put32(f + 28, ip.address);
    memcpy(f + 32, target_mac, 6);
    put32(f + 38, target_ip);
    net_send(&(struct frame_out){.header = f, .header_length = sizeof f});
}

void arp_input(u8 *frame, u32 length)
{
    u8 *a = frame + ETH_HEADER;
    if (length < ETH_HEADER + ARP_LENGTH || memcmp(a, "\x00\x01\x08\x00\x06\x04", 6))
    {
        counters.bad_frames++;
        return;
    }
    u32 sender = get32(a + 14), target = get32(a + 24);
    counters.arp++;
    if (sender == ip.address || a[8] & 1)
        return;
    /* A host that has moved to another station tells so by ARP; open connections follow it. */
    if (sender)
        tcp_link_address(sender, a + 8);
    if (get16(a + 6) == 1 && target == ip.address)
        send(2, a + 8, a + 8, sender);
}

void arp_announce(void)
{
    if (net.up)
        send(1, (const u8 *)"\xff\xff\xff\xff\xff\xff", (const u8 *)"\0\0\0\0\0\0", ip.address);
}
