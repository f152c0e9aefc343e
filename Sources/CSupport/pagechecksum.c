#include "pagechecksum.h"

#include <string.h>

// The algorithm of PostgreSQL's pg_checksum_page: 32 FNV-1a sums run side by side over the page, so that a
// compiler can keep them in vector registers.

enum { PAGE_SIZE = 8192, LANES = 32, ROWS = PAGE_SIZE / (LANES * 4) };

static const uint32_t lane_offsets[LANES] = {
    0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
    0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
    0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
    0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756,
};

#if defined(__x86_64__) && defined(__linux__)
#define PITR_AVX2 __attribute__((target("avx2")))
#endif

static inline __attribute__((always_inline)) uint16_t checksum(const uint8_t *page, uint32_t block) {
    uint32_t sums[LANES];
    uint32_t row[LANES];
    memcpy(sums, lane_offsets, sizeof sums);
    for (int i = 0; i < ROWS; i++) {
        memcpy(row, page + i * sizeof row, sizeof row);
        // The stored checksum itself (bytes 8 and 9) counts as zero.
        if (i == 0) row[2] &= 0xFFFF0000u;
        for (int j = 0; j < LANES; j++) {
            uint32_t mixed = sums[j] ^ row[j];
            sums[j] = (mixed * 16777619u) ^ (mixed >> 17);
        }
    }
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < LANES; j++) sums[j] = (sums[j] * 16777619u) ^ (sums[j] >> 17);
    }
    uint32_t folded = 0;
    for (int j = 0; j < LANES; j++) folded ^= sums[j];
    return (uint16_t)((folded ^ block) % 65535 + 1);
}

static int all_zero(const uint8_t *page) {
    return page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0;
}

static inline __attribute__((always_inline)) int is_good(const uint8_t *page, uint32_t block,
                                                         uint64_t start_lsn) {
    uint32_t high, low;
    uint16_t stored, upper;
    memcpy(&high, page, 4);
    memcpy(&low, page + 4, 4);
    memcpy(&stored, page + 8, 2);
    memcpy(&upper, page + 14, 2);
    // pd_upper of 0 marks a page that was never initialised: right only when nothing else is in it either.
    if (upper == 0) return all_zero(page);
    if (((uint64_t)high << 32 | low) >= start_lsn) return 1;
    return checksum(page, block) == stored;
}

#define SCAN                                                                                                  \
    const uint8_t *bytes = pages;                                                                             \
    for (size_t i = from; i < count; i++) {                                                                   \
        if (!is_good(bytes + i * PAGE_SIZE, first_block + (uint32_t)i, start_lsn)) return i;                  \
    }                                                                                                         \
    return count;

static size_t scan_portable(const void *pages, size_t from, size_t count, uint32_t first_block,
                            uint64_t start_lsn) {
    SCAN
}

#ifdef PITR_AVX2
PITR_AVX2 static size_t scan_avx2(const void *pages, size_t from, size_t count, uint32_t first_block,
                                  uint64_t start_lsn) {
    SCAN
}
#endif

size_t pitr_first_bad_page(const void *pages, size_t from, size_t count, uint32_t first_block,
                           uint64_t start_lsn) {
#ifdef PITR_AVX2
    if (__builtin_cpu_supports("avx2")) return scan_avx2(pages, from, count, first_block, start_lsn);
#endif
    return scan_portable(pages, from, count, first_block, start_lsn);
}

uint16_t pitr_page_checksum(const void *page, uint32_t block) { return checksum(page, block); }
