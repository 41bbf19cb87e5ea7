/*
 * HTTP/1.1 (RFC 9112): GET and HEAD, keep-alive, pipelining. A reply depends on the request only: no Date, no Server
 * version, nothing of how the request was cut into segments. (/tsc and /stats differ by their nature.)
 */
#include "services.h"
#include "smp.h"

#define HEAD_MAX 8192u
#define REPLY_ROOM 8192u
#define BODY_MAX (1u << 20)
#define PUSH_LINE 64u
#define PUSH_MAX (1ull << 40)
#define PUSH_MS_MAX 3600000u

struct http
{
    struct connection *connection;
    u32 scanned;   /* bytes of the request's head that were searched for its end */
    u32 line_seen; /* bytes in the head's last line so far */
    u64 body_left; /* of the request, to be skipped */
    bool closing;
    u64 push_left, push_total, push_started, push_ms;
    struct timer push_timer;
};

struct service_counters served;

static const char page[] = "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>colo</title></head>\n<body>\n"
                           "<h1>colo demo guest</h1>\n<p>This page comes from a virtual machine that runs on two hosts at once.</p>\n<ul>\n"
                           "<li><a href=\"/count\">/count</a> adds one and returns the new value</li>\n"
                           "<li><a href=\"/tsc\">/tsc</a> the time-stamp counter, which no two machines agree about</li>\n"
                           "<li><a href=\"/dirty?pages=1000\">/dirty?pages=N</a> writes N pages of memory</li>\n"
                           "<li><a href=\"/load?pages=100&amp;ms=100\">/load?pages=N&amp;ms=T</a> writes N pages every T ms; pages=0 ends it</li>\n"
                           "<li><a href=\"/push?bytes=1000000\">/push?bytes=N&amp;ms=T</a> N bytes, spread over T ms</li>\n"
                           "<li><a href=\"/stats\">/stats</a></li>\n"
                           "<li>/poweroff, /reset, /triplefault</li>\n"
                           "</ul>\n</body></html>\n";

/* 64 bytes that repeat. */
static const char push_pattern[PUSH_LINE + 1] = "the quick brown fox jumps over the lazy dog 0123456789 abcdefgh\n";

struct request
{
    const char *path, *query;
    u32 path_length, query_length;
    bool head_only, keep_alive;
};

static bool is(const char *s, u32 length, const char *word)
{
    return length == strlen(word) && !memcmp(s, word, length);
}

/* Header names and options are compared without regard to case (RFC 9110, 5.1). */
static bool starts_with(const char *s, u32 length, const char *word)
{
    u32 n = (u32)strlen(word);
    if (length < n)
        return false;
    for (u32 i = 0; i < n; i++)
        if ((s[i] >= 'A' && s[i] <= 'Z' ? s[i] | 32 : s[i]) != word[i])
            return false;
    return true;
}

static u64 query_number(const struct request *r, const char *name, u64 otherwise)
{
    u32 n = (u32)strlen(name);
    for (u32 i = 0; i < r->query_length;)
    {
        u32 end = i;
        while (end < r->query_length && r->query[end] != '&')
            end++;
        u64 value;
        if (end - i > n && !memcmp(r->query + i, name, n) && r->query[i + n] == '=' &&
            parse_u64(r->query + i + n + 1, end - i - n - 1, PUSH_MAX, &value))
            return value;
        i = end + 1;
    }
    return otherwise;
}

static void reply(struct connection *c, const struct request *r, const char *status, const char *type, const char *body, u64 length)
{
    char head[256];
    u32 n = format_to(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %lu\r\n%s\r\n", status, type, length,
                      r->keep_alive ? "" : "Connection: close\r\n");
    if (!tcp_write(c, head, n) || (body && !r->head_only && !tcp_write(c, body, (u32)length)))
        tcp_abort(c); /* no memory */
}

