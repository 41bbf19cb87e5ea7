/* RFC 862, TCP. */
#include "services.h"

static void run(struct connection *c)
{
    const u8 *data;
    u32 n;
    while ((n = tcp_peek(c, 0, &data)))
    {
        n = (u32)min_u64(n, tcp_room(c));
        if (!n)
            return; /* run again when the peer has taken some */
        if (!tcp_write(c, data, n))
        {
            tcp_abort(c); /* no memory */
            return;
        }
        served.echo_bytes += n;
        tcp_consume(c, n);
    }
    if (tcp_at_end(c))
        tcp_close(c);
}

const struct service echo_service = {.port = 7, .name = "echo", .run = run};
