/* Frames: the network device, and the protocols under TCP. Addresses are in host order outside of frames. */
#ifndef NET_H
#define NET_H
#include "lib.h"

#define ETH_HEADER 14
#define IP_HEADER 20
#define PROTOCOL_ICMP 1
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

struct piece
{
    const void *data;
    u32 length;
};

#define MAX_PIECES 24

/* A frame to be sent: headers, then the pieces of the payload. The bytes are copied before net_send returns. */
struct frame_out
{
    const u8 *header;
    u32 header_length;
    const struct piece *pieces;
    u32 piece_count;
    bool partial_checksum; /* the device completes it: the field holds the pseudo-header's sum */
    u16 checksum_start, checksum_offset;
    u16 gso_size; /* TCP over IPv4 in segments of this many bytes; 0: one frame */
};

/* A received IPv4 packet, checked up to and including the IP header. */
struct packet
{
    u8 *frame;   /* the Ethernet header */
    u8 *ip;      /* the IP header */
    u8 *payload; /* behind it */
    u32 payload_length;
    u32 source, destination;
    bool checksum_valid; /* the device vouches for the transport checksum */
};

/* virtio_net.c */
struct net_device
{
    bool present, up;
    u8 mac[6];
    u16 mtu;
    bool checksum_offload, tso;
    u64 rx_frames, rx_bytes, tx_frames, tx_bytes, tx_full;
    u32 pin;
};
extern struct net_device net;
void net_init(void);
/* False when the ring is full: net.tx_full counts it, and tcp_tx_room is called when there is room again. */
bool net_send(const struct frame_out *f);
/* Handles what came, up to a bound; true if there was anything. */
bool net_poll(void);
void net_kick(void);
/* Asks for interrupts; true if there is work already. */
bool net_sleep(void);
void net_awake(void);

/* ip.c */
struct ip_config
{
    u32 address, mask, gateway;
    u32 prefix;
};
extern struct ip_config ip;
void ip_init(void);
void net_input(u8 *frame, u32 length, bool checksum_valid);
/* Writes Ethernet and IP headers; total: bytes behind the IP header. */
void ip_headers(u8 *at, const u8 *mac, u32 destination, u8 protocol, u32 total);
u32 checksum_add(u32 sum, const void *data, u32 length);
u16 checksum_fold(u32 sum);
u32 checksum_pseudo(u32 source, u32 destination, u8 protocol, u32 length);

/* arp.c */
void arp_input(u8 *frame, u32 length);
void arp_announce(void);

/* icmp.c, udp.c */
void icmp_input(const struct packet *p);
void icmp_port_unreachable(const struct packet *p);
void udp_input(const struct packet *p);

struct net_counters
{
    u64 arp, icmp_echo, udp_echo, bad_frames, bad_checksums, fragments;
};
extern struct net_counters counters;
#endif
