/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * door: a listening socket, and whom it lets in.  Each has its own queue and
 * its own limits: a crowd at one keeps nobody from another.
 */
#ifndef SIGNIN_DOOR_H
#define SIGNIN_DOOR_H

#include <stdbool.h>

struct daemon;
struct event;

/* Bits, for the table in policy.c. */
enum peer_socket {
    PEER_SOCKET_NONE = 0,
    PEER_PAM = 1,
    PEER_PUBLIC = 2,
    PEER_NSS = 4
};

#define DOORS 3

struct door {
    struct daemon *daemon;
    enum peer_socket socket;
    int fd;              /* borrowed: open until signind ends */
    struct event *event; /* NULL: shut */
    unsigned peers;      /* being served now */
};

/* Begin to serve a listening socket.  0 or -ENOMEM; door_shut() in both
 * cases. */
int door_open(struct door *door, struct daemon *daemon, enum peer_socket socket,
              int fd);

/* Let nobody in any more.  Who is in stays.  Also one that was never open. */
void door_shut(struct door *door);

#endif
