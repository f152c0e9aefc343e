#pragma once
#include <stddef.h>
#include <stdint.h>

/// PostgreSQL's data page checksum of one 8192-byte page, as stored in `pd_checksum`; never 0.
uint16_t pitr_page_checksum(const void *page, uint32_t block);

/// Looks for the first page at or after index `from` whose stored checksum is wrong.
///
/// Pages that are all zero pass, and so do pages whose LSN is at or past `start_lsn`: replay rewrites those.
/// Returns the page's index within `pages`, or `count` when all pass.
size_t pitr_first_bad_page(const void *pages, size_t from, size_t count, uint32_t first_block,
                           uint64_t start_lsn);
