/* A 16550 at 0x3f8, by polling. */
#include "platform.h"

#define COM1 0x3f8
#define FIFO_DEPTH 16

void serial_init(void)
{
    out8(COM1 + 1, 0);    /* no interrupts */
    out8(COM1 + 3, 0x03); /* 8n1 */
    out8(COM1 + 2, 0x07); /* FIFOs on and empty */
}

static void serial_write(const char *text, u32 length)
{
    /* Each access is an exit to the monitor: look at the line status once a FIFO, not once a byte. */
    for (u32 i = 0; i < length; i++)
    {
        if (i % FIFO_DEPTH == 0)
            for (u32 spin = 0; spin < 10000 && !(in8(COM1 + 5) & 0x20); spin++)
                ;
        out8(COM1, (u8)text[i]);
    }
}

void console(const char *format, ...)
{
    char line[256];
    va_list args;
    u32 n = format_to(line, sizeof line - 2, "colo guest: ");
    va_start(args, format);
    n += format_list(line + n, sizeof line - 2 - n, format, args);
    va_end(args);
    line[n++] = '\r';
    line[n++] = '\n';
    serial_write(line, n);
}
