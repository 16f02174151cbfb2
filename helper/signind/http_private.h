/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_private: what http.c (the engine), http_order.c (an order as curl
 * options) and http_answer.c (what came back) share.  curl's handles are
 * void to its users: this header does not need curl's.
 */
#ifndef SIGNIN_HTTP_PRIVATE_H
#define SIGNIN_HTTP_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "http.h"

struct curl_slist;
struct event;

/* Limits on an answer's headers, interim answers and trailers included. */
#define HTTP_HEADER_COUNT_MAX 200
#define HTTP_HEADER_BYTES_MAX ((size_t)64 * 1024)

/* Longest Retry-After that is obeyed, in seconds. */
#define HTTP_RETRY_AFTER_MAX 3600

/* A socket of curl's that libevent watches. */
struct http_socket {
    struct http_pool *pool;
    struct event *event;
    LIST_ENTRY(http_socket) entry;
};

/*
 * One multi handle: its requests, names resolved, and one parsed CA
 * bundle; curl keeps only one per multi handle, hence a pool per ca_file.
 */
struct http_pool {
    struct http *http;
    void *multi;   /* CURLM */
    char *ca_file; /* NULL: the system's */
    struct event *timer;
    bool retired;  /* takes no new requests; freed with its last one */
    unsigned busy; /* inside this pool's events: not to be freed now */
    LIST_HEAD(, http_socket) sockets;
    LIST_HEAD(, http_request) requests;
    LIST_ENTRY(http_pool) entry;
};

/* An answer as it grows.  Every byte is wiped when it is given back. */
struct http_received {
    char *body;
    size_t length, room, limit;
    struct http_header *headers, *last;
    unsigned header_count;
    size_t header_bytes;
    bool interim;  /* these are the headers of a 1xx */
    bool complete; /* the headers are */
    bool too_large;
};

/* Copies of the sockets that a request's connections were tried on. */
#define HTTP_REACH_MAX 16
struct http_reach {
    int sockets[HTTP_REACH_MAX];
    unsigned count;
    bool lost; /* there was one that is not here */
};

struct http_request {
    struct http_pool *pool;
    void *easy; /* CURL */
    struct http_reach reach;
    struct curl_slist *headers;
    char error[256]; /* CURL_ERROR_SIZE */
    struct http_received received;
    http_done *done;
    void *context;
    LIST_ENTRY(http_request) entry;
};

/*
 * Set up request->easy from the order.  0, -EINVAL (malformed; *ret_why says
 * what, static storage) or -ENOMEM.
 */
int http_order_apply(struct http_request *request,
                     const struct http_order *order, const char **ret_why);

/* curl's callbacks; pointer is a struct http_received. */
size_t http_received_body(char *bytes, size_t size, size_t count,
                          void *pointer);
size_t http_received_header(char *bytes, size_t size, size_t count,
                            void *pointer);
void http_received_done(struct http_received *received);

/*
 * http_reach.c.  Watch the sockets that easy opens from now on; false: curl
 * refused.  Then: could nobody be reached?  code is a CURLcode.  A failure that
 * may be ours, or that came with a byte from the other side, is no such thing.
 */
bool http_reach_watch(void *easy, struct http_reach *reach);
bool http_is_unreachable(const struct http_request *request, int code);
void http_reach_done(struct http_reach *reach);

/*
 * Describe how the request ended; code is a CURLcode.  *ret_answer points
 * into the request.
 */
void http_answer_fill(struct http_answer *ret_answer,
                      struct http_request *request, int code);

#endif
