/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An order as curl options.  Whatever curl would take from its surroundings
 * (proxy variables, ~/.netrc, cookies, redirects) is off.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_private.h"
#include "wire/memory.h"

/*
 * Set one option, and remember in `failed` that it could not be: curl either
 * does not know it (then this libcurl is not the one we were built for) or is
 * out of memory.
 */
#define SET(option, value)                                                     \
    do {                                                                       \
        if (curl_easy_setopt(easy, (option), (value)) != CURLE_OK)             \
            failed = true;                                                     \
    } while (0)

/* RFC 9110, 5.6.2. */
static bool
http_is_token(const char *text, size_t length)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (c == '\0' ||
            (!letter && !(c >= '0' && c <= '9') && strchr(marks, c) == NULL))
            return false;
    }
    return true;
}

static bool
http_has_controls(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static int
http_headers_append(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*headers, line);

    if (longer == NULL)
        return -ENOMEM;
    *headers = longer;
    return 0;
}

/* "Name: value"; curl wants "Name;" where the value is empty. */
static int
http_headers_add(struct curl_slist **headers, const char *line)
{
    const char *colon = strchr(line, ':');
    const char *value;
    char *empty;
    int r;

    if (colon == NULL || !http_is_token(line, (size_t)(colon - line)) ||
        http_has_controls(line))
        return -EINVAL;
    value = colon + 1 + strspn(colon + 1, " ");
    if (*value != '\0')
        return http_headers_append(headers, line);
    empty = strndup(line, (size_t)(colon - line) + 1);
    if (empty == NULL)
        return -ENOMEM;
    empty[colon - line] = ';';
    r = http_headers_append(headers, empty);
    free(empty);
    return r;
}

/* All headers, with those that curl adds by itself set or switched off. */
static int
http_headers_make(const struct http_order *order,
                  struct curl_slist **ret_headers)
{
    char type[256] = "Content-Type:";
    int r;

    for (const char *const *h = order->headers; h != NULL && *h != NULL; h++) {
        r = http_headers_add(ret_headers, *h);
        if (r < 0)
            return r;
    }
    if (order->body != NULL && order->content_type != NULL) {
        if (strlen(order->content_type) > sizeof(type) - 16)
            return -EINVAL;
        strcat(type, " ");
        strcat(type, order->content_type);
        r = http_headers_add(ret_headers, type);
    } else {
        r = http_headers_append(ret_headers, type);
    }
    return r < 0 ? r : http_headers_append(ret_headers, "Expect:");
}

static bool
http_is_loopback(const char *host)
{
    struct in_addr address;

    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &address) == 1 &&
           ntohl(address.s_addr) >> 24 == 127;
}

/*
 * Check the URL.  *ret_loopback: plain http to this host.  Schemes are left
 * to CURLOPT_PROTOCOLS_STR: the request then ends as HTTP_NOT_ALLOWED.
 */
static int
http_url_check(const char *url, bool *ret_loopback)
{
    CURLU *parsed = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    int r = -ENOMEM;

    if (parsed == NULL)
        return r;
    /* A name and password in the URL would end up in logs. */
    r = -EINVAL;
    if (curl_url_set(parsed, CURLUPART_URL, url,
                     CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME) != 0 ||
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != 0)
        goto out;
    if (strcasecmp(scheme, "http") == 0 &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == 0)
        *ret_loopback = http_is_loopback(host);
    r = 0;
out:
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    return r;
}

