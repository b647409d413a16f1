// What the Glibc module does not offer: epoll, accept4, event descriptors, files in memory,
// pseudo-terminals, and the heap's own functions.
#ifndef SLIPWAY_CLINUX_SHIM_H
#define SLIPWAY_CLINUX_SHIM_H

#include <malloc.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// Declared only under _GNU_SOURCE, which would give `fd_set` another layout here than in Glibc.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

extern int pipe2(int ends[2], int flags);
extern long syscall(long number, ...);

// A descriptor that is readable once that child has exited; -1 with errno where there is none.
static inline int clinux_pidfd_open(pid_t child) {
    return (int)syscall(SYS_pidfd_open, child, 0);
}

// A file without a name that is closed on exec; -1 with errno where there is none.
static inline int clinux_memory_file(const char *label) {
    return (int)syscall(SYS_memfd_create, label, 1U);
}

// The environment that a child is given.
static inline char **clinux_environment(void) {
    extern char **environ;
    return environ;
}

// Asks how a child ended and leaves it to be reaped by its owner: 1 it exited with `*status`, 2 signal
// `*status` ended it, 0 it still runs, -1 there is no such child.
static inline int clinux_child_end(pid_t child, int *status) {
    siginfo_t info;
    info.si_pid = 0;
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return -1;
    if (info.si_pid == 0) return 0;
    *status = info.si_status;
    return info.si_code == CLD_EXITED ? 1 : 2;
}

#endif
