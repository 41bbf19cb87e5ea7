#include "tcp.h"

#define HASH_SIZE 4096u
#define EMBRYONIC_MAX 256u

struct tcp_statistics tcp_stats;
u32 ring_capacity;

static struct connection *hash[HASH_SIZE];
static struct connection *all_first, *all_last;
static struct connection *work_first, *work_last, *processing;
static u32 max_connections, hash_secret;
static const struct service *services[8];
static u32 service_count, held_count;

void tcp_init(void)
{
    max_connections = (u32)max_u64(256, min_u64(memory_pages / 16, 16384));
    /* In little memory many connections matter more than fast ones. */
    ring_capacity = memory_pages >= 128 * 256 ? RING_MAX : memory_pages >= 32 * 256 ? 31 * 4096 : 15 * 4096;
    hash_secret = (u32)rdtsc() * 2654435761u;
    timers_init(max_connections * 3 + 64);
}

void tcp_listen(const struct service *s)
{
    if (service_count < ARRAY_SIZE(services))
        services[service_count++] = s;
}

static u32 bucket(u32 remote, u16 remote_port, u16 local_port)
{
    /* Keyed, so that nobody outside can fill one bucket; the order within never shows. */
    u64 x = ((u64)remote << 32 | (u32)remote_port << 16 | local_port) ^ ((u64)hash_secret << 32 | hash_secret);
    x *= 0x9e3779b97f4a7c15ull;
    return (u32)(x >> 40) & (HASH_SIZE - 1);
}

struct connection *tcp_find(u32 remote, u16 remote_port, u16 local_port)
{
    struct connection *c = hash[bucket(remote, remote_port, local_port)];
    while (c && (c->remote != remote || c->remote_port != remote_port || c->local_port != local_port))
        c = c->hash_next;
    return c;
}

static void all_append(struct connection *c)
{
    c->list_next = NULL;
    c->list_previous = all_last;
    if (all_last)
        all_last->list_next = c;
    else
        all_first = c;
    all_last = c;
}

static void all_remove(struct connection *c)
{
    if (c->list_previous)
        c->list_previous->list_next = c->list_next;
    else
        all_first = c->list_next;
    if (c->list_next)
        c->list_next->list_previous = c->list_previous;
    else
        all_last = c->list_previous;
}

void tcp_queue(struct connection *c)
{
    if (c->on_work_list)
        return;
    c->on_work_list = true;
    c->work_next = NULL;
    if (work_last)
        work_last->work_next = c;
    else
        work_first = c;
    work_last = c;
}

void tcp_wake(struct connection *c) { tcp_queue(c); }

static void on_retransmit(struct timer *t)
{
    struct connection *c = (struct connection *)((u8 *)t - offsetof(struct connection, retransmit));
    if (c->state == TCP_TIME_WAIT || c->state == TCP_FIN_WAIT_2)
    {
        tcp_destroy(c);
        return;
    }
    if (c->timer_is_tail)
    {
        tcp_probe_tail(c);
        return;
    }
    /* About two minutes of silence at the back-off's pace, much less for a peer that never answered our SYN. */
    u8 patience = c->state == TCP_SYN_RECEIVED ? 5 : 10;
    if (++c->silent > patience)
    {
        tcp_stats.timeouts++;
        tcp_destroy(c);
        return;
    }
    if (c->backoffs < 12)
        c->backoffs++;
    c->timed_at = 0; /* Karn: what is repeated is not timed */
    if (c->state == TCP_SYN_RECEIVED)
    {
        c->send_next = c->iss;
        tcp_stats.retransmitted++;
    }
    else if (c->send_max == c->send_una || c->send_window == 0)
    {
        c->send_next = c->send_una;
        c->want_probe = true;
    }
    else
    {
        /* RFC 5681, 3.1; once for a loss, not again for its repetition. */
        if (c->backoffs == 1)
            c->ssthresh = (u32)max_u64((c->send_max - c->send_una) / 2, 2u * c->mss);
        else
            c->sacked_count = 0; /* the receiver may have thrown it away (RFC 2018, 8) */
        c->cwnd = c->mss;
        c->send_next = c->send_una;
        c->recovering = false;
        c->duplicate_acks = 0;
        c->recover = c->send_max;
        tcp_stats.timeouts++;
    }
    tcp_queue(c);
}

