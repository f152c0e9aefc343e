#include "crc32c-vector.h"

#if defined(__x86_64__)
#include <immintrin.h>

/*
 * Sixteen lanes of 128 bits are folded over the data, 256 bytes a round, by multiplication without carries
 * (V. Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction").
 *
 * A lane that is moved on by n bits is multiplied by x^n modulo the polynomial: its two halves by the powers
 * n + 31 and n - 33, since bits are reflected, a product is one bit short, and each half is 64 bits from the
 * other one.
 */

struct fold {
    uint64_t low, high;
};

static struct fold by_round, by_three, by_two, by_one;
/* The four lanes of a register onto its last one. */
static uint64_t onto_last[8];

static uint64_t power(unsigned exponent) {
    uint32_t value = 1u << 31;
    while (exponent-- > 0)
        value = value >> 1 ^ (value & 1 ? POLYNOMIAL : 0);
    return value;
}

static struct fold fold_over(unsigned bits) {
    return (struct fold){power(bits + 31), power(bits - 33)};
}

int pitr_crc32c_prepare_vector(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl")
        || !__builtin_cpu_supports("vpclmulqdq") || !__builtin_cpu_supports("sse4.2"))
        return 0;
    by_round = fold_over(4 * 512);
    by_three = fold_over(3 * 512);
    by_two = fold_over(2 * 512);
    by_one = fold_over(512);
    for (unsigned lane = 0; lane < 3; lane++) {
        struct fold rest = fold_over((3 - lane) * 128);
        onto_last[2 * lane] = rest.low;
        onto_last[2 * lane + 1] = rest.high;
    }
    return 1;
}

#define WIDE __attribute__((target("avx512f,avx512vl,vpclmulqdq,pclmul,sse4.2"), always_inline)) static inline

WIDE __m512i in_all_lanes(struct fold fold) {
    return _mm512_broadcast_i32x4(_mm_set_epi64x((long long)fold.high, (long long)fold.low));
}

/* What was gathered, moved on, and what stands there. */
WIDE __m512i folded(__m512i gathered, __m512i factors, __m512i data) {
    __m512i low = _mm512_clmulepi64_epi128(gathered, factors, 0x00);
    __m512i high = _mm512_clmulepi64_epi128(gathered, factors, 0x11);
    return _mm512_ternarylogic_epi64(low, high, data, 0x96);
}

__attribute__((target("avx512f,avx512vl,vpclmulqdq,pclmul,sse4.2"))) size_t pitr_crc32c_vector(
    uint32_t *crc, const unsigned char *next, size_t length) {
    const unsigned char *begin = next, *end = next + length;
    __m512i first = _mm512_loadu_si512(next), second = _mm512_loadu_si512(next + 64);
    __m512i third = _mm512_loadu_si512(next + 128), fourth = _mm512_loadu_si512(next + 192);
    first = _mm512_xor_si512(first, _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)*crc)));

    __m512i factors = in_all_lanes(by_round);
    for (next += 256; end - next >= 256; next += 256) {
        first = folded(first, factors, _mm512_loadu_si512(next));
        second = folded(second, factors, _mm512_loadu_si512(next + 64));
        third = folded(third, factors, _mm512_loadu_si512(next + 128));
        fourth = folded(fourth, factors, _mm512_loadu_si512(next + 192));
    }
    fourth = folded(first, in_all_lanes(by_three), fourth);
    fourth = folded(second, in_all_lanes(by_two), fourth);
    factors = in_all_lanes(by_one);
    fourth = folded(third, factors, fourth);
    for (; end - next >= 64; next += 64)
        fourth = folded(fourth, factors, _mm512_loadu_si512(next));

    /* The last lane has no factor, so that nothing of it comes in here. */
    __m512i lanes = folded(fourth, _mm512_loadu_si512(onto_last), _mm512_setzero_si512());
    __m128i rest = _mm_xor_si128(
        _mm_xor_si128(_mm512_castsi512_si128(lanes), _mm512_extracti32x4_epi32(lanes, 1)),
        _mm_xor_si128(_mm512_extracti32x4_epi32(lanes, 2), _mm512_extracti32x4_epi32(fourth, 3)));
    uint64_t value = _mm_crc32_u64(0, (uint64_t)_mm_extract_epi64(rest, 0));
    *crc = (uint32_t)_mm_crc32_u64(value, (uint64_t)_mm_extract_epi64(rest, 1));
    return (size_t)(next - begin);
}

#else

int pitr_crc32c_prepare_vector(void) { return 0; }
size_t pitr_crc32c_vector(uint32_t *crc, const unsigned char *next, size_t length) {
    (void)crc, (void)next, (void)length;
    return 0;
}

#endif
