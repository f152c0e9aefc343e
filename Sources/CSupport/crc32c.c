#include "crc32c.h"

#include "crc32c-vector.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define HAVE_SSE42_PATH 1
#else
#define HAVE_SSE42_PATH 0
#endif

/* Three independent streams hide the latency of the CRC instruction; these are the bytes in each stream. */
#define LONG_BLOCK 2048
#define SHORT_BLOCK 256

/* slices[k][b]: the register after byte b and k zero bytes. */
static uint32_t slices[8][256];

#if HAVE_SSE42_PATH
/* shift_x[k][b]: a register holding b in its byte k, carried over as many zero bytes as one block has. */
static uint32_t shift_long[4][256];
static uint32_t shift_short[4][256];
static int have_sse42;
static int have_vector;
#endif

static uint32_t by_table(uint32_t crc, const unsigned char *next, size_t length) {
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        word ^= crc;
        crc = slices[7][word & 0xFF] ^ slices[6][word >> 8 & 0xFF] ^ slices[5][word >> 16 & 0xFF]
            ^ slices[4][word >> 24 & 0xFF] ^ slices[3][word >> 32 & 0xFF] ^ slices[2][word >> 40 & 0xFF]
            ^ slices[1][word >> 48 & 0xFF] ^ slices[0][word >> 56];
        next += 8;
        length -= 8;
    }
    while (length-- > 0)
        crc = crc >> 8 ^ slices[0][(crc ^ *next++) & 0xFF];
    return crc;
}

#if HAVE_SSE42_PATH
static void make_shift(uint32_t table[4][256], size_t block) {
    static const unsigned char zeros[SHORT_BLOCK];
    uint32_t basis[32];
    for (int bit = 0; bit < 32; bit++) {
        uint32_t value = 1u << bit;
        for (size_t done = 0; done < block; done += SHORT_BLOCK)
            value = by_table(value, zeros, SHORT_BLOCK);
        basis[bit] = value;
    }
    for (int byte = 0; byte < 4; byte++)
        for (int content = 0; content < 256; content++) {
            uint32_t value = 0;
            for (int bit = 0; bit < 8; bit++)
                if (content >> bit & 1)
                    value ^= basis[byte * 8 + bit];
            table[byte][content] = value;
        }
}

static inline uint32_t shifted(uint32_t table[4][256], uint32_t crc) {
    return table[0][crc & 0xFF] ^ table[1][crc >> 8 & 0xFF] ^ table[2][crc >> 16 & 0xFF] ^ table[3][crc >> 24];
}

static inline uint64_t word_at(const unsigned char *place) {
    uint64_t word;
    memcpy(&word, place, 8);
    return word;
}

__attribute__((target("sse4.2"))) static const unsigned char *three_streams(
    uint32_t *crc, const unsigned char *next, size_t block, uint32_t table[4][256]) {
    uint64_t first = *crc, second = 0, third = 0;
    for (const unsigned char *end = next + block; next < end; next += 8) {
        first = _mm_crc32_u64(first, word_at(next));
        second = _mm_crc32_u64(second, word_at(next + block));
        third = _mm_crc32_u64(third, word_at(next + 2 * block));
    }
    uint32_t joined = shifted(table, (uint32_t)first) ^ (uint32_t)second;
    *crc = shifted(table, joined) ^ (uint32_t)third;
    return next + 2 * block;
}

__attribute__((target("sse4.2"))) static uint32_t by_instruction(
    uint32_t crc, const unsigned char *next, size_t length) {
    for (; length >= 3 * LONG_BLOCK; length -= 3 * LONG_BLOCK)
        next = three_streams(&crc, next, LONG_BLOCK, shift_long);
    for (; length >= 3 * SHORT_BLOCK; length -= 3 * SHORT_BLOCK)
        next = three_streams(&crc, next, SHORT_BLOCK, shift_short);
    uint64_t wide = crc;
    for (; length >= 8; length -= 8, next += 8)
        wide = _mm_crc32_u64(wide, word_at(next));
    crc = (uint32_t)wide;
    for (; length > 0; length--)
        crc = _mm_crc32_u8(crc, *next++);
    return crc;
}
#endif

/* Runs before main: some microseconds, and no lock or once-check on every call afterwards. */
__attribute__((constructor)) static void make_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++)
            value = value >> 1 ^ (value & 1 ? POLYNOMIAL : 0);
        slices[0][byte] = value;
    }
    for (int slice = 1; slice < 8; slice++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = slices[slice - 1][byte];
            slices[slice][byte] = before >> 8 ^ slices[0][before & 0xFF];
        }
#if HAVE_SSE42_PATH
    __builtin_cpu_init();
    have_sse42 = __builtin_cpu_supports("sse4.2") != 0;
    if (have_sse42) {
        make_shift(shift_long, LONG_BLOCK);
        make_shift(shift_short, SHORT_BLOCK);
    }
    have_vector = pitr_crc32c_prepare_vector();
#endif
}

uint32_t pitr_crc32c_update_portable(uint32_t crc, const void *data, size_t length) {
    return by_table(crc, data, length);
}

uint32_t pitr_crc32c_update(uint32_t crc, const void *data, size_t length) {
#if HAVE_SSE42_PATH
    if (have_vector && length >= PITR_VECTOR_MINIMUM) {
        size_t done = pitr_crc32c_vector(&crc, data, length);
        return by_instruction(crc, (const unsigned char *)data + done, length - done);
    }
    if (have_sse42)
        return by_instruction(crc, data, length);
#endif
    return by_table(crc, data, length);
}
