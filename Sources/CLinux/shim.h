// What the Glibc module does not offer: epoll, accept4, event descriptors and pseudo-terminals.
#ifndef SLIPWAY_CLINUX_SHIM_H
#define SLIPWAY_CLINUX_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

// Declared only under _GNU_SOURCE, which the importer's own headers may already have missed.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

#endif