static void reply_text(struct connection *c, const struct request *r, const char *format, ...)
{
    char text[128];
    va_list args;
    va_start(args, format);
    u32 n = format_list(text, sizeof text, format, args);
    va_end(args);
    reply(c, r, "200 OK", "text/plain", text, n);
}

static void reply_error(struct connection *c, const struct request *r, const char *status)
{
    char text[64];
    u32 n = format_to(text, sizeof text, "%s\n", status);
    reply(c, r, status, "text/plain", text, n);
}

static void reply_stats(struct connection *c, const struct request *r)
{
    static char text[4096];
    u32 n = format_to(text, sizeof text,
                      "{\"uptime_ms\":%lu,\"tsc_khz\":%lu,\"memory_pages\":%lu,\"memory_pages_free\":%lu}\n"
                      "{\"connections\":%u,\"embryonic\":%u,\"time_wait\":%u,\"opened\":%lu,\"reset\":%lu,\"refused\":%lu}\n",
                      clock_now() / 1000, tsc_khz, memory_pages, memory_pages_free, tcp_stats.connections, tcp_stats.embryonic,
                      tcp_stats.time_wait, tcp_stats.opened, tcp_stats.reset, tcp_stats.refused);
    n += format_to(text + n, sizeof text - n,
                   "{\"segments_in\":%lu,\"segments_out\":%lu,\"retransmitted\":%lu,\"timeouts\":%lu,\"tail_probes\":%lu,\"fast_retransmits\":%lu,"
                   "\"out_of_order\":%lu,\"duplicates\":%lu,\"paws_rejected\":%lu,\"challenge_acks\":%lu,\"dropped_memory\":%lu}\n",
                   tcp_stats.segments_in, tcp_stats.segments_out, tcp_stats.retransmitted, tcp_stats.timeouts, tcp_stats.tail_probes,
                   tcp_stats.fast_retransmits, tcp_stats.out_of_order, tcp_stats.duplicates, tcp_stats.paws_rejected,
                   tcp_stats.challenge_acks, tcp_stats.dropped_memory);
    n += format_to(text + n, sizeof text - n,
                   "{\"rx_frames\":%lu,\"rx_bytes\":%lu,\"tx_frames\":%lu,\"tx_bytes\":%lu,\"tx_full\":%lu,\"bad_frames\":%lu,"
                   "\"bad_checksums\":%lu,\"fragments\":%lu,\"arp\":%lu,\"icmp_echo\":%lu,\"udp_echo\":%lu}\n",
                   net.rx_frames, net.rx_bytes, net.tx_frames, net.tx_bytes, net.tx_full, counters.bad_frames,
                   counters.bad_checksums, counters.fragments, counters.arp, counters.icmp_echo, counters.udp_echo);
    n += format_to(text + n, sizeof text - n,
                   "{\"echo_bytes\":%lu,\"http_requests\":%lu,\"resp_commands\":%lu,\"count\":%lu,\"load_pages\":%lu,\"load_ms\":%lu}\n",
                   served.echo_bytes, served.http_requests, served.resp_commands, served.count, load_pages, load_period_ms);
    n += format_to(text + n, sizeof text - n, "{\"cpus\":%u,\"load_rounds\":%lu,\"load_late\":%lu,\"load_written\":[%lu", worker_count + 1,
                   load_rounds, load_late, load_written(0));
    for (u32 i = 1; i <= worker_count; i++)
        n += format_to(text + n, sizeof text - n, ",%lu", load_written(i));
    n += format_to(text + n, sizeof text - n, "]}\n");
    reply(c, r, "200 OK", "application/x-ndjson", text, n);
}

/* The reply must be out before the machine goes. */
static struct timer end_timer;
static void (*end_action)(void);
static void on_end(struct timer *t)
{
    (void)t;
    end_action();
}
static void end_soon(void (*action)(void))
{
    end_action = action;
    end_timer.fire = on_end;
    timer_set(&end_timer, clock_now() + 200000);
}

