// What the Glibc module does not offer: epoll, accept4, event descriptors and pseudo-terminals.
#ifndef SLIPWAY_CLINUX_SHIM_H
#define SLIPWAY_CLINUX_SHIM_H

#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

// Declared only under _GNU_SOURCE, which would give `fd_set` another layout here than in Glibc.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

#endif
