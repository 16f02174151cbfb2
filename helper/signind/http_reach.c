/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Was nobody there?  What libcurl says at the end of a request is not enough:
 * a time-out may come after half a greeting.  So the sockets it opens are
 * kept, and the kernel is asked what they have received, read or not.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_private.h"

/* Descriptors that getaddrinfo(3), in a thread of curl's, may take. */
#define RESOLVER_NEEDS 4

static curl_socket_t
reach_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_reach *reach = context;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                    address->protocol);
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

    (void)purpose;
    if (copy >= 0 && reach->count < HTTP_REACH_MAX) {
        reach->sockets[reach->count++] = copy;
    } else {
        if (copy >= 0)
            close(copy);
        reach->lost = true;
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

bool
http_reach_watch(void *easy, struct http_reach *reach)
{
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, reach_open) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, reach) == CURLE_OK;
}

/* Has it received anything, or can that not be told? */
static bool
reach_has_received(int fd)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
        length < offsetof(struct tcp_info, tcpi_bytes_received) +
                     sizeof(info.tcpi_bytes_received))
        return true;
    return info.tcpi_bytes_received != 0;
}

/* Has the resolver been able to ask?  curl has words of its own for one that
 * could not begin; one that had no descriptor left says no more than that the
 * name is not known. */
static bool
reach_has_resolved(const struct http_request *request)
{
    static const char not_known[] = "Could not resolve";
    int spare[RESOLVER_NEEDS];
    int count = 0;

    while (count < RESOLVER_NEEDS &&
           (spare[count] = eventfd(0, EFD_CLOEXEC)) >= 0)
        count++;
    for (int i = 0; i < count; i++)
        close(spare[i]);
    return count == RESOLVER_NEEDS &&
           strncmp(request->error, not_known, sizeof(not_known) - 1) == 0;
}

/* Is it the network that says so, or were we short of something? */
static bool
reach_is_of_network(CURL *easy)
{
    long error = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    return error == ECONNREFUSED || error == EHOSTUNREACH ||
           error == ENETUNREACH || error == ENETDOWN || error == EHOSTDOWN ||
           error == ETIMEDOUT;
}

bool
http_is_unreachable(const struct http_request *request, int code)
{
    const struct http_reach *reach = &request->reach;

    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
        if (!reach_has_resolved(request))
            return false;
        break;
    case CURLE_OPERATION_TIMEDOUT:
        break;
    case CURLE_COULDNT_CONNECT:
        if (!reach_is_of_network(request->easy))
            return false;
        break;
    default:
        return false;
    }
    if (reach->lost)
        return false;
    for (unsigned i = 0; i < reach->count; i++)
        if (reach_has_received(reach->sockets[i]))
            return false;
    return true;
}

void
http_reach_done(struct http_reach *reach)
{
    while (reach->count > 0)
        close(reach->sockets[--reach->count]);
}
