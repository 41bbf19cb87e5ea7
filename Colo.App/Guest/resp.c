#include "resp.h"

#define REPLY_ROOM 16384u  /* no reply is longer, but for bulk strings of their own */
#define DIRECT_BULK 8192u  /* up to this length a bulk string is part of the reply */
#define INLINE_MAX 4096u
#define NUMBER_LINE_MAX 32u
#define BULK_MAX (512u << 20) /* as in Redis */

static struct resp *waiting_first;

/* Without memory the connection ends, and its struct resp with it: callers keep the connection, not r. */
static void put(struct connection *c, const void *data, u32 length)
{
    if (c->state != TCP_DEAD && !tcp_write(c, data, length))
        tcp_abort(c);
}

void resp_raw(struct resp *r, const char *text) { put(r->connection, text, (u32)strlen(text)); }

static void line(struct resp *r, char type, const char *text)
{
    char out[256];
    put(r->connection, out, format_to(out, sizeof out, "%c%s\r\n", type, text));
}

void resp_status(struct resp *r, const char *text) { line(r, '+', text); }
void resp_error(struct resp *r, const char *text) { line(r, '-', text); }
void resp_nil(struct resp *r) { resp_raw(r, "$-1\r\n"); }

void resp_integer(struct resp *r, s64 value)
{
    char out[32];
    put(r->connection, out, format_to(out, sizeof out, ":%ld\r\n", value));
}

void resp_bulk(struct resp *r, const void *data, u32 length)
{
    char out[32];
    struct connection *c = r->connection;
    put(c, out, format_to(out, sizeof out, "$%u\r\n", length));
    put(c, data, length);
    put(c, "\r\n", 2);
}

void resp_bulk_blob(struct resp *r, struct blob *b)
{
    if (b->length <= DIRECT_BULK)
    {
        resp_bulk(r, b->data, b->length);
        return;
    }
    char out[32];
    u32 n = format_to(out, sizeof out, "$%u\r\n", b->length);
    r->out = blob_keep(b);
    r->out_at = 0;
    put(r->connection, out, n); /* last: it may end the connection, and r with it */
}

/* True when there is nothing left to send of a long bulk string. */
static bool send_out(struct resp *r)
{
    struct connection *c = r->connection;
    if (!r->out)
        return true;
    u32 n = (u32)min_u64(r->out->length - r->out_at, tcp_room(c));
    if (n)
    {
        if (!tcp_write(c, r->out->data + r->out_at, n))
        {
            tcp_abort(c);
            return false;
        }
        r->out_at += n;
    }
    if (r->out_at < r->out->length || tcp_room(c) < 2)
        return false;
    blob_drop(r->out);
    r->out = NULL;
    put(c, "\r\n", 2);
    return c->state != TCP_DEAD;
}

static void drop_arguments(struct resp *r)
{
    for (u32 i = 0; i < r->count; i++)
        blob_drop(r->arguments[i]);
    if (r->capacity > 16)
    {
        heap_free(r->arguments);
        r->arguments = NULL;
        r->capacity = 0;
    }
    r->count = r->index = 0;
    r->no_memory = false;
    r->progress = 0;
    r->result = 0;
    r->state = RESP_START;
}

static bool reserve_arguments(struct resp *r, u32 count)
{
    if (count > r->capacity)
    {
        u32 capacity = count < 4 ? 4 : count;
        struct blob **list = heap_alloc(capacity * sizeof *list);
        if (!list)
            return false;
        heap_free(r->arguments);
        r->arguments = list;
        r->capacity = capacity;
    }
    memset(r->arguments, 0, count * sizeof *r->arguments);
    r->count = count;
    r->index = 0;
    return true;
}

static void protocol_error(struct resp *r, const char *text)
{
    char out[96];
    format_to(out, sizeof out, "ERR Protocol error: %s", text);
    r->closing = true;
    resp_error(r, out);
}

/* The length of the next line with its LF, 0 if it is not there yet, max + 1 if it is longer than max. Depends on the
   bytes only: a line of max bytes and more is refused whether its end has come or not. */
static u32 line_length(struct connection *c, u32 max)
{
    const u8 *data;
    u32 n, seen = 0;
    while (seen < max && (n = tcp_peek(c, seen, &data)))
        for (u32 i = 0; i < n && seen < max; i++)
        {
            seen++;
            if (data[i] == '\n')
                return seen;
        }
    return seen < max ? 0 : max + 1;
}

/* A line `<type><number>` into value; false when there is nothing to go on with (not yet, or an error was replied). */
static bool number_line(struct resp *r, const char *error, s64 *value)
{
    struct connection *c = r->connection;
    char text[NUMBER_LINE_MAX];
    u32 n = line_length(c, NUMBER_LINE_MAX);
    if (!n)
        return false;
    if (n > NUMBER_LINE_MAX)
    {
        protocol_error(r, error);
        return false;
    }
    tcp_read(c, text, n);
    n--;
    if (n && text[n - 1] == '\r')
        n--;
    if (n < 2 || !parse_s64(text + 1, n - 1, value))
    {
        protocol_error(r, error);
        return false;
    }
    return true;
}

