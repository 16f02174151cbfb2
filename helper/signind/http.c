/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine: curl's multi interface driven by libevent.  curl says which
 * sockets it waits for and when it wants to be woken; libevent does both.
 * No curl function is ever called from inside curl's own callbacks.
 */
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "http_private.h"
#include "log.h"
#include "wipe.h"

struct http {
    struct event_base *base;
    LIST_HEAD(, http_pool) pools;
};

/* The request is in no list any more, or in none yet. */
static void
http_request_free(struct http_request *request)
{
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    http_received_done(&request->received);
    http_reach_done(&request->reach);
    explicit_bzero(request, sizeof(*request));
    free(request);
}

/* Take a request out of its pool: no callback of curl's comes any more. */
static void
http_request_detach(struct http_request *request)
{
    LIST_REMOVE(request, entry);
    curl_multi_remove_handle(request->pool->multi, request->easy);
}

/* How it ended, to the one who asked. */
static void
http_request_finish(struct http_request *request, int code)
{
    struct http_answer answer;

    http_answer_fill(&answer, request, code);
    http_request_detach(request);
    request->done(request->context, &answer);
    http_request_free(request);
}

static void
http_pool_free(struct http_pool *pool)
{
    struct http_request *request;
    struct http_socket *socket;

    while ((request = LIST_FIRST(&pool->requests)) != NULL) {
        http_request_detach(request);
        http_request_free(request);
    }
    LIST_REMOVE(pool, entry);
    /* May call http_on_socket(). */
    curl_multi_cleanup(pool->multi);
    while ((socket = LIST_FIRST(&pool->sockets)) != NULL) {
        LIST_REMOVE(socket, entry);
        event_free(socket->event);
        free(socket);
    }
    event_free(pool->timer);
    free(pool->ca_file);
    free(pool);
}

static void
http_pool_free_if_done(struct http_pool *pool)
{
    if (pool->retired && pool->busy == 0 && LIST_EMPTY(&pool->requests))
        http_pool_free(pool);
}

/*
 * Deliver what has ended.  A done() may start and cancel requests: so one
 * message at a time, and nothing of the request is left in any list when its
 * done() runs.
 */
static void
http_pool_deliver(struct http_pool *pool)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
        struct http_request *request = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        http_request_finish(request, (int)message->data.result);
    }
}

/*
 * Out of memory in one of the callbacks below: curl has given up this multi
 * handle for good, and would leave its requests without an end.
 */
static void
http_pool_fail(struct http_pool *pool)
{
    struct http_request *request;

    log_error("http: out of memory");
    pool->retired = true;
    while ((request = LIST_FIRST(&pool->requests)) != NULL)
        http_request_finish(request, CURLE_OUT_OF_MEMORY);
}

static void
http_pool_act(struct http_pool *pool, curl_socket_t fd, int events)
{
    int running;

    pool->busy++;
    if (curl_multi_socket_action(pool->multi, fd, events, &running) != CURLM_OK)
        http_pool_fail(pool);
    else
        http_pool_deliver(pool);
    pool->busy--;
    http_pool_free_if_done(pool);
}

static void
http_on_ready(evutil_socket_t fd, short what, void *context)
{
    struct http_socket *socket = context;
    int events = 0;

    if ((what & EV_READ) != 0)
        events |= CURL_CSELECT_IN;
    if ((what & EV_WRITE) != 0)
        events |= CURL_CSELECT_OUT;
    http_pool_act(socket->pool, fd, events);
}

static void
http_on_time(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    http_pool_act(context, CURL_SOCKET_TIMEOUT, 0);
}

static int
http_on_socket(CURL *easy, curl_socket_t fd, int what, void *context,
               void *socket_context)
{
    struct http_pool *pool = context;
    struct http_socket *socket = socket_context;
    short events = EV_PERSIST;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL) {
            LIST_REMOVE(socket, entry);
            event_free(socket->event);
            free(socket);
            curl_multi_assign(pool->multi, fd, NULL);
        }
        return 0;
    }
    if ((what & CURL_POLL_IN) != 0)
        events |= EV_READ;
    if ((what & CURL_POLL_OUT) != 0)
        events |= EV_WRITE;
    if (socket == NULL) {
        socket = calloc(1, sizeof(*socket));
        if (socket == NULL)
            return -1;
        socket->pool = pool;
        socket->event =
            event_new(pool->http->base, fd, events, http_on_ready, socket);
        if (socket->event == NULL) {
            free(socket);
            return -1;
        }
        LIST_INSERT_HEAD(&pool->sockets, socket, entry);
        curl_multi_assign(pool->multi, fd, socket);
    } else {
        event_del(socket->event);
        event_assign(socket->event, pool->http->base, fd, events, http_on_ready,
                     socket);
    }
    return event_add(socket->event, NULL);
}

