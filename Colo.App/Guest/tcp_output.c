#include "tcp.h"

#define HEADER_MAX (ETH_HEADER + IP_HEADER + 60)

/* The right edge of the window we may offer: where the ring ends. */
u32 tcp_window_edge(const struct connection *c) { return c->consumed + ring_capacity; }

static u32 window_field(struct connection *c, bool syn)
{
    u32 edge = tcp_window_edge(c);
    /* RFC 9293, 3.8.6.2.2: no small steps forward; and what was offered once is never taken back. */
    if ((s32)(edge - c->advertised) < (s32)c->mss)
        edge = c->advertised;
    u32 window = edge - c->receive_next;
    if ((s32)window < 0)
        window = 0;
    u32 scale = syn ? 0 : c->receive_scale, field = window >> scale;
    if (field > 65535)
        field = 65535;
    /* Rounding must not take anything back either. */
    if (before(c->receive_next + (field << scale), c->advertised) && field < 65535)
        field++;
    c->advertised = c->receive_next + (field << scale);
    return field;
}

static u32 sack_blocks(const struct connection *c)
{
    return c->sack ? (u32)min_u64(c->ahead_count, c->timestamps ? 3 : 4) : 0;
}

/* What fits into a segment now: options that come and go take from the data's room (RFC 6691). */
static u32 segment_size(const struct connection *c)
{
    u32 blocks = sack_blocks(c);
    return c->mss - (blocks ? 4 + 8 * blocks : 0);
}

static u32 put_options(struct connection *c, u8 *o, bool syn)
{
    u32 n = 0;
    if (syn)
    {
        o[n++] = 2;
        o[n++] = 4;
        put16(o + n, net.mtu - 40u);
        n += 2;
        if (c->sack && !c->timestamps)
        {
            memcpy(o + n, "\x01\x01\x04\x02", 4);
            n += 4;
        }
    }
    if (c->timestamps)
    {
        /* SACK permitted takes the place of the padding. */
        memcpy(o + n, syn && c->sack ? "\x04\x02\x08\x0a" : "\x01\x01\x08\x0a", 4);
        put32(o + n + 4, (u32)(clock_now() / 1000));
        put32(o + n + 8, c->timestamp_recent);
        n += 12;
    }
    if (syn && c->receive_scale)
    {
        memcpy(o + n, "\x01\x03\x03", 3);
        o[n + 3] = c->receive_scale;
        n += 4;
    }
    u32 blocks = syn ? 0 : sack_blocks(c);
    if (blocks)
    {
        o[n++] = 1;
        o[n++] = 1;
        o[n++] = 5;
        o[n++] = (u8)(2 + 8 * blocks);
        /* RFC 2018, 4: the block of the latest segment first. */
        for (u32 i = 0; i < blocks; i++)
        {
            const struct sequence_range *r = &c->ahead[(c->ahead_latest + i) % c->ahead_count];
            put32(o + n, r->start);
            put32(o + n + 4, r->end);
            n += 8;
        }
    }
    return n;
}

