#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

int pitr_spawn(pid_t *pid, const char *path, char *const arguments[], char *const environment[],
               const char *directory, int input, int output, int error, int new_session) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    if ((failure = posix_spawn_file_actions_adddup2(&actions, input, 0)) != 0) goto done;
    if ((failure = posix_spawn_file_actions_adddup2(&actions, output, 1)) != 0) goto done;
    if ((failure = posix_spawn_file_actions_adddup2(&actions, error, 2)) != 0) goto done;
    if ((failure = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) != 0) goto done;
    if (directory != NULL
        && (failure = posix_spawn_file_actions_addchdir_np(&actions, directory)) != 0) goto done;

    sigset_t none, defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    if (new_session) {
        flags |= POSIX_SPAWN_SETSID;
    } else {
        flags |= POSIX_SPAWN_SETPGROUP;
        posix_spawnattr_setpgroup(&attributes, 0);
    }
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, flags);
    failure = posix_spawnp(pid, path, &actions, &attributes, arguments, environment);
done:
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

static int above_standard(int descriptor) {
    if (descriptor > 2) return descriptor;
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    int saved = errno;
    close(descriptor);
    errno = saved;
    return moved;
}

int pitr_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    ends[0] = above_standard(ends[0]);
    int failure = errno;
    if (ends[0] < 0) {
        close(ends[1]);
        return failure;
    }
    ends[1] = above_standard(ends[1]);
    failure = errno;
    if (ends[1] < 0) {
        close(ends[0]);
        return failure;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    /* Fewer turns between the two processes; where the kernel grants no more, 64 KiB do. */
    fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

int pitr_pidfd(pid_t pid) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    errno = ENOSYS;
    return -1;
#endif
}

int pitr_memory_file(const void *bytes, size_t length) {
    int descriptor = memfd_create("pitr-input", MFD_CLOEXEC);
    if (descriptor < 0) return -1;
    descriptor = above_standard(descriptor);
    if (descriptor < 0) return -1;
    size_t done = 0;
    while (done < length) {
        ssize_t written = write(descriptor, (const char *)bytes + done, length - done);
        if (written < 0) {
            if (errno == EINTR) continue;
            int saved = errno;
            close(descriptor);
            errno = saved;
            return -1;
        }
        done += (size_t)written;
    }
    lseek(descriptor, 0, SEEK_SET);
    return descriptor;
}

char **pitr_environment(void) { return environ; }

int pitr_become(const char *name, uid_t uid, gid_t gid) {
    if (initgroups(name, gid) != 0) return errno;
    if (setresgid(gid, gid, gid) != 0) return errno;
    if (setresuid(uid, uid, uid) != 0) return errno;
    return 0;
}

int pitr_set_effective(uid_t uid, gid_t gid) {
    // The user comes last on the way down and first on the way up: only root may change the group.
    if (uid == 0 && seteuid(0) != 0) return errno;
    if (setegid(gid) != 0) return errno;
    if (uid != 0 && seteuid(uid) != 0) return errno;
    return 0;
}

int pitr_take_groups(const char *name, gid_t gid) { return initgroups(name, gid) == 0 ? 0 : errno; }

int pitr_may_traverse(const char *path) {
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

int pitr_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int pitr_open_link(int directory, const char *name) {
    return openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int pitr_find_line(const char *path, const char *wanted, char *line, size_t size) {
    FILE *file = fopen(path, "re");
    if (file == NULL) return errno;
    char *text = NULL;
    size_t room = 0;
    int result = ENOENT;
    while (getline(&text, &room, file) >= 0) {
        if (strstr(text, wanted) == NULL) continue;
        snprintf(line, size, "%s", text);
        result = 0;
        break;
    }
    if (ferror(file)) result = EIO;
    free(text);
    fclose(file);
    return result;
}