static int
http_on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct http_pool *pool = context;
    struct timeval time = {.tv_sec = timeout_ms / 1000,
                           .tv_usec = timeout_ms % 1000 * 1000};

    (void)multi;
    if (timeout_ms < 0)
        return event_del(pool->timer);
    return event_add(pool->timer, &time);
}

static struct http_pool *
http_pool_new(struct http *http, const char *ca_file)
{
    struct http_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return NULL;
    pool->http = http;
    LIST_INIT(&pool->sockets);
    LIST_INIT(&pool->requests);
    pool->timer = evtimer_new(http->base, http_on_time, pool);
    pool->multi = curl_multi_init();
    if (ca_file != NULL)
        pool->ca_file = strdup(ca_file);
    if (pool->timer == NULL || pool->multi == NULL ||
        (ca_file != NULL && pool->ca_file == NULL)) {
        if (pool->timer != NULL)
            event_free(pool->timer);
        curl_multi_cleanup(pool->multi);
        free(pool->ca_file);
        free(pool);
        return NULL;
    }
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, http_on_socket);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, http_on_timer);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    LIST_INSERT_HEAD(&http->pools, pool, entry);
    return pool;
}

static struct http_pool *
http_pool_for(struct http *http, const char *ca_file)
{
    struct http_pool *pool;

    LIST_FOREACH(pool, &http->pools, entry)
    {
        if (pool->retired || (pool->ca_file == NULL) != (ca_file == NULL))
            continue;
        if (ca_file == NULL || strcmp(pool->ca_file, ca_file) == 0)
            return pool;
    }
    return http_pool_new(http, ca_file);
}

struct http *
http_new(struct event_base *base)
{
    struct http *http = calloc(1, sizeof(*http));

    if (http == NULL) {
        log_error("http: out of memory");
        return NULL;
    }
    /* curl would write the keys of every connection to that file. */
    unsetenv("SSLKEYLOGFILE");
    /* Counted by curl: tests make several engines, one after another. */
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_release,
                             wipe_realloc, wipe_strdup, wipe_calloc) != 0) {
        log_error("http: libcurl could not be initialised");
        free(http);
        return NULL;
    }
    http->base = base;
    LIST_INIT(&http->pools);
    return http;
}

void
http_free(struct http *http)
{
    struct http_pool *pool;

    if (http == NULL)
        return;
    while ((pool = LIST_FIRST(&http->pools)) != NULL)
        http_pool_free(pool);
    curl_global_cleanup();
    free(http);
}

struct event_base *
http_base(const struct http *http)
{
    return http->base;
}

bool
http_is_idle(const struct http *http)
{
    const struct http_pool *pool;

    LIST_FOREACH(pool, &http->pools, entry)
    {
        if (!LIST_EMPTY(&pool->requests))
            return false;
    }
    return true;
}

void
http_reset(struct http *http)
{
    struct http_pool *pool, *next;

    for (pool = LIST_FIRST(&http->pools); pool != NULL; pool = next) {
        next = LIST_NEXT(pool, entry);
        pool->retired = true;
        http_pool_free_if_done(pool);
    }
}

struct http_request *
http_start(struct http *http, const struct http_order *order, http_done *done,
           void *context)
{
    struct http_request *request = calloc(1, sizeof(*request));
    const char *why = "out of memory";
    struct http_pool *pool;

    if (request == NULL)
        goto fail;
    request->done = done;
    request->context = context;
    request->received.limit = order->max_answer;
    request->easy = curl_easy_init();
    if (request->easy == NULL || http_order_apply(request, order, &why) < 0)
        goto fail;
    pool = http_pool_for(http, order->tls->ca_file);
    if (pool == NULL)
        goto fail;
    request->pool = pool;
    LIST_INSERT_HEAD(&pool->requests, request, entry);
    if (curl_multi_add_handle(pool->multi, request->easy) != CURLM_OK) {
        LIST_REMOVE(request, entry);
        goto fail;
    }
    return request;

fail:
    log_error("http: %s", why);
    if (request != NULL)
        http_request_free(request);
    return NULL;
}

void
http_cancel(struct http_request *request)
{
    struct http_pool *pool;

    if (request == NULL)
        return;
    pool = request->pool;
    http_request_detach(request);
    http_request_free(request);
    http_pool_free_if_done(pool);
}