static void route(struct http *h, const struct request *r)
{
    struct connection *c = h->connection;
    const char *p = r->path;
    u32 n = r->path_length;
    if (is(p, n, "/") || is(p, n, "/index.html"))
        reply(c, r, "200 OK", "text/html", page, sizeof page - 1);
    else if (is(p, n, "/count"))
        reply_text(c, r, "%lu\n", ++served.count);
    else if (is(p, n, "/tsc"))
        reply_text(c, r, "%lu\n", rdtsc());
    else if (is(p, n, "/dirty"))
        reply_text(c, r, "dirtied %lu pages\n", load_dirty(query_number(r, "pages", 1)));
    else if (is(p, n, "/load"))
    {
        load_set(query_number(r, "pages", 0), query_number(r, "ms", 1000));
        reply_text(c, r, "load %lu pages every %lu ms\n", load_pages, load_period_ms);
    }
    else if (is(p, n, "/stats"))
        reply_stats(c, r);
    else if (is(p, n, "/push"))
    {
        u64 bytes = query_number(r, "bytes", 1 << 20);
        reply(c, r, "200 OK", "text/plain", NULL, bytes);
        if (!r->head_only)
        {
            h->push_total = h->push_left = bytes;
            h->push_ms = min_u64(query_number(r, "ms", 0), PUSH_MS_MAX);
            h->push_started = clock_now();
        }
    }
    else if (is(p, n, "/poweroff"))
    {
        reply_text(c, r, "power off\n");
        end_soon(power_off);
    }
    else if (is(p, n, "/reset"))
    {
        reply_text(c, r, "reset\n");
        end_soon(power_reset);
    }
    else if (is(p, n, "/triplefault"))
    {
        reply_text(c, r, "triple fault\n");
        end_soon(triple_fault);
    }
    else
        reply_error(c, r, "404 Not Found");
}

/* One request's head, with its empty line. False: the connection ends after what was replied. */
static bool handle(struct http *h, const char *head, u32 length)
{
    struct connection *c = h->connection;
    struct request r = {.keep_alive = false};
    u32 end = 0;
    while (head[end] != '\n')
        end++;
    u32 line = end && head[end - 1] == '\r' ? end - 1 : end;
    u32 method = 0, target, target_end;
    served.http_requests++;
    while (method < line && head[method] != ' ')
        method++;
    target = target_end = method + 1;
    while (target_end < line && head[target_end] != ' ')
        target_end++;
    if (target_end >= line || head[target] != '/' || !starts_with(head + target_end + 1, line - target_end - 1, "http/1."))
    {
        reply_error(c, &r, "400 Bad Request");
        return false;
    }
    r.keep_alive = head[line - 1] != '0';
    r.path = head + target;
    while (target + r.path_length < target_end && r.path[r.path_length] != '?')
        r.path_length++;
    r.query = r.path + r.path_length + 1;
    r.query_length = target + r.path_length < target_end ? target_end - target - r.path_length - 1 : 0;
    for (u32 at = end + 1; at < length;)
    {
        u32 stop = at;
        while (head[stop] != '\n')
            stop++;
        const char *field = head + at;
        u32 n = stop > at && head[stop - 1] == '\r' ? stop - 1 - at : stop - at;
        at = stop + 1;
        u32 colon = 0;
        while (colon < n && field[colon] != ':')
            colon++;
        u32 value = colon + 1;
        while (value < n && field[value] == ' ')
            value++;
        while (n > value && field[n - 1] == ' ')
            n--;
        if (starts_with(field, colon + (colon < n), "connection:") && value <= n)
        {
            if (starts_with(field + value, n - value, "close"))
                r.keep_alive = false;
            else if (starts_with(field + value, n - value, "keep-alive"))
                r.keep_alive = true;
        }
        else if (starts_with(field, colon + (colon < n), "content-length:"))
        {
            if (value > n || !parse_u64(field + value, n - value, ~0ull >> 1, &h->body_left))
            {
                r.keep_alive = false;
                reply_error(c, &r, "400 Bad Request");
                return false;
            }
        }
        else if (starts_with(field, colon + (colon < n), "transfer-encoding:"))
        {
            r.keep_alive = false;
            reply_error(c, &r, "501 Not Implemented");
            return false;
        }
    }
    if (h->body_left > BODY_MAX)
    {
        r.keep_alive = false;
        reply_error(c, &r, "413 Content Too Large");
        return false;
    }
    r.head_only = is(head, method, "HEAD");
    if (!r.head_only && !is(head, method, "GET"))
        reply_error(c, &r, "405 Method Not Allowed");
    else
        route(h, &r);
    return r.keep_alive;
}

