/* Segment arrives: RFC 9293, 3.10.7. */
#include "tcp.h"

/* False when a length in the options is not possible. */
static bool parse_options(struct segment *s, const u8 *o, u32 length)
{
    for (u32 i = 0; i < length;)
    {
        u8 kind = o[i];
        if (kind == 0)
            return true;
        if (kind == 1)
        {
            i++;
            continue;
        }
        if (i + 2 > length || o[i + 1] < 2 || i + o[i + 1] > length)
            return false;
        u8 size = o[i + 1];
        const u8 *v = o + i + 2;
        if (kind == 2 && size == 4)
            s->has_mss = true, s->mss = get16(v);
        else if (kind == 3 && size == 3)
            s->has_scale = true, s->scale = v[0];
        else if (kind == 4 && size == 2)
            s->sack_permitted = true;
        else if (kind == 5)
            for (u32 k = 0; k + 8 <= size - 2u && s->sack_count < 4; k += 8)
                s->sack[s->sack_count++] = (struct sequence_range){get32(v + k), get32(v + k + 4)};
        else if (kind == 8 && size == 10)
            s->has_timestamp = true, s->timestamp = get32(v), s->timestamp_echo = get32(v + 4);
        i += size;
    }
    return true;
}

static void challenge(struct connection *c)
{
    /* RFC 5961, 7: limited, over all connections. */
    static u64 window_start;
    static u32 sent;
    u64 now = clock_now();
    if (now - window_start > 1000000)
        window_start = now, sent = 0;
    if (++sent > 100)
        return;
    tcp_stats.challenge_acks++;
    c->ack_now = true;
    tcp_queue(c);
}

static void sample_rtt(struct connection *c, u64 now)
{
    /* RFC 6298, 2 */
    u32 r = (u32)min_u64(now - c->timed_at, TCP_RTO_MAX);
    if (!c->srtt)
    {
        c->srtt = r ? r : 1;
        c->rttvar = r / 2;
    }
    else
    {
        u32 difference = c->srtt > r ? c->srtt - r : r - c->srtt;
        c->rttvar = (3 * c->rttvar + difference) / 4;
        c->srtt = (7 * c->srtt + r) / 8;
        if (!c->srtt)
            c->srtt = 1;
    }
    u64 rto = c->srtt + max_u64(1000, 4ull * c->rttvar);
    c->rto = (u32)max_u64(TCP_RTO_MIN, min_u64(rto, TCP_RTO_MAX));
    c->timed_at = 0;
}

static void enter_recovery(struct connection *c)
{
    c->recovering = true;
    c->recover = c->send_max;
    c->ssthresh = (u32)max_u64((c->send_max - c->send_una) / 2, 2u * c->mss);
    c->cwnd = c->ssthresh + (c->sacked_count ? 0 : 3u * c->mss);
    c->hole_next = c->send_una;
    c->timed_at = 0;
    tcp_stats.fast_retransmits++;
}

static u32 sacked_bytes(const struct connection *c)
{
    u32 n = 0;
    for (u32 i = 0; i < c->sacked_count; i++)
        n += c->sacked[i].end - c->sacked[i].start;
    return n;
}

/* True when the blocks tell of bytes that were not known to have arrived. */
static bool take_sack(struct connection *c, const struct segment *s)
{
    if (!c->sack || !s->sack_count)
        return false;
    u32 known = sacked_bytes(c);
    for (u32 i = 0; i < s->sack_count; i++)
    {
        u32 start = s->sack[i].start, end = s->sack[i].end;
        /* Blocks of what is acknowledged already are D-SACKs (RFC 2883), of no use here. */
        if (before(start, end) && after(start, c->send_una) && after(start, s->acknowledgement) && !after(end, c->send_max))
            ranges_add(c->sacked, &c->sacked_count, start, end, NULL);
    }
    return sacked_bytes(c) > known;
}

