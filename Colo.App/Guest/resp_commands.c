/*
 * The commands. A write goes to the log before it is applied, and its reply waits for the log's batch (tcp_hold). A reply
 * that tells of a write which is not on the disk yet waits for it as well: nobody hears of data that a crash could undo.
 */
#include "resp.h"

/* The latest batches with a removal, and with any write. */
static u64 removed_in, written_in;

static void hold_for(struct resp *r, u64 batch)
{
    if (batch > log_committed)
        tcp_hold(r->connection, batch);
}

/* Replies the error if the write must not be applied. COMMAND_WAIT only for LOG_WAIT. */
static bool write_allowed(struct resp *r, enum log_result result, enum command_result *outcome)
{
    *outcome = COMMAND_DONE;
    switch (result)
    {
    case LOG_OK:
        return true;
    case LOG_WAIT:
        *outcome = COMMAND_WAIT;
        break;
    case LOG_FULL:
        resp_error(r, "ERR log full: the disk has no room for more data");
        break;
    case LOG_NO_MEMORY:
        resp_error(r, "OOM command not allowed when used memory > 'maxmemory'.");
        break;
    case LOG_FAILED:
        resp_error(r, "MISCONF the log on the disk cannot be written, so writes are refused");
        break;
    }
    return false;
}

static struct entry *find(struct resp *r, u32 argument)
{
    struct entry *e = store_find(r->arguments[argument]->data, r->arguments[argument]->length);
    hold_for(r, e ? e->batch : removed_in);
    return e;
}

/* Logs and applies. True when done; otherwise the outcome says whether to wait, and an error was replied if not. */
static bool set(struct resp *r, const struct blob *key, struct blob *value, enum command_result *outcome)
{
    u64 batch;
    if (!write_allowed(r, log_append(LOG_SET, key->data, key->length, value->data, value->length, &batch), outcome))
        return false;
    if (!store_set(key->data, key->length, blob_keep(value), batch))
    {
        /* Only a new key can fail, so a removal takes the log's record back. */
        u64 undo;
        blob_drop(value);
        log_append(LOG_DELETE, key->data, key->length, NULL, 0, &undo);
        resp_error(r, "OOM command not allowed when used memory > 'maxmemory'.");
        return false;
    }
    if (batch)
        written_in = batch;
    hold_for(r, batch);
    return true;
}

static bool word_is(const struct blob *b, const char *word)
{
    u32 n = (u32)strlen(word);
    if (b->length != n)
        return false;
    for (u32 i = 0; i < n; i++)
        if ((b->data[i] >= 'A' && b->data[i] <= 'Z' ? b->data[i] | 32 : b->data[i]) != word[i])
            return false;
    return true;
}

static enum command_result ping(struct resp *r)
{
    if (r->count > 2)
        resp_error(r, "ERR wrong number of arguments for 'ping' command");
    else if (r->count == 2)
        resp_bulk_blob(r, r->arguments[1]);
    else
        resp_status(r, "PONG");
    return COMMAND_DONE;
}

static enum command_result echo(struct resp *r)
{
    resp_bulk_blob(r, r->arguments[1]);
    return COMMAND_DONE;
}

static enum command_result set_command(struct resp *r)
{
    bool only_new = false, only_present = false;
    for (u32 i = 3; i < r->count; i++)
    {
        if (word_is(r->arguments[i], "nx"))
            only_new = true;
        else if (word_is(r->arguments[i], "xx"))
            only_present = true;
        else
        {
            resp_error(r, "ERR syntax error");
            return COMMAND_DONE;
        }
    }
    if (only_new || only_present)
    {
        bool present = find(r, 1) != NULL;
        if ((only_new && present) || (only_present && !present))
        {
            resp_nil(r);
            return COMMAND_DONE;
        }
    }
    enum command_result outcome;
    if (set(r, r->arguments[1], r->arguments[2], &outcome))
        resp_status(r, "OK");
    return outcome;
}