/* One segment, or several in one frame where the device cuts them. False when there is no room in the ring. */
static bool send_segment(struct connection *c, u32 sequence, u32 length, u8 flags)
{
    u8 h[HEADER_MAX];
    u8 *t = h + ETH_HEADER + IP_HEADER;
    bool syn = flags & TCP_SYN;
    u32 options = put_options(c, t + 20, syn), header = 20 + options;
    put16(t, c->local_port);
    put16(t + 2, c->remote_port);
    put32(t + 4, sequence);
    put32(t + 8, flags & TCP_ACK ? c->receive_next : 0);
    t[12] = (u8)(header / 4 << 4);
    t[13] = flags;
    put16(t + 14, flags & TCP_RST ? 0 : window_field(c, syn));
    put32(t + 16, 0);
    ip_headers(h, c->remote_mac, c->remote, PROTOCOL_TCP, header + length);

    struct piece pieces[MAX_PIECES];
    u32 count = 0;
    for (u32 done = 0; done < length;)
    {
        u32 n = length - done;
        pieces[count].data = ring_span(&c->send, sequence + done, &n);
        pieces[count++].length = n;
        done += n;
    }
    u32 pseudo = checksum_pseudo(ip.address, c->remote, PROTOCOL_TCP, header + length);
    struct frame_out f = {
        .header = h, .header_length = ETH_HEADER + IP_HEADER + header, .pieces = pieces, .piece_count = count};
    u16 sum;
    if (net.checksum_offload)
    {
        sum = (u16)~checksum_fold(pseudo);
        f.partial_checksum = true;
        f.checksum_start = ETH_HEADER + IP_HEADER;
        f.checksum_offset = 16;
        u32 size = segment_size(c);
        f.gso_size = (u16)(length > size ? size : 0);
    }
    else
    {
        /* Pieces may be of odd length: an odd start swaps the bytes of its part (RFC 1071, 2). */
        u32 total = checksum_add(pseudo, t, header);
        bool odd = false;
        for (u32 i = 0; i < count; i++)
        {
            u16 part = (u16)~checksum_fold(checksum_add(0, pieces[i].data, pieces[i].length));
            u16 v = odd ? be16(part) : part;
            total = checksum_add(total, &v, 2);
            odd ^= pieces[i].length & 1;
        }
        sum = checksum_fold(total);
    }
    __builtin_memcpy(t + 16, &sum, 2);
    if (!net_send(&f))
        return false;
    tcp_stats.segments_out++;
    c->ack_sent = c->receive_next;
    c->ack_now = false;
    if (c->delayed_ack.position)
        timer_stop(&c->delayed_ack);
    return true;
}

void tcp_send_reset(const struct packet *p, const struct segment *s, u16 remote_port, u16 local_port)
{
    if (s->flags & TCP_RST)
        return;
    u8 h[ETH_HEADER + IP_HEADER + 20];
    u8 *t = h + ETH_HEADER + IP_HEADER;
    ip_headers(h, p->frame + 6, p->source, PROTOCOL_TCP, 20);
    memset(t, 0, 20);
    put16(t, local_port);
    put16(t + 2, remote_port);
    /* RFC 9293, 3.10.7.1 */
    if (s->flags & TCP_ACK)
        put32(t + 4, s->acknowledgement);
    else
        put32(t + 8, s->sequence + s->length + (s->flags & TCP_SYN ? 1 : 0) + (s->flags & TCP_FIN ? 1 : 0));
    t[12] = 5 << 4;
    t[13] = s->flags & TCP_ACK ? TCP_RST : TCP_RST | TCP_ACK;
    u16 sum = checksum_fold(checksum_add(checksum_pseudo(ip.address, p->source, PROTOCOL_TCP, 20), t, 20));
    __builtin_memcpy(t + 16, &sum, 2);
    net_send(&(struct frame_out){.header = h, .header_length = sizeof h});
    tcp_stats.segments_out++;
}

void tcp_abort(struct connection *c)
{
    if (c->state == TCP_DEAD)
        return;
    send_segment(c, c->send_max, 0, TCP_RST | TCP_ACK);
    tcp_destroy(c);
}

static u32 retransmit_timeout(const struct connection *c)
{
    u64 rto = (u64)c->rto << c->backoffs;
    return (u32)min_u64(rto, TCP_RTO_MAX);
}

/* RFC 6298, 5: running while anything is unacknowledged, or while data waits for a window (RFC 9293, 3.8.6.1). */
void tcp_set_retransmit(struct connection *c)
{
    if (c->state == TCP_TIME_WAIT || c->state == TCP_FIN_WAIT_2)
        return;
    u32 limit = c->hold_count ? c->holds[0].sequence : c->send_end;
    bool waiting = c->state != TCP_SYN_RECEIVED && before(c->send_next, limit);
    u32 flight = c->send_max - c->send_una, timeout = retransmit_timeout(c);
    c->timer_is_tail = false;
    if (flight && c->sack && c->srtt && !c->probed_tail && !c->recovering && !c->backoffs && c->state != TCP_SYN_RECEIVED)
    {
        /* RFC 8985, 7.2: a single segment's acknowledgement may be delayed by the peer. */
        u32 probe = (u32)max_u64(2u * c->srtt, 10000) + (flight <= c->mss ? 200000 : 0);
        c->timer_is_tail = probe < timeout;
        timeout = (u32)min_u64(timeout, probe);
    }
    if (flight || waiting)
        timer_set(&c->retransmit, clock_now() + timeout);
    else
        timer_stop(&c->retransmit);
}