static void acknowledged(struct connection *c, const struct segment *s, u64 now)
{
    u32 acked = s->acknowledgement - c->send_una;
    u32 data_from = c->send_una;
    bool fin_acked = c->closed_by_service && s->acknowledgement == c->send_end + 1 && c->send_max == c->send_end + 1;
    u32 data_to = fin_acked ? c->send_end : s->acknowledgement;
    if (data_from != data_to)
    {
        if (data_to == c->send_end)
            ring_clear(&c->send);
        else
            ring_release(&c->send, data_from, data_to);
    }
    c->send_una = s->acknowledgement;
    if (before(c->send_next, c->send_una))
        c->send_next = c->send_una;
    u32 n = 0;
    while (n < c->sacked_count && !after(c->sacked[n].end, c->send_una))
        n++;
    memmove(c->sacked, c->sacked + n, (c->sacked_count - n) * sizeof *c->sacked);
    c->sacked_count -= n;
    if (c->sacked_count && before(c->sacked[0].start, c->send_una))
        c->sacked[0].start = c->send_una;

    if (c->timed_at && !before(s->acknowledgement, c->timed_sequence))
        sample_rtt(c, now);
    c->backoffs = 0;
    c->duplicate_acks = 0;
    c->probed_tail = false;
    if (c->recovering)
    {
        if (!before(s->acknowledgement, c->recover))
        {
            c->recovering = false;
            c->cwnd = c->ssthresh;
        }
        else if (!c->sacked_count)
        {
            /* Partial acknowledgement (RFC 6582, 3.2, 5): the next hole at once. */
            c->hole_next = c->send_una;
            c->cwnd = (u32)max_u64(c->mss, c->cwnd > acked ? c->cwnd - acked + c->mss : c->mss);
        }
    }
    else if (c->cwnd < c->ssthresh)
        c->cwnd += (u32)min_u64(acked, 4u * c->mss); /* frames of many segments get one acknowledgement: RFC 3465 */
    else
        c->cwnd += (u32)max_u64(1, (u64)c->mss * min_u64(acked, 4u * c->mss) / c->cwnd);
    if (c->cwnd > 4u * RING_MAX)
        c->cwnd = 4 * RING_MAX;

    if (fin_acked)
    {
        if (c->state == TCP_FIN_WAIT_1)
        {
            c->state = TCP_FIN_WAIT_2;
            timer_set(&c->retransmit, now + TCP_FIN_WAIT_US);
        }
        else if (c->state == TCP_CLOSING)
            tcp_enter_time_wait(c);
        else if (c->state == TCP_LAST_ACK)
        {
            tcp_destroy(c);
            return;
        }
    }
    else
        tcp_set_retransmit(c);
    tcp_queue(c);
}

/* False when the segment is to be dropped, or the connection is gone. */
static bool process_ack(struct connection *c, const struct segment *s, u64 now)
{
    u32 ack = s->acknowledgement;
    if (after(ack, c->send_max) || before(ack, c->send_una - c->max_window))
    {
        challenge(c); /* RFC 5961, 5 */
        return false;
    }
    if (before(ack, c->send_una))
        return true; /* old; its data may be new */
    bool more_sacked = take_sack(c, s);
    if (after(ack, c->send_una))
    {
        acknowledged(c, s, now);
        if (c->state == TCP_DEAD)
            return false;
    }
    else if (more_sacked || (!c->sack && c->send_max != c->send_una && !s->length && !(s->flags & TCP_FIN) &&
                             s->window == c->send_window && c->send_window))
    {
        /* With SACK a duplicate is what brings new blocks, be there data in it or not (RFC 6675, 2). */
        if (c->duplicate_acks < 255)
            c->duplicate_acks++;
        if (c->recovering && !c->sacked_count)
            c->cwnd += c->mss;
        else if (!c->recovering && !c->sack && c->duplicate_acks == 3 && !before(ack, c->recover))
            enter_recovery(c);
        tcp_queue(c);
    }
    /* RFC 6675, 4: lost is what has three segments' worth, or three blocks, acknowledged above it. */
    bool tail_arrived = c->probed_tail && c->sacked_count && c->sacked[c->sacked_count - 1].end == c->send_max;
    if (!c->recovering && c->sacked_count && !before(c->send_next, c->send_max) &&
        (tail_arrived || c->duplicate_acks >= 3 || sacked_bytes(c) >= 3u * c->mss))
        enter_recovery(c);
    if (before(c->send_wl1, s->sequence) || (c->send_wl1 == s->sequence && !before(ack, c->send_wl2)))
    {
        bool opens = !c->send_window && s->window;
        if (s->window != c->send_window)
            tcp_queue(c);
        c->send_window = s->window;
        c->send_wl1 = s->sequence;
        c->send_wl2 = ack;
        if (c->send_window > c->max_window)
            c->max_window = c->send_window;
        if (opens && c->state != TCP_TIME_WAIT && c->state != TCP_FIN_WAIT_2)
        {
            /* The probes' byte was refused: go on from the window's left edge, and without the probes' patience. */
            c->backoffs = 0;
            c->send_next = c->send_una;
            timer_stop(&c->retransmit);
        }
    }
    return true;
}