static enum command_result setnx(struct resp *r)
{
    enum command_result outcome = COMMAND_DONE;
    if (find(r, 1))
        resp_integer(r, 0);
    else if (set(r, r->arguments[1], r->arguments[2], &outcome))
        resp_integer(r, 1);
    return outcome;
}

static enum command_result get(struct resp *r)
{
    struct entry *e = find(r, 1);
    if (e)
        resp_bulk_blob(r, e->value);
    else
        resp_nil(r);
    return COMMAND_DONE;
}

static enum command_result string_length(struct resp *r)
{
    struct entry *e = find(r, 1);
    resp_integer(r, e ? e->value->length : 0);
    return COMMAND_DONE;
}

static enum command_result add(struct resp *r, s64 by)
{
    s64 value = 0;
    struct entry *e = find(r, 1);
    if (e && !parse_s64((const char *)e->value->data, e->value->length, &value))
    {
        resp_error(r, "ERR value is not an integer or out of range");
        return COMMAND_DONE;
    }
    if (__builtin_add_overflow(value, by, &value))
    {
        resp_error(r, "ERR increment or decrement would overflow");
        return COMMAND_DONE;
    }
    char text[32];
    u32 n = format_to(text, sizeof text, "%ld", value);
    struct blob *b = blob_new(n);
    if (!b)
    {
        resp_error(r, "OOM command not allowed when used memory > 'maxmemory'.");
        return COMMAND_DONE;
    }
    memcpy(b->data, text, n);
    enum command_result outcome;
    bool done = set(r, r->arguments[1], b, &outcome);
    blob_drop(b);
    if (done)
        resp_integer(r, value);
    return outcome;
}

static enum command_result incr(struct resp *r) { return add(r, 1); }
static enum command_result decr(struct resp *r) { return add(r, -1); }

static enum command_result add_by(struct resp *r, bool negative)
{
    s64 by;
    if (!parse_s64((const char *)r->arguments[2]->data, r->arguments[2]->length, &by) || (negative && by == INT64_MIN))
    {
        resp_error(r, "ERR value is not an integer or out of range");
        return COMMAND_DONE;
    }
    return add(r, negative ? -by : by);
}
static enum command_result incrby(struct resp *r) { return add_by(r, false); }
static enum command_result decrby(struct resp *r) { return add_by(r, true); }

static enum command_result del(struct resp *r)
{
    enum command_result outcome = COMMAND_DONE;
    if (!r->progress)
        r->progress = 1;
    for (; r->progress < r->count; r->progress++)
    {
        struct blob *key = r->arguments[r->progress];
        if (!find(r, r->progress))
            continue;
        u64 batch;
        if (!write_allowed(r, log_append(LOG_DELETE, key->data, key->length, NULL, 0, &batch), &outcome))
            return outcome;
        store_remove(key->data, key->length);
        if (batch)
            removed_in = written_in = batch;
        hold_for(r, batch);
        r->result++;
    }
    resp_integer(r, r->result);
    return COMMAND_DONE;
}

static enum command_result exists(struct resp *r)
{
    s64 n = 0;
    for (u32 i = 1; i < r->count; i++)
        n += find(r, i) != NULL;
    resp_integer(r, n);
    return COMMAND_DONE;
}

static enum command_result dbsize(struct resp *r)
{
    hold_for(r, written_in);
    resp_integer(r, (s64)store_keys());
    return COMMAND_DONE;
}

static enum command_result flush(struct resp *r)
{
    u64 batch;
    enum command_result outcome;
    if (!write_allowed(r, log_append(LOG_CLEAR, NULL, 0, NULL, 0, &batch), &outcome))
        return outcome;
    store_clear();
    if (batch)
        removed_in = written_in = batch;
    hold_for(r, batch);
    resp_status(r, "OK");
    return COMMAND_DONE;
}

