#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int outcome(int result) { return result == 0 ? 0 : errno; }

int pitr_clone_file(int target, int source) { return outcome(ioctl(target, FICLONE, source)); }

int pitr_rename_no_replace(const char *from, const char *to) {
    return outcome(renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE));
}

int pitr_sync_file_system(int descriptor) { return outcome(syncfs(descriptor)); }

int pitr_start_writeback(int descriptor, int64_t offset, int64_t length) {
    return outcome(sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE));
}

int pitr_free_bytes(const char *path, uint64_t *bytes) {
    struct statvfs status;
    if (statvfs(path, &status) != 0) return errno;
    *bytes = (uint64_t)status.f_bavail * status.f_frsize;
    return 0;
}

int pitr_total_bytes(const char *path, uint64_t *bytes) {
    struct statvfs status;
    if (statvfs(path, &status) != 0) return errno;
    *bytes = (uint64_t)status.f_blocks * status.f_frsize;
    return 0;
}

int pitr_lock(int descriptor, int exclusive, int wait) {
    int result;
    do {
        result = flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB));
    } while (result != 0 && errno == EINTR && wait);
    return outcome(result);
}

int pitr_unlock(int descriptor) { return outcome(flock(descriptor, LOCK_UN)); }