/* The length of a complete head, 0 if there is none yet; goes on where it stopped last time. */
static u32 find_head(struct http *h)
{
    const u8 *data;
    u32 n;
    while (h->scanned < HEAD_MAX && (n = tcp_peek(h->connection, h->scanned, &data)))
        for (u32 i = 0; i < n && h->scanned < HEAD_MAX; i++)
        {
            h->scanned++;
            if (data[i] == '\n')
            {
                if (!h->line_seen && h->scanned > 2)
                    return h->scanned;
                h->line_seen = 0;
            }
            else if (data[i] != '\r')
                h->line_seen++;
        }
    return 0;
}

static void on_push_timer(struct timer *t)
{
    tcp_wake(((struct http *)((u8 *)t - offsetof(struct http, push_timer)))->connection);
}

/* Goes on with a /push; false while it is not finished. */
static bool push(struct http *h)
{
    if (!h->push_left)
        return true;
    struct connection *c = h->connection;
    u64 due = h->push_total;
    if (h->push_ms)
    {
        u64 passed = (clock_now() - h->push_started) / 1000;
        if (passed < h->push_ms)
            due = h->push_total * passed / h->push_ms; /* below 2^62 by the two limits */
    }
    u64 done = h->push_total - h->push_left;
    while (done < due)
    {
        u32 offset = (u32)(done % PUSH_LINE);
        u32 n = (u32)min_u64(min_u64(PUSH_LINE - offset, due - done), tcp_room(c));
        if (!n || !tcp_write(c, push_pattern + offset, n))
            return false; /* when there is room we run again */
        done += n;
        h->push_left = h->push_total - done;
    }
    if (!h->push_left)
        return true;
    timer_set(&h->push_timer, clock_now() + 10000);
    return false;
}

static bool open(struct connection *c)
{
    struct http *h = heap_alloc_zero(sizeof *h);
    if (!h)
        return false;
    h->connection = c;
    h->push_timer.fire = on_push_timer;
    c->service_data = h;
    return true;
}

static void closed(struct connection *c)
{
    struct http *h = c->service_data;
    if (!h)
        return;
    timer_stop(&h->push_timer);
    heap_free(h);
}

static void run(struct connection *c)
{
    static char head[HEAD_MAX];
    struct http *h = c->service_data;
    for (;;)
    {
        if (!push(h))
            return;
        if (h->closing)
        {
            tcp_close(c);
            return;
        }
        if (h->body_left && tcp_readable(c))
        {
            u32 n = (u32)min_u64(h->body_left, tcp_readable(c));
            tcp_consume(c, n);
            h->body_left -= n;
        }
        if (tcp_room(c) < REPLY_ROOM)
            return;
        u32 length = h->body_left ? 0 : find_head(h);
        if (!length)
        {
            if (h->scanned >= HEAD_MAX)
            {
                reply_error(c, &(struct request){.keep_alive = false}, "431 Request Header Fields Too Large");
                h->closing = true;
                if (c->state == TCP_DEAD)
                    return;
                continue;
            }
            if (tcp_at_end(c))
                tcp_close(c);
            return;
        }
        tcp_read(c, head, length);
        h->scanned = h->line_seen = 0;
        bool go_on = handle(h, head, length);
        if (c->state == TCP_DEAD)
            return; /* and h with it */
        h->closing = !go_on;
    }
}

const struct service http_service = {.port = 80, .name = "http", .open = open, .run = run, .closed = closed};