static void deliver_ahead(struct connection *c)
{
    u32 n = 0;
    while (n < c->ahead_count && !after(c->ahead[n].start, c->receive_next))
    {
        if (after(c->ahead[n].end, c->receive_next))
            c->receive_next = c->ahead[n].end;
        n++;
    }
    memmove(c->ahead, c->ahead + n, (c->ahead_count - n) * sizeof *c->ahead);
    c->ahead_count -= n;
    c->ahead_latest = 0;
}

static void process_data(struct connection *c, struct segment *s)
{
    u32 sequence = s->sequence, length = s->length;
    u8 *data = s->data;
    if (before(sequence, c->receive_next))
    {
        u32 known = c->receive_next - sequence;
        c->ack_now = true; /* a repetition: our acknowledgement was lost */
        tcp_stats.duplicates++;
        if (known >= length)
            return;
        sequence += known;
        data += known;
        length -= known;
    }
    u32 edge = tcp_window_edge(c);
    if (after(sequence + length, edge))
    {
        c->ack_now = true;
        if (!before(sequence, edge))
            return;
        length = edge - sequence;
    }
    if (c->closed_by_service && sequence == c->receive_next && !c->ahead_count)
    {
        /* Nobody reads any more: acknowledged and thrown away. */
        c->receive_next += length;
        c->consumed = c->receive_next;
        return;
    }
    if (memory_pages_free < memory_pages / 64 || !ring_write(&c->receive, sequence, data, length))
    {
        tcp_stats.dropped_memory++;
        return;
    }
    if (sequence == c->receive_next)
    {
        c->receive_next += length;
        if (c->ahead_count)
        {
            deliver_ahead(c);
            c->ack_now = true; /* RFC 5681, 4.2: a hole was filled */
        }
        if (c->closed_by_service)
            tcp_consume(c, c->receive_next - c->consumed);
    }
    else
    {
        tcp_stats.out_of_order++;
        c->ack_now = true;
        ranges_add(c->ahead, &c->ahead_count, sequence, sequence + length, &c->ahead_latest);
    }
}

static void process_fin(struct connection *c, u64 now)
{
    c->receive_next++;
    c->peer_finished = true;
    c->ack_now = true;
    if (c->closed_by_service)
        c->consumed = c->receive_next - 1;
    if (c->state == TCP_ESTABLISHED)
        c->state = TCP_CLOSE_WAIT;
    else if (c->state == TCP_FIN_WAIT_1)
        c->state = TCP_CLOSING;
    else if (c->state == TCP_FIN_WAIT_2)
        tcp_enter_time_wait(c);
    (void)now;
}

/* RFC 7323, 5: a timestamp older than the last one, unless that is so old itself that it may have wrapped. */
static bool paws_rejects(const struct connection *c, const struct segment *s, u64 now)
{
    return c->timestamps && s->has_timestamp && !(s->flags & TCP_RST) && before(s->timestamp, c->timestamp_recent) &&
           now - c->timestamp_recent_at < 24ull * 86400 * 1000000;
}