/* The largest frame: whole segments up to what an IPv4 packet holds, where the device cuts; but a small window is not
   sent in one frame, which would be lost as a whole, with nothing behind it to show that. */
static u32 frame_limit(const struct connection *c)
{
    u32 size = segment_size(c);
    if (!net.tso)
        return size;
    u32 bytes = (u32)min_u64(65535u - 100u, max_u64(c->cwnd / 4, 2u * size));
    return bytes / size * size;
}

static void note_sent(struct connection *c, u32 sequence, u32 length)
{
    u32 end = sequence + length;
    if (before(sequence, c->send_max))
        tcp_stats.retransmitted++;
    else if (!c->timed_at)
    {
        c->timed_at = clock_now();
        c->timed_sequence = end;
    }
    if (after(end, c->send_max))
        c->send_max = end;
}

/* Bytes under way, as RFC 6675 estimates them: beyond the highest SACK, and what was repeated below it. */
static u32 bytes_in_flight(const struct connection *c)
{
    if (!c->recovering || !c->sacked_count)
        return c->send_next - c->send_una;
    u32 highest = c->sacked[c->sacked_count - 1].end;
    u32 flight = c->send_next - highest;
    u32 repeated_to = before(c->hole_next, highest) ? c->hole_next : highest;
    u32 at = c->send_una;
    for (u32 i = 0; i < c->sacked_count && before(at, repeated_to); i++)
    {
        u32 hole_end = before(c->sacked[i].start, repeated_to) ? c->sacked[i].start : repeated_to;
        if (before(at, hole_end))
            flight += hole_end - at;
        at = c->sacked[i].end;
    }
    return flight;
}

void tcp_recover(struct connection *c)
{
    if (!c->sacked_count)
    {
        /* NewReno: one segment a partial acknowledgement. */
        u32 sendable = c->send_end - c->send_una;
        u32 length = (u32)min_u64(segment_size(c), sendable);
        length = (u32)min_u64(length, c->send_max - c->send_una);
        if (before(c->hole_next, c->send_una + 1))
        {
            bool fin = c->closed_by_service && c->send_max == c->send_end + 1 && c->send_una + length == c->send_end;
            if (length + fin && send_segment(c, c->send_una, length, TCP_ACK | (fin ? TCP_FIN : 0)))
            {
                note_sent(c, c->send_una, length + fin);
                c->hole_next = c->send_una + length + fin;
            }
        }
        return;
    }
    u32 highest = c->sacked[c->sacked_count - 1].end, size = segment_size(c);
    if (before(c->hole_next, c->send_una))
        c->hole_next = c->send_una;
    while (before(c->hole_next, highest) && bytes_in_flight(c) < c->cwnd)
    {
        u32 end = highest;
        for (u32 i = 0; i < c->sacked_count; i++)
        {
            if (before(c->hole_next, c->sacked[i].start))
            {
                end = c->sacked[i].start;
                break;
            }
            if (before(c->hole_next, c->sacked[i].end))
                c->hole_next = c->sacked[i].end;
        }
        if (!before(c->hole_next, highest))
            break;
        u32 length = (u32)min_u64(end - c->hole_next, frame_limit(c));
        length = (u32)min_u64(length, max_u64(size, (c->cwnd - bytes_in_flight(c)) / size * size));
        if (!send_segment(c, c->hole_next, length, TCP_ACK))
            return;
        note_sent(c, c->hole_next, length);
        c->hole_next += length;
    }
}

void tcp_probe_tail(struct connection *c)
{
    u32 data_end = after(c->send_max, c->send_end) ? c->send_end : c->send_max;
    u32 length = (u32)min_u64(segment_size(c), data_end - c->send_una);
    bool fin = data_end != c->send_max;
    c->probed_tail = true;
    tcp_stats.tail_probes++;
    if (length + fin && send_segment(c, data_end - length, length, (u8)(TCP_ACK | TCP_PSH | (fin ? TCP_FIN : 0))))
        note_sent(c, data_end - length, length + fin);
    c->timed_at = 0;
    tcp_set_retransmit(c);
}

