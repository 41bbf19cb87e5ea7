#include "lib.h"

typedef long long vec16 __attribute__((vector_size(16), aligned(1), may_alias));

void *memcpy(void *to, const void *from, size_t n)
{
    u8 *d = to;
    const u8 *s = from;
    /* Not `rep movsb`: interpreters of guest code run it byte by byte. */
    while (n >= 64)
    {
        vec16 a = ((const vec16 *)s)[0], b = ((const vec16 *)s)[1], c = ((const vec16 *)s)[2], e = ((const vec16 *)s)[3];
        ((vec16 *)d)[0] = a;
        ((vec16 *)d)[1] = b;
        ((vec16 *)d)[2] = c;
        ((vec16 *)d)[3] = e;
        d += 64;
        s += 64;
        n -= 64;
    }
    while (n >= 16)
    {
        *(vec16 *)d = *(const vec16 *)s;
        d += 16;
        s += 16;
        n -= 16;
    }
    while (n--)
        *d++ = *s++;
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    u8 *d = to;
    const u8 *s = from;
    if (d <= s || d >= s + n)
        return memcpy(to, from, n);
    while (n--)
        d[n] = s[n];
    return to;
}

void *memset(void *to, int value, size_t n)
{
    u8 *d = to;
    u64 word = 0x0101010101010101ull * (u8)value;
    vec16 wide = {(long long)word, (long long)word};
    while (n >= 16)
    {
        *(vec16 *)d = wide;
        d += 16;
        n -= 16;
    }
    while (n--)
        *d++ = (u8)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const u8 *x = a, *y = b;
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

struct sink
{
    char *buffer;
    u32 size, length;
};

static void sink_put(struct sink *s, char c)
{
    if (s->length + 1 < s->size)
        s->buffer[s->length++] = c;
}

static void sink_number(struct sink *s, u64 value, u32 base, u32 width, char pad)
{
    char digits[24];
    u32 n = 0;
    do
    {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    for (u32 i = n; i < width; i++)
        sink_put(s, pad);
    while (n)
        sink_put(s, digits[--n]);
}

u32 format_list(char *buffer, u32 size, const char *format, va_list args)
{
    struct sink s = {buffer, size, 0};
    for (; *format; format++)
    {
        if (*format != '%')
        {
            sink_put(&s, *format);
            continue;
        }
        format++;
        u32 width = 0, precision = ~0u;
        char pad = ' ';
        bool wide = false;
        if (*format == '0')
            pad = '0';
        for (; *format >= '0' && *format <= '9'; format++)
            width = width * 10 + (u32)(*format - '0');
        if (format[0] == '.' && format[1] == '*')
        {
            precision = va_arg(args, u32);
            format += 2;
        }
        for (; *format == 'l'; format++)
            wide = true;
        switch (*format)
        {
        case 's':
        {
            const char *text = va_arg(args, const char *);
            for (u32 i = 0; i < precision && (precision != ~0u || text[i]); i++)
                sink_put(&s, text[i]);
            break;
        }
        case 'c':
            sink_put(&s, (char)va_arg(args, int));
            break;
        case 'd':
        {
            s64 v = wide ? va_arg(args, s64) : va_arg(args, s32);
            if (v < 0)
                sink_put(&s, '-');
            sink_number(&s, v < 0 ? 0 - (u64)v : (u64)v, 10, width, pad);
            break;
        }
        case 'u':
        case 'x':
            sink_number(&s, wide ? va_arg(args, u64) : va_arg(args, u32), *format == 'u' ? 10 : 16, width, pad);
            break;
        case 'I':
        {
            u32 ip = va_arg(args, u32);
            for (int i = 24; i >= 0; i -= 8)
            {
                sink_number(&s, ip >> i & 255, 10, 0, ' ');
                if (i)
                    sink_put(&s, '.');
            }
            break;
        }
        case 'M':
        {
            const u8 *mac = va_arg(args, const u8 *);
            for (int i = 0; i < 6; i++)
            {
                sink_number(&s, mac[i], 16, 2, '0');
                if (i < 5)
                    sink_put(&s, ':');
            }
            break;
        }
        default:
            sink_put(&s, *format);
            break;
        }
    }
    if (size)
        buffer[s.length] = 0;
    return s.length;
}

u32 format_to(char *buffer, u32 size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    u32 n = format_list(buffer, size, format, args);
    va_end(args);
    return n;
}

bool parse_u64(const char *s, u32 length, u64 max, u64 *value)
{
    u64 v = 0;
    if (!length)
        return false;
    for (u32 i = 0; i < length; i++)
    {
        if (s[i] < '0' || s[i] > '9')
            return false;
        u64 digit = (u64)(s[i] - '0');
        if (v > (max - digit) / 10 && (v > max / 10 || v * 10 > max - digit))
            return false;
        v = v * 10 + digit;
    }
    if (v > max)
        return false;
    *value = v;
    return true;
}

bool parse_s64(const char *s, u32 length, s64 *value)
{
    u64 v;
    bool negative = length && s[0] == '-';
    if (negative)
        s++, length--;
    if (!parse_u64(s, length, negative ? 1ull << 63 : (1ull << 63) - 1, &v))
        return false;
    *value = negative ? (s64)(0 - v) : (s64)v;
    return true;
}

/* CRC-32C (Castagnoli, RFC 3720 B.4), eight bytes a step: the CPU's instruction need not be there. */
u32 crc32c(u32 crc, const void *data, size_t n)
{
    static u32 table[8][256];
    if (!table[0][1])
    {
        for (u32 i = 0; i < 256; i++)
        {
            u32 c = i;
            for (int k = 0; k < 8; k++)
                c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
            table[0][i] = c;
        }
        for (u32 i = 0; i < 256; i++)
            for (int k = 1; k < 8; k++)
                table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
    }
    const u8 *p = data;
    crc = ~crc;
    for (; n >= 8; n -= 8, p += 8)
    {
        u64 v;
        __builtin_memcpy(&v, p, 8);
        v ^= crc;
        crc = table[7][v & 255] ^ table[6][v >> 8 & 255] ^ table[5][v >> 16 & 255] ^ table[4][v >> 24 & 255] ^
              table[3][v >> 32 & 255] ^ table[2][v >> 40 & 255] ^ table[1][v >> 48 & 255] ^ table[0][v >> 56];
    }
    for (; n; n--)
        crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
    return ~crc;
}