static void process(struct connection *c, const struct packet *p, struct segment *s)
{
    u64 now = clock_now();
    u32 occupies = s->length + (s->flags & TCP_SYN ? 1 : 0) + (s->flags & TCP_FIN ? 1 : 0);
    if (c->state == TCP_SYN_RECEIVED && s->flags & TCP_SYN && !(s->flags & (TCP_ACK | TCP_RST)) && s->sequence == c->irs)
    {
        c->send_next = c->iss; /* our SYN-ACK was lost */
        tcp_queue(c);
        return;
    }
    if (paws_rejects(c, s, now))
    {
        tcp_stats.paws_rejected++;
        c->ack_now = true;
        tcp_queue(c);
        return;
    }
    u32 edge = tcp_window_edge(c);
    if (before(s->sequence + occupies, c->receive_next) || after(s->sequence, edge) ||
        (before(s->sequence, c->receive_next) && s->sequence + occupies == c->receive_next && occupies))
    {
        /* Outside of the window; an old segment's acknowledgement may still tell something new (keep-alives and probes). */
        if (s->flags & TCP_RST)
            return;
        if (c->state == TCP_SYN_RECEIVED || s->flags & TCP_SYN || after(s->sequence, edge))
        {
            c->ack_now = true;
            tcp_queue(c);
            return;
        }
    }
    if (s->flags & TCP_RST)
    {
        if (s->sequence == c->receive_next)
        {
            tcp_stats.reset++;
            tcp_destroy(c);
        }
        else
            challenge(c); /* RFC 5961, 3.2 */
        return;
    }
    if (s->flags & TCP_SYN)
    {
        challenge(c); /* RFC 5961, 4.2 */
        return;
    }
    if (!(s->flags & TCP_ACK))
        return;
    c->silent = 0;
    memcpy(c->remote_mac, p->frame + 6, 6);
    /* RFC 7323, 4.3 */
    if (c->timestamps && s->has_timestamp && !after(s->sequence, c->ack_sent) && !before(s->timestamp, c->timestamp_recent))
    {
        c->timestamp_recent = s->timestamp;
        c->timestamp_recent_at = now;
    }
    if (c->state == TCP_SYN_RECEIVED)
    {
        if (s->acknowledgement != c->iss + 1)
        {
            tcp_send_reset(p, s, c->remote_port, c->local_port);
            return;
        }
        c->send_window = s->window;
        c->max_window = s->window;
        c->send_wl1 = s->sequence;
        c->send_wl2 = s->acknowledgement;
        tcp_established(c);
        if (c->state == TCP_DEAD)
            return;
    }
    if (!process_ack(c, s, now))
        return;
    if (c->state == TCP_TIME_WAIT)
    {
        if (occupies)
        {
            c->ack_now = true; /* our last acknowledgement was lost */
            timer_set(&c->retransmit, now + TCP_TIME_WAIT_US);
            tcp_queue(c);
        }
        return;
    }
    bool open = c->state == TCP_ESTABLISHED || c->state == TCP_FIN_WAIT_1 || c->state == TCP_FIN_WAIT_2;
    if (open && s->length)
        process_data(c, s);
    if (open && s->flags & TCP_FIN && !before(s->sequence + s->length, c->receive_next) &&
        !after(s->sequence + s->length, tcp_window_edge(c)))
    {
        c->fin_known = true;
        c->fin_sequence = s->sequence + s->length;
        if (c->fin_sequence != c->receive_next)
            c->ack_now = true;
    }
    if (open && c->fin_known && c->fin_sequence == c->receive_next)
        process_fin(c, now);
    else if (!open && occupies)
        c->ack_now = true; /* a repeated FIN, or data behind it */
    if (occupies)
        tcp_queue(c);
}

void tcp_input(const struct packet *p)
{
    u8 *t = p->payload;
    if (p->payload_length < 20 || (t[12] >> 4) * 4u < 20 || (t[12] >> 4) * 4u > p->payload_length)
    {
        counters.bad_frames++;
        return;
    }
    if (!p->checksum_valid &&
        checksum_fold(checksum_add(checksum_pseudo(p->source, p->destination, PROTOCOL_TCP, p->payload_length), t,
                                   p->payload_length)) != 0)
    {
        counters.bad_checksums++;
        return;
    }
    u32 header = (t[12] >> 4) * 4u;
    struct segment s = {.sequence = get32(t + 4),
                        .acknowledgement = get32(t + 8),
                        .flags = t[13] & 0x3f,
                        .window = get16(t + 14),
                        .data = t + header,
                        .length = p->payload_length - header};
    if (!parse_options(&s, t + 20, header - 20))
    {
        counters.bad_frames++;
        return;
    }
    tcp_stats.segments_in++;
    u16 remote_port = get16(t), local_port = get16(t + 2);
    struct connection *c = tcp_find(p->source, remote_port, local_port);
    if (c && c->state == TCP_TIME_WAIT && (s.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN &&
        (after(s.sequence, c->receive_next) || (c->timestamps && s.has_timestamp && after(s.timestamp, c->timestamp_recent))))
    {
        tcp_destroy(c); /* RFC 6191: a new incarnation */
        c = NULL;
    }
    if (c)
    {
        s.window <<= c->send_scale;
        process(c, p, &s);
    }
    else if ((s.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN)
        tcp_accept(p, &s, remote_port, local_port);
    else
        tcp_send_reset(p, &s, remote_port, local_port);
}
