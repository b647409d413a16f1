// What the Glibc module does not offer: epoll, accept4, event descriptors, files in memory,
// pseudo-terminals, opening below a folder, and the heap's own functions.
#ifndef SLIPWAY_CLINUX_SHIM_H
#define SLIPWAY_CLINUX_SHIM_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pty.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

// Has the calling thread go before others of the machine, where the process may ask for that (root, or
// CAP_SYS_NICE). What it starts, threads and children, goes as usual: see sched(7).
static inline void clinux_go_first(void) {
    // SCHED_OTHER with SCHED_RESET_ON_FORK, which is declared only under _GNU_SOURCE.
    struct sched_param none = {0};
    if (sched_setscheduler(0, SCHED_OTHER | 0x40000000, &none) == 0) setpriority(PRIO_PROCESS, 0, -10);
}

// Takes the pages of code, the program's and its libraries', out of the process: see proc_pid_maps(5) and
// madvise(2). They are never written to, and one that is needed again is still in the system's cache.
static inline void clinux_give_code_back(void) {
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL) return;
    char line[4352], access[5];
    unsigned long start, end, file;
    while (fgets(line, sizeof line, maps) != NULL) {
        int found = sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, access, &file);
        if (found == 4 && file != 0 && strcmp(access, "r-xp") == 0)
            madvise((void *)start, end - start, MADV_DONTNEED);
    }
    fclose(maps);
}

// Takes the pages with the symbols of a library that dlopen(3) has given out of the process: they are never
// written to, and nothing but its loading needs them.
static inline void clinux_give_symbols_back(void *library) {
    extern int dlinfo(void *library, int request, void *answer);
    struct link_map *map;
    // RTLD_DI_LINKMAP, which is declared only under _GNU_SOURCE.
    if (dlinfo(library, 2, &map) != 0) return;
    const ElfW(Ehdr) *head = (const ElfW(Ehdr) *)map->l_addr;
    if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) return;
    const ElfW(Phdr) *part = (const ElfW(Phdr) *)(map->l_addr + head->e_phoff);
    for (int left = head->e_phnum; left > 0; left--, part++) {
        if (part->p_type == PT_LOAD && part->p_flags == PF_R && part->p_offset == 0) {
            madvise((void *)map->l_addr, part->p_filesz, MADV_DONTNEED);
            return;
        }
    }
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

// fcntl(2), F_SETPIPE_SZ: sets how much a pipe holds.
static const int clinux_set_pipe_size = 1031;

// fcntl(2), F_SETSIG: sets the signal that tells of what happens to a descriptor with O_ASYNC.
static const int clinux_set_signal = 10;

// Opens a place without the right to read it: what is there can be looked at and opened below.
static const int clinux_path_only = __O_PATH;

// open(2), O_DIRECT: what is written goes to the disk past the system's cache.
static const int clinux_direct = __O_DIRECT;

// sync_file_range(2), SYNC_FILE_RANGE_WRITE: has the disk begin to write a part of a file.
static inline void clinux_begin_writing(int file, long long offset, long long count) {
    extern int sync_file_range(int fd, __off64_t offset, __off64_t count, unsigned int flags);
    sync_file_range(file, offset, count, 2U);
}

// How openat2(2) looks a path up: nothing above the folder, no link at all or none of those that
// the kernel makes up.
static const unsigned long long clinux_resolve_no_magic_links = 0x02;
static const unsigned long long clinux_resolve_no_links = 0x04;
static const unsigned long long clinux_resolve_beneath = 0x08;

// Opens a path below a folder; -1 with errno, which is ENOSYS before Linux 5.6.
static inline int clinux_open_below(int folder, const char *path, int flags, unsigned long long resolve) {
    struct { unsigned long long flags, mode, resolve; } how = {(unsigned int)flags, 0, resolve};
#ifdef SYS_openat2
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
#else
    return (int)syscall(437, folder, path, &how, sizeof how);
#endif
}

// The next name in a folder that is read; null at its end, and where errno is set.
static inline const char *clinux_next_name(DIR *folder) {
    errno = 0;
    struct dirent *entry = readdir(folder);
    return entry ? entry->d_name : (const char *)0;
}

#endif
