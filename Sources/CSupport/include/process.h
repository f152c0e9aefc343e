#pragma once

#include <sys/types.h>

/// Starts `path` (searched in PATH when it has no slash) with every descriptor but 0, 1 and 2 closed, an empty
/// signal mask and default signal dispositions. `directory` may be NULL. With `new_session` the child leads a
/// session of its own, otherwise a process group of its own. Returns 0 or an errno value.
int pitr_spawn(pid_t *pid, const char *path, char *const arguments[], char *const environment[],
               const char *directory, int input, int output, int error, int new_session);

/// A pipe whose ends are close-on-exec, non-blocking for the reader, and numbered 3 or higher. 0 or an errno value.
int pitr_pipe(int *read_end, int *write_end);

/// A descriptor that becomes readable when the process ends, or -1 where the kernel has none.
int pitr_pidfd(pid_t pid);

/// A rewound, close-on-exec memory file that holds `length` bytes; -1 and errno on failure.
int pitr_memory_file(const void *bytes, size_t length);

/// The process's environment, as `environ`.
char **pitr_environment(void);

/// Fixes the supplementary groups, group and user of the whole process for good. 0 or an errno value.
int pitr_become(const char *name, uid_t uid, gid_t gid);

/// Takes on (or, with 0 and 0, gives back) the effective ids. 0 or an errno value.
int pitr_set_effective(uid_t uid, gid_t gid);

/// Supplementary groups of the account. 0 or an errno value.
int pitr_take_groups(const char *name, gid_t gid);

/// Whether the *effective* user may pass through the directory. 0 or an errno value.
int pitr_may_traverse(const char *path);

/// Processors that the caller may run on: what taskset, a container or a unit left of the machine's.
int pitr_processors(void);

/// Opens the directory entry itself, also where it is a symbolic link (O_PATH, O_NOFOLLOW), for looking at it. -1
/// and errno on failure.
int pitr_open_link(int directory, const char *name);

/// Copies the first line of a file that has `wanted` in it into `line`, which has room for `size` bytes. Reads to the
/// end, however long the file is, in little memory. 0, ENOENT when no line has it, or another errno value.
int pitr_find_line(const char *path, const char *wanted, char *line, size_t size);