static enum command_result info(struct resp *r)
{
    /* No clocks and no counters of what other connections did: two copies of the guest answer alike. */
    char text[512];
    hold_for(r, written_in);
    u32 n = format_to(text, sizeof text,
                      "# Server\r\nredis_version:7.0.0\r\nredis_mode:standalone\r\nos:colo demo guest\r\narch_bits:64\r\ntcp_port:6379\r\n"
                      "\r\n# Persistence\r\naof_enabled:%d\r\nlog_state:%s\r\n"
                      "\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n"
                      "\r\n# Keyspace\r\n",
                      log_enabled, log_state);
    if (store_keys())
        n += format_to(text + n, sizeof text - n, "db0:keys=%lu,expires=0,avg_ttl=0\r\n", store_keys());
    resp_bulk(r, text, n);
    return COMMAND_DONE;
}

static enum command_result config(struct resp *r)
{
    if (r->count < 3 || !word_is(r->arguments[1], "get"))
        resp_error(r, "ERR only CONFIG GET is there");
    else if (word_is(r->arguments[2], "save"))
        resp_raw(r, "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
    else if (word_is(r->arguments[2], "appendonly"))
        resp_raw(r, log_enabled ? "*2\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n" : "*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n");
    else if (word_is(r->arguments[2], "*"))
        resp_raw(r, log_enabled ? "*4\r\n$4\r\nsave\r\n$0\r\n\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n"
                                : "*4\r\n$4\r\nsave\r\n$0\r\n\r\n$10\r\nappendonly\r\n$2\r\nno\r\n");
    else
        resp_raw(r, "*0\r\n");
    return COMMAND_DONE;
}

static enum command_result ok(struct resp *r)
{
    resp_status(r, "OK");
    return COMMAND_DONE;
}

static enum command_result select(struct resp *r)
{
    if (word_is(r->arguments[1], "0"))
        resp_status(r, "OK");
    else
        resp_error(r, "ERR DB index is out of range");
    return COMMAND_DONE;
}

static enum command_result quit(struct resp *r)
{
    r->closing = true;
    resp_status(r, "OK");
    return COMMAND_DONE;
}

static enum command_result command(struct resp *r);

struct command
{
    const char *name;
    u32 least, most; /* arguments with the name itself; most 0: any number */
    enum command_result (*run)(struct resp *r);
};

static const struct command commands[] = {
    {"ping", 1, 2, ping},      {"get", 2, 2, get},          {"set", 3, 5, set_command}, {"incr", 2, 2, incr},
    {"decr", 2, 2, decr},      {"incrby", 3, 3, incrby},    {"decrby", 3, 3, decrby},   {"del", 2, 0, del},
    {"exists", 2, 0, exists},  {"echo", 2, 2, echo},        {"setnx", 3, 3, setnx},     {"strlen", 2, 2, string_length},
    {"dbsize", 1, 1, dbsize},  {"flushall", 1, 2, flush},   {"flushdb", 1, 2, flush},   {"info", 1, 0, info},
    {"config", 2, 0, config},  {"command", 1, 0, command},  {"client", 2, 0, ok},       {"select", 2, 2, select},
    {"quit", 1, 1, quit},
};

static enum command_result command(struct resp *r)
{
    if (r->count > 1 && word_is(r->arguments[1], "count"))
        resp_integer(r, ARRAY_SIZE(commands));
    else
        resp_raw(r, "*0\r\n");
    return COMMAND_DONE;
}

enum command_result resp_execute(struct resp *r)
{
    const struct blob *name = r->arguments[0];
    for (u32 i = 0; i < ARRAY_SIZE(commands); i++)
        if (word_is(name, commands[i].name))
        {
            if (r->count >= commands[i].least && (!commands[i].most || r->count <= commands[i].most))
                return commands[i].run(r);
            char text[96];
            format_to(text, sizeof text, "ERR wrong number of arguments for '%s' command", commands[i].name);
            resp_error(r, text);
            return COMMAND_DONE;
        }
    char shown[65], text[128];
    u32 n = (u32)min_u64(name->length, sizeof shown - 1);
    for (u32 i = 0; i < n; i++)
        shown[i] = name->data[i] >= ' ' && name->data[i] < 127 && name->data[i] != '\'' ? (char)name->data[i] : '?';
    shown[n] = 0;
    format_to(text, sizeof text, "ERR unknown command '%s'", shown);
    resp_error(r, text);
    return COMMAND_DONE;
}