/* A command in words on a line, as telnet users type it. */
static bool read_inline(struct resp *r)
{
    static char text[INLINE_MAX];
    struct connection *c = r->connection;
    u32 n = line_length(c, INLINE_MAX);
    if (!n)
        return false;
    if (n > INLINE_MAX)
    {
        protocol_error(r, "too big inline request");
        return false;
    }
    tcp_read(c, text, n);
    u32 words = 0;
    for (u32 i = 0; i < n; i++)
    {
        if (text[i] == '\r' || text[i] == '\n' || text[i] == '\t')
            text[i] = ' ';
        words += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
    }
    if (!words)
        return true;
    if (words > RESP_ARGUMENTS_MAX || !reserve_arguments(r, words))
    {
        protocol_error(r, "too many arguments");
        return false;
    }
    u32 index = 0;
    for (u32 i = 0; i < n;)
    {
        u32 start = i;
        while (i < n && text[i] != ' ')
            i++;
        if (i > start)
        {
            struct blob *b = blob_new(i - start);
            if (b)
                memcpy(b->data, text + start, i - start);
            else
                r->no_memory = true;
            r->arguments[index++] = b;
        }
        while (i < n && text[i] == ' ')
            i++;
    }
    r->state = RESP_EXECUTE;
    return true;
}

static bool read_start(struct resp *r)
{
    const u8 *data;
    if (!tcp_peek(r->connection, 0, &data))
        return false;
    if (*data != '*')
        return read_inline(r);
    s64 count;
    if (!number_line(r, "invalid multibulk length", &count))
        return false;
    if (count > (s64)RESP_ARGUMENTS_MAX)
    {
        protocol_error(r, "invalid multibulk length");
        return false;
    }
    if (count <= 0)
        return true;
    if (!reserve_arguments(r, (u32)count))
    {
        tcp_abort(r->connection);
        return false;
    }
    r->state = RESP_HEADER;
    return true;
}

static bool read_header(struct resp *r)
{
    const u8 *data;
    s64 length;
    if (!tcp_peek(r->connection, 0, &data))
        return false;
    if (*data != '$')
    {
        char text[32];
        format_to(text, sizeof text, "expected '$', got '%c'", *data >= ' ' && *data < 127 ? *data : '?');
        protocol_error(r, text);
        return false;
    }
    if (!number_line(r, "invalid bulk length", &length))
        return false;
    if (length < 0 || length > BULK_MAX)
    {
        protocol_error(r, "invalid bulk length");
        return false;
    }
    r->length = (u32)length;
    r->got = 0;
    /* Without memory the bytes are read all the same, and the command is answered with an error. */
    r->arguments[r->index] = blob_new(r->length);
    r->no_memory |= !r->arguments[r->index];
    r->state = RESP_DATA;
    return true;
}

static bool read_data(struct resp *r)
{
    struct connection *c = r->connection;
    struct blob *b = r->arguments[r->index];
    const u8 *data;
    u32 n;
    while (r->got < r->length && (n = tcp_peek(c, 0, &data)))
    {
        n = (u32)min_u64(n, r->length - r->got);
        if (b)
            memcpy(b->data + r->got, data, n);
        r->got += n;
        tcp_consume(c, n);
    }
    if (r->got < r->length)
        return false;
    r->state = RESP_TAIL;
    return true;
}

static bool read_tail(struct resp *r)
{
    if (tcp_readable(r->connection) < 2)
        return false;
    tcp_consume(r->connection, 2);
    r->state = ++r->index == r->count ? RESP_EXECUTE : RESP_HEADER;
    return true;
}

static bool execute(struct resp *r)
{
    struct connection *c = r->connection;
    if (tcp_room(c) < REPLY_ROOM)
        return false;
    if (r->no_memory)
        resp_error(r, "OOM command not allowed when used memory > 'maxmemory'.");
    else if (resp_execute(r) == COMMAND_WAIT)
    {
        if (!r->waiting)
        {
            r->waiting = true;
            r->next_waiting = waiting_first;
            waiting_first = r;
        }
        return false;
    }
    if (c->state == TCP_DEAD)
        return false;
    served.resp_commands++;
    drop_arguments(r);
    return true;
}

void resp_resume(void)
{
    struct resp *r = waiting_first;
    waiting_first = NULL;
    for (; r; r = r->next_waiting)
    {
        r->waiting = false;
        tcp_wake(r->connection);
    }
}

static bool open(struct connection *c)
{
    struct resp *r = heap_alloc_zero(sizeof *r);
    if (!r)
        return false;
    r->connection = c;
    c->service_data = r;
    return true;
}

static void closed(struct connection *c)
{
    struct resp *r = c->service_data;
    if (!r)
        return;
    for (struct resp **at = &waiting_first; r->waiting && *at; at = &(*at)->next_waiting)
        if (*at == r)
        {
            *at = r->next_waiting;
            break;
        }
    drop_arguments(r);
    heap_free(r->arguments);
    blob_drop(r->out);
    heap_free(r);
}

static void run(struct connection *c)
{
    struct resp *r = c->service_data;
    bool go_on = true;
    while (go_on)
    {
        if (!send_out(r))
            return;
        if (r->closing)
        {
            tcp_close(c);
            return;
        }
        switch (r->state)
        {
        case RESP_START:
            go_on = tcp_room(c) >= REPLY_ROOM && read_start(r);
            break;
        case RESP_HEADER:
            go_on = read_header(r);
            break;
        case RESP_DATA:
            go_on = read_data(r);
            break;
        case RESP_TAIL:
            go_on = read_tail(r);
            break;
        case RESP_EXECUTE:
            go_on = execute(r);
            break;
        }
        if (c->state == TCP_DEAD)
            return;
        if (r->closing)
            go_on = true;
    }
    if (tcp_at_end(c) && r->state != RESP_EXECUTE && !r->out)
        tcp_close(c);
}

const struct service resp_service = {.port = 6379, .name = "resp", .open = open, .run = run, .closed = closed};
