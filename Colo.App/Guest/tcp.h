/*
 * TCP (RFC 9293) with window scaling, timestamps and PAWS (RFC 7323), SACK (RFC 2018), NewReno (RFC 5681, 6582), RFC 6298
 * timers and the RST and SYN checks of RFC 5961. Passive opens only.
 *
 *   tcp_conn.c    connections: table, listening ports, timers, life and death, the interface of the services
 *   tcp_input.c   segments that arrive
 *   tcp_output.c  segments that leave
 *   tcp_ring.c    buffers
 */
#ifndef TCP_H
#define TCP_H
#include "net.h"
#include "platform.h"

enum tcp_state
{
    TCP_SYN_RECEIVED,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT_1,
    TCP_FIN_WAIT_2,
    TCP_CLOSE_WAIT,
    TCP_CLOSING,
    TCP_LAST_ACK,
    TCP_TIME_WAIT,
    TCP_DEAD /* unlinked; freed when the work list lets go of it */
};

/*
 * Bytes by sequence number, in pages that exist only while there is something in them: an idle connection holds none.
 * One slot less than there are pages may be in use, because the first and the last page of a full ring may both be partly
 * filled, and they must not be the same.
 */
#define RING_PAGES 64u
#define RING_MAX ((RING_PAGES - 1) * 4096u)
struct ring
{
    u8 *page[RING_PAGES];
};
bool ring_write(struct ring *r, u32 sequence, const void *data, u32 length);
void ring_read(const struct ring *r, u32 sequence, void *data, u32 length);
/* The bytes at `sequence` that lie together in memory; at least one. */
static inline const u8 *ring_span(const struct ring *r, u32 sequence, u32 *length)
{
    u32 in_page = 4096 - (sequence & 4095);
    if (*length > in_page)
        *length = in_page;
    return r->page[(sequence >> 12) & (RING_PAGES - 1)] + (sequence & 4095);
}
/* Gives the pages back that lie wholly in front of `to`. */
void ring_release(struct ring *r, u32 from, u32 to);
void ring_clear(struct ring *r);

struct sequence_range
{
    u32 start, end;
};
#define MAX_RANGES 16

struct connection;

/* A service on a port. Any pointer may be null except run. */
struct service
{
    u16 port;
    const char *name;
    bool (*open)(struct connection *);
    /* There is something new: bytes, room, the end of the peer's stream, or tcp_wake was called. */
    void (*run)(struct connection *);
    /* The connection is gone, or the service has closed it: frees service_data. Called once. */
    void (*closed)(struct connection *);
};

/* Sending stops before `sequence` until the log has committed `batch` (log.h). */
struct hold
{
    u64 batch;
    u32 sequence;
};
#define MAX_HOLDS 4

struct connection
{
    struct connection *hash_next;
    struct connection *list_next, *list_previous; /* all connections */
    struct connection *work_next;
    bool on_work_list;

    u32 remote;
    u16 remote_port, local_port;
    u8 remote_mac[6];
    u8 state;
    bool timestamps, sack, ack_now, closed_by_service, peer_finished, fin_known, want_probe;
    bool probed_tail, timer_is_tail;
    u8 send_scale, receive_scale;
    u16 mss;

    /* Send sequence space, RFC 9293, 3.3.1; send_max is the highest sent ever, send_next goes back to repeat. */
    u32 iss, send_una, send_next, send_max, send_end; /* send_end: behind the last byte the service wrote */
    u32 send_window, send_wl1, send_wl2, max_window;
    u32 cwnd, ssthresh, recover;
    u8 duplicate_acks, backoffs;
    u8 silent; /* timeouts since anything was heard from the peer */
    bool recovering;
    u32 timed_sequence;
    u64 timed_at; /* 0: nothing is being timed */
    u32 srtt, rttvar, rto; /* microseconds */
    struct sequence_range sacked[MAX_RANGES];
    u32 sacked_count;
    u32 hole_next; /* recovery: where to look for the next hole */

    /* Receive sequence space; consumed: what the service has read. */
    u32 irs, receive_next, consumed, advertised, ack_sent, fin_sequence;
    u32 timestamp_recent;
    u64 timestamp_recent_at;
    struct sequence_range ahead[MAX_RANGES]; /* out of order, sorted */
    u32 ahead_count, ahead_latest;

    struct timer retransmit; /* also persist, SYN-ACK, FIN_WAIT_2 and TIME_WAIT: never two of them at once */
    struct timer delayed_ack;