static bool
http_set_method(CURL *easy, const struct http_order *order)
{
    const char *body = order->body == NULL ? "" : order->body;
    bool failed = false;

    if (order->body != NULL || strcmp(order->method, "POST") == 0) {
        /* The size first: COPYPOSTFIELDS copies that many bytes. */
        SET(CURLOPT_POSTFIELDSIZE_LARGE,
            (curl_off_t)(order->body == NULL ? 0 : order->body_length));
        SET(CURLOPT_COPYPOSTFIELDS, body);
        if (strcmp(order->method, "POST") != 0)
            SET(CURLOPT_CUSTOMREQUEST, order->method);
    } else if (strcmp(order->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    } else {
        SET(CURLOPT_HTTPGET, 1L);
        if (strcmp(order->method, "GET") != 0)
            SET(CURLOPT_CUSTOMREQUEST, order->method);
    }
    if (order->basic_user != NULL) {
        SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(CURLOPT_USERNAME, order->basic_user);
        SET(CURLOPT_PASSWORD,
            order->basic_password == NULL ? "" : order->basic_password);
    }
    return !failed;
}

static bool
http_set_tls(CURL *easy, const struct http_order *order)
{
    const struct tls_config *tls = order->tls;
    bool failed = false;
    char pin[128] = "sha256//";

    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    /* Parsed once per multi handle; with a CApath curl would not keep it. */
    SET(CURLOPT_CA_CACHE_TIMEOUT, -1L);
    if (tls->ca_file != NULL) {
        SET(CURLOPT_CAINFO, tls->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    } else {
        char *bundle = NULL;

        curl_easy_getinfo(easy, CURLINFO_CAINFO, &bundle);
        if (bundle != NULL)
            SET(CURLOPT_CAPATH, NULL);
    }
    if (tls->pin_sha256 != NULL) {
        if (strlen(tls->pin_sha256) > sizeof(pin) - sizeof("sha256//"))
            return false;
        strcat(pin, tls->pin_sha256);
        SET(CURLOPT_PINNEDPUBLICKEY, pin);
    }
    if (tls->client_cert != NULL)
        SET(CURLOPT_SSLCERT, tls->client_cert);
    if (order->client_key != NULL) {
        struct curl_blob blob = {.len = strlen(order->client_key),
                                 .flags = CURL_BLOB_COPY};

        memcpy(&blob.data, &order->client_key, sizeof(blob.data));
        SET(CURLOPT_SSLKEY_BLOB, &blob);
    }
    return !failed;
}

/*
 * A connection carries one request.  On one that was used before, curl sends a
 * request a second time, and says nothing, when the peer closes it; takes
 * what a proxy has answered twice or too late for the answer to the next
 * one's question, perhaps about another user; and learns only by the time-out
 * that a firewall has forgotten it.  HTTP/2 gains nothing then, and would
 * bring back the first of these: curl repeats what a peer refuses as a stream
 * (RFC 9113, 8.7), or wants by HTTP/1.1.
 */
static bool
http_set_connection(CURL *easy, const struct http_order *order)
{
    bool failed = false;

    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_TCP_NODELAY, 1L);
    if (order->connect_only) {
        SET(CURLOPT_CONNECT_ONLY, 1L);
        SET(CURLOPT_CERTINFO, 1L);
    }
    return !failed;
}

/* Where the request may go, and how long it may take. */
static bool
http_set_route(CURL *easy, const struct http_order *order, bool plain)
{
    const char *proxy = order->tls->proxy;
    long timeout_ms = order->timeout_ms > 0 ? (long)order->timeout_ms : 1;
    bool failed = false;

    SET(CURLOPT_URL, order->url);
    SET(CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    /* Empty, not NULL: NULL is what the environment says. */
    SET(CURLOPT_PROXY, proxy == NULL || plain ? "" : proxy);
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Without it a black-holed resolver holds up the loop. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)order->connect_timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, timeout_ms);
    return !failed;
}

static bool
http_set_callbacks(CURL *easy, struct http_request *request)
{
    bool failed = false;

    SET(CURLOPT_PRIVATE, request);
    SET(CURLOPT_ERRORBUFFER, request->error);
    SET(CURLOPT_WRITEFUNCTION, http_received_body);
    SET(CURLOPT_WRITEDATA, &request->received);
    SET(CURLOPT_HEADERFUNCTION, http_received_header);
    SET(CURLOPT_HEADERDATA, &request->received);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->received.limit);
    SET(CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
    SET(CURLOPT_HTTPHEADER, request->headers);
    return !failed && http_reach_watch(easy, &request->reach);
}

int
http_order_apply(struct http_request *request, const struct http_order *order,
                 const char **ret_why)
{
    CURL *easy = request->easy;
    bool loopback = false;
    int r;

    if (!http_is_token(order->method, strlen(order->method))) {
        *ret_why = "malformed method";
        return -EINVAL;
    }
    r = http_url_check(order->url, &loopback);
    if (r < 0) {
        *ret_why = "malformed URL";
        return r;
    }
    r = http_headers_make(order, &request->headers);
    if (r < 0) {
        *ret_why = "malformed header";
        return r;
    }
    loopback = loopback && order->tls->allow_http_loopback;
    if (!http_set_method(easy, order) || !http_set_tls(easy, order) ||
        !http_set_route(easy, order, loopback) ||
        !http_set_connection(easy, order) ||
        !http_set_callbacks(easy, request)) {
        *ret_why = "libcurl refused an option";
        return -ENOMEM;
    }
    return 0;
}
