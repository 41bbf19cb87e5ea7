/* The few things of a C library that the guest needs. */
#ifndef LIB_H
#define LIB_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PACKED __attribute__((packed))

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

static inline u64 min_u64(u64 a, u64 b) { return a < b ? a : b; }
static inline u64 max_u64(u64 a, u64 b) { return a > b ? a : b; }

static inline u16 be16(u16 v) { return __builtin_bswap16(v); }
static inline u32 be32(u32 v) { return __builtin_bswap32(v); }

/* Unaligned fields of frames, network order. */
static inline u16 get16(const u8 *p) { return (u16)(p[0] << 8 | p[1]); }
static inline u32 get32(const u8 *p) { return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3]; }
static inline void put16(u8 *p, u32 v) { p[0] = (u8)(v >> 8); p[1] = (u8)v; }
static inline void put32(u8 *p, u32 v) { p[0] = (u8)(v >> 24); p[1] = (u8)(v >> 16); p[2] = (u8)(v >> 8); p[3] = (u8)v; }

/* %s %c %d %u %x %lu %lx %ld; %.*s; %I an IPv4 address in host order; %M six bytes of a MAC. Returns the length written,
   never more than size - 1, and always ends with a zero. */
u32 format_to(char *buffer, u32 size, const char *format, ...);
u32 format_list(char *buffer, u32 size, const char *format, va_list args);

/* Decimal digits only; false when empty, when something else follows, or beyond max. */
bool parse_u64(const char *s, u32 length, u64 max, u64 *value);
bool parse_s64(const char *s, u32 length, s64 *value);

u32 crc32c(u32 crc, const void *data, size_t n);
#endif