/* After a timeout sending goes through everything again; what the receiver has is left out. */
static void skip_sacked(struct connection *c, u32 *until)
{
    *until = c->send_max;
    for (u32 i = 0; i < c->sacked_count; i++)
    {
        if (before(c->send_next, c->sacked[i].start))
        {
            *until = c->sacked[i].start;
            return;
        }
        if (before(c->send_next, c->sacked[i].end))
            c->send_next = c->sacked[i].end;
    }
}

static void send_data(struct connection *c)
{
    u32 limit = c->hold_count ? c->holds[0].sequence : c->send_end;
    u32 size = segment_size(c);
    bool any = false;
    for (;;)
    {
        u32 until = limit;
        if (before(c->send_next, c->send_max))
        {
            skip_sacked(c, &until);
            if (before(limit, until) || !before(c->send_next, c->send_max))
                until = limit;
        }
        u32 flight = bytes_in_flight(c);
        /* RFC 3042: the first two duplicate acknowledgements let out one new segment each. */
        u32 cwnd = c->cwnd + (c->recovering ? 0u : (u32)min_u64(c->duplicate_acks, 2) * c->mss);
        u32 congestion_room = cwnd > flight ? cwnd - flight : 0;
        u32 used = c->send_next - c->send_una;
        u32 window_room = c->send_window > used ? c->send_window - used : 0;
        u32 pending = before(c->send_next, until) ? until - c->send_next : 0;
        u32 length = (u32)min_u64(min_u64(pending, frame_limit(c)), min_u64(congestion_room, window_room));
        if (length < pending)
        {
            if (length > size)
                length -= length % size;
            else if (length < size && !(length && used == 0 && length >= c->max_window / 2))
                length = 0; /* RFC 9293, 3.8.6.2.1: no silly small segments */
            if (!length && c->want_probe)
                length = (u32)min_u64(pending, max_u64(window_room, 1));
        }
        bool fin = c->closed_by_service && !c->hold_count && c->send_next + length == c->send_end &&
                   (c->state == TCP_FIN_WAIT_1 || c->state == TCP_CLOSING || c->state == TCP_LAST_ACK);
        if (!length && !fin)
            break;
        c->want_probe = false;
        bool last = c->send_next + length == limit;
        if (!send_segment(c, c->send_next, length, (u8)(TCP_ACK | (last ? TCP_PSH : 0) | (fin ? TCP_FIN : 0))))
            break;
        any = true;
        note_sent(c, c->send_next, length + fin);
        c->send_next += length + fin;
    }
    /* From the last segment sent: what the acknowledgement set may have been for data that waited. */
    if (any || !c->retransmit.position)
        tcp_set_retransmit(c);
}

void tcp_output(struct connection *c)
{
    if (c->state == TCP_SYN_RECEIVED)
    {
        if (c->send_next == c->iss && send_segment(c, c->iss, 0, TCP_SYN | TCP_ACK))
        {
            note_sent(c, c->iss, 1);
            c->send_next = c->iss + 1;
        }
        if (!c->retransmit.position)
            tcp_set_retransmit(c);
        return;
    }
    if (c->state != TCP_TIME_WAIT)
    {
        if (c->recovering)
            tcp_recover(c);
        send_data(c);
    }
    /* The service has read on: tell a sender that waits for the window. */
    u32 gain = tcp_window_edge(c) - c->advertised;
    u32 offered = c->advertised - c->receive_next;
    if (!c->peer_finished && (s32)gain > 0 && (gain >= ring_capacity / 2 || (offered < 2u * c->mss && gain >= 2u * c->mss)))
        c->ack_now = true;
    u32 unacknowledged = c->receive_next - c->ack_sent;
    if (c->ack_now || unacknowledged >= 2u * c->mss)
        send_segment(c, c->send_max, 0, TCP_ACK);
    else if (unacknowledged && !c->delayed_ack.position)
        timer_set(&c->delayed_ack, clock_now() + TCP_DELAYED_ACK);
}
