#include "sha1.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

static int is_there;

/* Runs before main, as the tables of CRC-32C are made. */
__attribute__((constructor)) static void look(void) {
    unsigned int a, b, c, d;
    int has_bytes = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSSE3) && (c & bit_SSE4_1);
    is_there = has_bytes && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

int pitr_sha1_is_there(void) {
    return is_there;
}

/*
 * Four rounds a step, twenty steps a block. `last` is the state one step ago, of which a step needs one word; the
 * sixteen words of the schedule that come next are in `words`, each step using one quarter and making its successor.
 */
#define STEP(number)                                                                                                 \
    do {                                                                                                             \
        __m128i words_now = words[(number) % 4];                                                                     \
        if ((number) >= 4) {                                                                                         \
            __m128i mixed = _mm_sha1msg1_epu32(words[(number) % 4], words[((number) + 1) % 4]);                      \
            mixed = _mm_xor_si128(mixed, words[((number) + 2) % 4]);                                                 \
            words_now = words[(number) % 4] = _mm_sha1msg2_epu32(mixed, words[((number) + 3) % 4]);                  \
        }                                                                                                            \
        __m128i added = (number) == 0 ? _mm_add_epi32(rest, words_now) : _mm_sha1nexte_epu32(last, words_now);       \
        last = state4;                                                                                               \
        state4 = _mm_sha1rnds4_epu32(state4, added, (number) / 5);                                                   \
    } while (0)

#define FIVE_STEPS(number)                                                                                           \
    STEP(number);                                                                                                    \
    STEP((number) + 1);                                                                                              \
    STEP((number) + 2);                                                                                              \
    STEP((number) + 3);                                                                                              \
    STEP((number) + 4)

__attribute__((target("sha,ssse3,sse4.1"))) void pitr_sha1_mix(uint32_t state[5], const void *data, size_t blocks) {
    const __m128i big_endian = _mm_set_epi64x(0x0001020304050607, 0x08090A0B0C0D0E0F);
    const __m128i *next = data;
    /* The first four words, the first of them highest; the fifth one is the highest of another register. */
    __m128i state4 = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0x1B);
    __m128i rest = _mm_set_epi32((int)state[4], 0, 0, 0);
    for (; blocks > 0; blocks--, next += 4) {
        __m128i words[4], last = state4, state4_before = state4, rest_before = rest;
        for (int quarter = 0; quarter < 4; quarter++)
            words[quarter] = _mm_shuffle_epi8(_mm_loadu_si128(next + quarter), big_endian);
        FIVE_STEPS(0);
        FIVE_STEPS(5);
        FIVE_STEPS(10);
        FIVE_STEPS(15);
        rest = _mm_sha1nexte_epu32(last, rest_before);
        state4 = _mm_add_epi32(state4, state4_before);
    }
    _mm_storeu_si128((__m128i *)state, _mm_shuffle_epi32(state4, 0x1B));
    state[4] = (uint32_t)_mm_extract_epi32(rest, 3);
}
#else
int pitr_sha1_is_there(void) {
    return 0;
}

void pitr_sha1_mix(uint32_t state[5], const void *data, size_t blocks) {
    (void)state, (void)data, (void)blocks;
}
#endif