    struct hold holds[MAX_HOLDS];
    u32 hold_count;

    const struct service *service;
    void *service_data;
    u64 opened_at;

    struct ring receive, send;
};

struct tcp_statistics
{
    u64 opened, reset, refused, segments_in, segments_out, retransmitted, timeouts, tail_probes, fast_retransmits, out_of_order, duplicates,
        paws_rejected, challenge_acks, dropped_memory;
    u32 connections, embryonic, time_wait;
};
extern struct tcp_statistics tcp_stats;
extern u32 ring_capacity; /* bytes a direction and connection */

/* Sequence numbers are compared modulo 2^32. */
static inline bool before(u32 a, u32 b) { return (s32)(a - b) < 0; }
static inline bool after(u32 a, u32 b) { return (s32)(a - b) > 0; }

/* For main and the layers below. */
void tcp_init(void);
void tcp_input(const struct packet *p);
void tcp_tx_room(void);
void tcp_link_address(u32 ip, const u8 *mac);
/* Runs services and sends what is due; true if there was anything. */
bool tcp_work(void);

/* For the services. */
void tcp_listen(const struct service *s);
static inline u32 tcp_readable(const struct connection *c);
static inline u32 tcp_room(const struct connection *c) { return c->closed_by_service ? 0 : ring_capacity - (c->send_end - c->send_una); }
/* The next bytes, as many as lie together; zero if there are none. */
static inline u32 tcp_peek(const struct connection *c, u32 offset, const u8 **data);
void tcp_read(struct connection *c, void *data, u32 length);
void tcp_consume(struct connection *c, u32 length);
/* All or, without memory or room, nothing. */
bool tcp_write(struct connection *c, const void *data, u32 length);
/* The peer has finished, and everything it sent has been read. */
static inline bool tcp_at_end(const struct connection *c) { return c->peer_finished && !tcp_readable(c); }
/* FIN after what was written; the service is told `closed` and not run again. */
void tcp_close(struct connection *c);
void tcp_abort(struct connection *c);
void tcp_wake(struct connection *c);
/* What is written from now on waits for this batch. */
void tcp_hold(struct connection *c, u64 batch);
void tcp_commit(u64 batch);
/* The log has failed: whoever waits for it is told by a reset. */
void tcp_abort_held(void);

/* Within TCP. */
struct segment
{
    u32 sequence, acknowledgement, window, length;
    u8 flags;
    u8 *data;
    bool has_timestamp, has_mss, has_scale, sack_permitted;
    u32 timestamp, timestamp_echo;
    u16 mss;
    u8 scale;
    struct sequence_range sack[4];
    u32 sack_count;
};
#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_PSH 8
#define TCP_ACK 16

#define TCP_RTO_INITIAL 1000000u
#define TCP_RTO_MIN 200000u
#define TCP_RTO_MAX 60000000u
#define TCP_DELAYED_ACK 40000u
#define TCP_TIME_WAIT_US 2000000u
#define TCP_FIN_WAIT_US 60000000u

struct connection *tcp_find(u32 remote, u16 remote_port, u16 local_port);
struct connection *tcp_accept(const struct packet *p, const struct segment *s, u16 remote_port, u16 local_port);
void tcp_established(struct connection *c);
void tcp_destroy(struct connection *c);
void tcp_enter_time_wait(struct connection *c);
void tcp_queue(struct connection *c);
void tcp_output(struct connection *c);
void tcp_set_retransmit(struct connection *c);
void tcp_send_reset(const struct packet *p, const struct segment *s, u16 remote_port, u16 local_port);
/* Fast retransmit: sends what is missing at the receiver, as far as the congestion window allows. */
void tcp_recover(struct connection *c);
/* Sends the last segment once more, so that the receiver's SACK shows what is missing before it. */
void tcp_probe_tail(struct connection *c);
u32 tcp_window_edge(const struct connection *c);
/* Inserts into sorted ranges; false when there is no place. latest: the index of the range it became. */
bool ranges_add(struct sequence_range *ranges, u32 *count, u32 start, u32 end, u32 *latest);

static inline u32 tcp_readable(const struct connection *c)
{
    return c->receive_next - c->consumed - (c->peer_finished ? 1 : 0);
}

static inline u32 tcp_peek(const struct connection *c, u32 offset, const u8 **data)
{
    u32 n = tcp_readable(c);
    if (offset >= n)
        return 0;
    n -= offset;
    *data = ring_span(&c->receive, c->consumed + offset, &n);
    return n;
}
#endif
