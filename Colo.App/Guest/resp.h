/* The Redis serialization protocol, RESP2. resp.c reads requests and sends replies, resp_commands.c carries them out. */
#ifndef RESP_H
#define RESP_H
#include "services.h"
#include "store.h"

#define RESP_ARGUMENTS_MAX 1024u

enum resp_state
{
    RESP_START,
    RESP_HEADER, /* $length */
    RESP_DATA,
    RESP_TAIL, /* the CR LF behind it */
    RESP_EXECUTE
};

struct resp
{
    struct connection *connection;
    enum resp_state state;
    struct blob **arguments;
    u32 count, capacity, index; /* index: of the argument that is being read */
    u32 length, got;            /* of that argument */
    bool no_memory;             /* an argument was thrown away: the command is answered with an error */
    bool closing;

    /* A reply's bulk string that is sent as room allows; a CR LF follows it. */
    struct blob *out;
    u32 out_at;

    /* A command of several steps that has to wait for the log goes on where it was. */
    u32 progress;
    s64 result;
    struct resp *next_waiting;
    bool waiting;
};

enum command_result
{
    COMMAND_DONE,
    COMMAND_WAIT /* for the log: once more later */
};
enum command_result resp_execute(struct resp *r);

/* Replies. They fail only without memory, and then end the connection. */
void resp_status(struct resp *r, const char *text);
void resp_error(struct resp *r, const char *text);
void resp_integer(struct resp *r, s64 value);
void resp_nil(struct resp *r);
void resp_bulk(struct resp *r, const void *data, u32 length);
void resp_bulk_blob(struct resp *r, struct blob *b);
void resp_raw(struct resp *r, const char *text);
#endif