static void on_delayed_ack(struct timer *t)
{
    struct connection *c = (struct connection *)((u8 *)t - offsetof(struct connection, delayed_ack));
    c->ack_now = true;
    tcp_queue(c);
}

static const struct service *find_service(u16 port)
{
    for (u32 i = 0; i < service_count; i++)
        if (services[i]->port == port)
            return services[i];
    return NULL;
}

struct connection *tcp_accept(const struct packet *p, const struct segment *s, u16 remote_port, u16 local_port)
{
    const struct service *service = find_service(local_port);
    if (!service)
    {
        tcp_send_reset(p, s, remote_port, local_port);
        return NULL;
    }
    /* Full: the place of one that only waits for stray segments is worth less. */
    if (tcp_stats.connections >= max_connections && all_last->state == TCP_TIME_WAIT)
        tcp_destroy(all_last);
    if (tcp_stats.connections >= max_connections || tcp_stats.embryonic >= EMBRYONIC_MAX || memory_pages_free < 32)
    {
        tcp_stats.refused++;
        return NULL; /* silence: the peer tries again */
    }
    struct connection *c = heap_alloc_zero(sizeof *c);
    if (!c)
    {
        tcp_stats.refused++;
        return NULL;
    }
    c->remote = p->source;
    c->remote_port = remote_port;
    c->local_port = local_port;
    memcpy(c->remote_mac, p->frame + 6, 6);
    c->service = service;
    c->state = TCP_SYN_RECEIVED;
    c->opened_at = clock_now();
    c->retransmit.fire = on_retransmit;
    c->delayed_ack.fire = on_delayed_ack;

    c->timestamps = s->has_timestamp;
    c->timestamp_recent = s->timestamp;
    c->timestamp_recent_at = c->opened_at;
    c->sack = s->sack_permitted;
    if (s->has_scale)
    {
        c->send_scale = s->scale > 14 ? 14 : s->scale;
        c->receive_scale = 3;
    }
    /* RFC 9293, 3.7.1, and no less than any IPv4 host must take; the timestamps' room is the data's loss. */
    u32 mss = s->has_mss ? s->mss : 536;
    mss = (u32)min_u64(max_u64(mss, 88), net.mtu - 40u);
    c->mss = (u16)(mss - (c->timestamps ? 12 : 0));

    /* From the clock, as RFC 9293, 3.4.1 has it. */
    c->iss = (u32)(rdtsc() >> 8);
    c->send_una = c->send_next = c->send_max = c->iss;
    c->send_end = c->recover = c->iss + 1;
    c->send_window = s->window;
    c->send_wl1 = s->sequence;
    c->max_window = s->window;
    c->cwnd = 10u * c->mss; /* RFC 6928 */
    c->ssthresh = ~0u;
    c->rto = TCP_RTO_INITIAL;
    c->irs = s->sequence;
    c->receive_next = c->consumed = c->ack_sent = c->advertised = s->sequence + 1;
    c->timestamp_recent_at = c->opened_at;

    u32 b = bucket(c->remote, remote_port, local_port);
    c->hash_next = hash[b];
    hash[b] = c;
    all_append(c);
    tcp_stats.connections++;
    tcp_stats.embryonic++;
    tcp_queue(c);
    return c;
}

void tcp_established(struct connection *c)
{
    tcp_stats.embryonic--;
    tcp_stats.opened++;
    c->state = TCP_ESTABLISHED;
    if (c->service->open && !c->service->open(c))
        tcp_abort(c);
}

static void detach(struct connection *c)
{
    if (c->closed_by_service)
        return;
    c->closed_by_service = true;
    if (c->state != TCP_SYN_RECEIVED && c->service->closed)
        c->service->closed(c);
    c->service_data = NULL;
}

void tcp_destroy(struct connection *c)
{
    if (c->state == TCP_DEAD)
        return;
    detach(c);
    if (c->state == TCP_SYN_RECEIVED)
        tcp_stats.embryonic--;
    if (c->state == TCP_TIME_WAIT)
        tcp_stats.time_wait--;
    tcp_stats.connections--;
    held_count -= c->hold_count ? 1 : 0;
    timer_stop(&c->retransmit);
    timer_stop(&c->delayed_ack);
    ring_clear(&c->receive);
    ring_clear(&c->send);
    struct connection **at = &hash[bucket(c->remote, c->remote_port, c->local_port)];
    while (*at != c)
        at = &(*at)->hash_next;
    *at = c->hash_next;
    all_remove(c);
    c->state = TCP_DEAD;
    if (!c->on_work_list && c != processing)
        heap_free(c);
}

