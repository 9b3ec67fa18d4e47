/* Lets the n-th write or flush of the database fail as disks do. Loaded before the C library; the test compiles it.
 *
 * FAULT_FILE: part of the path of the files it is about. FAULT_KIND: count, full, read-only, eio, fsync, torn. FAULT_AT: n, from 1.
 * FAULT_LOG: gets a line when the fault happens, or with `count` the number of writes and flushes so far.
 * full and read-only go on from the n-th write; eio and fsync happen once; torn writes half and kills the process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long writes, flushes;

static int is_ours(int fd) {
    const char *part = getenv("FAULT_FILE");
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (part == NULL || length <= 0) return 0;
    path[length] = 0;
    return strstr(path, part) != NULL;
}

static int is(const char *kind) {
    const char *asked = getenv("FAULT_KIND");
    return asked != NULL && strcmp(asked, kind) == 0;
}

static long at(void) {
    const char *text = getenv("FAULT_AT");
    return text == NULL ? 0 : atol(text);
}

static ssize_t plain_write(int fd, const void *from, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL) real = dlsym(RTLD_NEXT, "write");
    return real(fd, from, count);
}

/* Of one length each, so that `count` writes over what it wrote before and never leaves nothing. */
static void note(const char *what, long number, int flags) {
    const char *file = getenv("FAULT_LOG");
    char line[64];
    if (file == NULL) return;
    int log = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    if (log < 0) return;
    int length = snprintf(line, sizeof line, "%s %08ld\n", what, number);
    plain_write(log, line, (size_t)length);
    close(log);
}

static void counted(void) {
    char line[64];
    if (!is("count")) return;
    snprintf(line, sizeof line, "writes %08ld flushes", atomic_load(&writes));
    note(line, atomic_load(&flushes), 0);
}

/* 0 when the write goes on; else errno. -1: half of it, and the end. */
static int write_fault(void) {
    long number = atomic_fetch_add(&writes, 1) + 1;
    counted();
    if (number == at() && (is("full") || is("read-only") || is("eio") || is("torn"))) note("write", number, O_APPEND);
    if (is("full") && number >= at()) return ENOSPC;
    if (is("read-only") && number >= at()) return EROFS;
    if (is("eio") && number == at()) return EIO;
    if (is("torn") && number == at()) return -1;
    return 0;
}

static int flush_fault(void) {
    long number = atomic_fetch_add(&flushes, 1) + 1;
    counted();
    if (!is("fsync") || number != at()) return 0;
    note("flush", number, O_APPEND);
    return EIO;
}

#define BEFORE_WRITE(half)                          \
    if (is_ours(fd)) {                              \
        int fault = write_fault();                  \
        if (fault < 0) {                            \
            half;                                   \
            kill(getpid(), SIGKILL);                \
        }                                           \
        if (fault > 0) {                            \
            errno = fault;                          \
            return -1;                              \
        }                                           \
    }

ssize_t write(int fd, const void *from, size_t count) {
    BEFORE_WRITE(plain_write(fd, from, count / 2))
    return plain_write(fd, from, count);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (real == NULL) real = dlsym(RTLD_NEXT, "pwrite");
    BEFORE_WRITE(real(fd, from, count / 2, offset))
    return real(fd, from, count, offset);
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (real == NULL) real = dlsym(RTLD_NEXT, "pwrite64");
    BEFORE_WRITE(real(fd, from, count / 2, offset))
    return real(fd, from, count, offset);
}

int fsync(int fd) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fsync");
    int fault = is_ours(fd) ? flush_fault() : 0;
    if (fault != 0) {
        errno = fault;
        return -1;
    }
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fdatasync");
    int fault = is_ours(fd) ? flush_fault() : 0;
    if (fault != 0) {
        errno = fault;
        return -1;
    }
    return real(fd);
}
