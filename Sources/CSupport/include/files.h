#pragma once
#include <stdint.h>

// System calls that need _GNU_SOURCE or a macro with arguments. Each returns 0, or the errno of the failure.

/// Shares all blocks of `source` with the empty file `target` (FICLONE).
int pitr_clone_file(int target, int source);
/// Renames; fails with EEXIST when `to` exists. EINVAL where the file system cannot promise that.
int pitr_rename_no_replace(const char *from, const char *to);
/// Writes everything that is dirty on the file system of `descriptor` to the disk.
int pitr_sync_file_system(int descriptor);
/// Starts writing dirty pages of a range to the disk and does not wait. `length` 0 is: to the end.
int pitr_start_writeback(int descriptor, int64_t offset, int64_t length);
/// Bytes an unprivileged process can still write on the file system of `path`.
int pitr_free_bytes(const char *path, uint64_t *bytes);
/// Bytes of the file system of `path`, taken or free.
int pitr_total_bytes(const char *path, uint64_t *bytes);
/// Takes the whole-file lock (flock); `exclusive` 0 is shared, `wait` 0 answers EWOULDBLOCK at once.
int pitr_lock(int descriptor, int exclusive, int wait);
/// Gives that lock back, also where a process that is just being started still has the descriptor.
int pitr_unlock(int descriptor);