void tcp_enter_time_wait(struct connection *c)
{
    c->state = TCP_TIME_WAIT;
    tcp_stats.time_wait++;
    timer_stop(&c->delayed_ack);
    timer_set(&c->retransmit, clock_now() + TCP_TIME_WAIT_US);
    ring_clear(&c->receive);
    ring_clear(&c->send);
    all_remove(c);
    all_append(c);
}

bool tcp_work(void)
{
    if (!work_first)
        return false;
    /* What is queued meanwhile has its turn in the next round, after the device was looked at. */
    struct connection *c = work_first, *next;
    work_first = work_last = NULL;
    for (; c; c = next)
    {
        next = c->work_next;
        c->on_work_list = false;
        processing = c;
        if (c->state != TCP_DEAD && c->state != TCP_SYN_RECEIVED && !c->closed_by_service)
            c->service->run(c);
        if (c->state != TCP_DEAD)
            tcp_output(c);
        processing = NULL;
        if (c->state == TCP_DEAD && !c->on_work_list)
            heap_free(c);
    }
    return true;
}

void tcp_tx_room(void)
{
    for (struct connection *c = all_first; c; c = c->list_next)
        if (c->state != TCP_TIME_WAIT)
            tcp_queue(c);
}

void tcp_link_address(u32 address, const u8 *mac)
{
    for (struct connection *c = all_first; c; c = c->list_next)
        if (c->remote == address)
            memcpy(c->remote_mac, mac, 6);
}

void tcp_read(struct connection *c, void *data, u32 length)
{
    ring_read(&c->receive, c->consumed, data, length);
    tcp_consume(c, length);
}

void tcp_consume(struct connection *c, u32 length)
{
    u32 to = c->consumed + length;
    if (to == c->receive_next - (c->peer_finished ? 1 : 0) && !c->ahead_count)
        ring_clear(&c->receive); /* empty: also the page that is only partly read */
    else
        ring_release(&c->receive, c->consumed, to);
    c->consumed = to;
}

bool tcp_write(struct connection *c, const void *data, u32 length)
{
    if (length > tcp_room(c) || !ring_write(&c->send, c->send_end, data, length))
        return false;
    c->send_end += length;
    return true;
}

void tcp_close(struct connection *c)
{
    if (c->closed_by_service)
        return;
    detach(c);
    if (c->state == TCP_ESTABLISHED)
        c->state = TCP_FIN_WAIT_1;
    else if (c->state == TCP_CLOSE_WAIT)
        c->state = TCP_LAST_ACK;
    if (tcp_readable(c))
        tcp_consume(c, tcp_readable(c));
    tcp_queue(c);
}

void tcp_hold(struct connection *c, u64 batch)
{
    if (c->hold_count && c->holds[c->hold_count - 1].batch >= batch)
        return;
    if (!c->hold_count)
        held_count++;
    /* At most one batch is on its way and one being filled; were there more, the last entry would wait too long, not
       too short. */
    if (c->hold_count == MAX_HOLDS)
        c->holds[MAX_HOLDS - 1].batch = batch;
    else
        c->holds[c->hold_count++] = (struct hold){batch, c->send_end};
}

void tcp_commit(u64 batch)
{
    if (!held_count)
        return;
    for (struct connection *c = all_first; c; c = c->list_next)
    {
        u32 n = 0;
        while (n < c->hold_count && c->holds[n].batch <= batch)
            n++;
        if (!n)
            continue;
        memmove(c->holds, c->holds + n, (c->hold_count - n) * sizeof *c->holds);
        c->hold_count -= n;
        if (!c->hold_count)
            held_count--;
        tcp_queue(c);
    }
}

void tcp_abort_held(void)
{
    for (struct connection *c = all_first, *next; c; c = next)
    {
        next = c->list_next;
        if (c->hold_count)
            tcp_abort(c);
    }
}
