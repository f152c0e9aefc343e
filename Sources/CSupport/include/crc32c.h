#pragma once

#include <stddef.h>
#include <stdint.h>

/// Carries a CRC-32C (Castagnoli, reflected) on over `length` more bytes.
///
/// `crc` is the running register: 0xFFFFFFFF before the first byte, and the finished checksum is its complement.
uint32_t pitr_crc32c_update(uint32_t crc, const void *data, size_t length);

/// The same by tables alone: what machines without SSE 4.2 run, and what the tests compare the fast path with.
uint32_t pitr_crc32c_update_portable(uint32_t crc, const void *data, size_t length);
