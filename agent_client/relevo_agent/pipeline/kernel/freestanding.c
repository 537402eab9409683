/* What Windows has in a C library, which zig would take minutes to build, and this library takes nothing else of. */
#if defined(_WIN32)
#include "kernel.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) Word;
enum { PIECE = 64, WORDS = PIECE / 8 };

int DllMainCRTStartup(void *library, unsigned reason, void *reserved)
{
    (void)library, (void)reason, (void)reserved;
    return 1;
}

void *memset(void *to, int value, size_t count)
{
    for (size_t i = 0; i < count; i++) ((uint8_t *)to)[i] = (uint8_t)value;
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    Word piece[WORDS];
    if (out <= in || out >= in + count) {
        for (; count >= PIECE; count -= PIECE, in += PIECE, out += PIECE) {
            for (int i = 0; i < WORDS; i++) piece[i] = ((const Word *)in)[i];
            for (int i = 0; i < WORDS; i++) ((Word *)out)[i] = piece[i];
        }
        for (size_t i = 0; i < count; i++) out[i] = in[i];
        return to;
    }
    for (; count >= PIECE; count -= PIECE) {
        for (int i = 0; i < WORDS; i++) piece[i] = ((const Word *)(in + count - PIECE))[i];
        for (int i = 0; i < WORDS; i++) ((Word *)(out + count - PIECE))[i] = piece[i];
    }
    while (count--) out[count] = in[count];
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) { return memmove(to, from, count); }

int memcmp(const void *a, const void *b, size_t count)
{
    const uint8_t *one = a, *other = b;
    for (; count >= PIECE; count -= PIECE, one += PIECE, other += PIECE) {
        uint64_t unequal = 0;
        for (int i = 0; i < WORDS; i++) unequal |= ((const Word *)one)[i] ^ ((const Word *)other)[i];
        if (unequal) break;
    }
    for (size_t i = 0; i < count; i++) {
        if (one[i] != other[i]) return one[i] - other[i];
    }
    return 0;
}

int bcmp(const void *a, const void *b, size_t count) { return memcmp(a, b, count); }
#endif
