/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint.h"

#include <ctype.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- where ----------------------------------------------------------------
 */

/* No value reaches the host (template.c): any will do, and none is secret. */
static const char *
endpoint_secret(void *context, const char *name)
{
    (void)context;
    (void)name;
    return "x";
}

static char *
endpoint_url(const struct request_config *request, const char *base_url)
{
    struct template_values values = {.secret = endpoint_secret};
    char *url = NULL;

    for (size_t i = 0; i < TEMPLATE_NAMES; i++)
        values.value[i] = "x";
    values.value[NAME_BASE_URL] = base_url;
    if (template_bind(request->url, &values, &url) < 0)
        return NULL;
    return url;
}

char *
endpoint_origin(const struct request_config *request, const char *base_url)
{
    cleanup_free char *url = NULL;
    const char *own_port;
    char *host;
    size_t length;

    if (!request->configured)
        return NULL;
    url = endpoint_url(request, base_url);
    host = url == NULL ? NULL : strstr(url, "://");
    if (host == NULL)
        return NULL;
    host += strlen("://");
    host[strcspn(host, "/?#")] = '\0';
    for (char *p = url; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    own_port = strncmp(url, "https:", 6) == 0 ? ":443" : ":80";
    length = strlen(host);
    if (length > strlen(own_port) &&
        strcmp(host + length - strlen(own_port), own_port) == 0)
        host[length - strlen(own_port)] = '\0';
    return strdup(url);
}

/* ---- what came of it ------------------------------------------------------
 */

const char *
endpoint_mend(enum http_failure failure, const char *reason)
{
    /* Words of libcurl 7.88 and OpenSSL 3.0; others get the general advice. */
    static const struct {
        enum http_failure failure;
        const char *words, *mend;
    } mends[] = {
        {HTTP_UNREACHABLE, "resolve",
         "is the host in the URL right, and does this host's DNS know it?"},
        {HTTP_UNTRUSTED, "subject name",
         "the certificate is for another host: use its name in the URL"},
        {HTTP_UNTRUSTED, "has expired",
         "the provider must renew its certificate; is this host's clock "
         "right?"},
        {HTTP_UNTRUSTED, "not yet valid", "is this host's clock right?"},
        {HTTP_UNTRUSTED, "public key",
         "the provider has another key than pin_sha256 says"},
        {HTTP_UNTRUSTED, "CAfile",
         "ca_file must be there and readable by " DAEMON_USER},
        {HTTP_UNTRUSTED, "certificate file",
         "ca_file must be there and readable by " DAEMON_USER},
        {HTTP_UNTRUSTED, "issuer",
         "set ca_file to the authority that signed the certificate, in PEM"},
        {HTTP_UNTRUSTED, "self-signed",
         "set ca_file to the authority that signed the certificate, in PEM"},
        {HTTP_UNTRUSTED, "self signed",
         "set ca_file to the authority that signed the certificate, in PEM"},
        {HTTP_UNTRUSTED, "", "see ca_file, pin_sha256 and client_cert"},
        {HTTP_TIMED_OUT, "",
         "does a firewall drop it? see connect_timeout and proxy"},
        {HTTP_UNREACHABLE, "",
         "is the provider up, is the port right, and may this host connect "
         "to it? see proxy"},
    };

    for (size_t i = 0; i < sizeof(mends) / sizeof(mends[0]); i++)
        if (mends[i].failure == failure &&
            strstr(reason, mends[i].words) != NULL)
            return mends[i].mend;
    return "is the URL right?";
}

struct endpoint {
    struct check *check;
    const struct endpoint_place *place;
    const char *origin;
    bool done, ok;
};

static void
endpoint_tell(struct endpoint *endpoint, const struct http_answer *answer)
{
    struct report *report = &endpoint->check->report;
    const char *proxied =
        endpoint->place->tls->proxy == NULL ? "" : " (the proxy)";
    int64_t until_s = answer->certificate_until_s;
    time_t until = (time_t)until_s;
    char detail[512], date[32] = "";
    struct tm tm;

    if (strncmp(endpoint->origin, "http:", 5) == 0) {
        snprintf(detail, sizeof(detail), "%s, not encrypted", answer->address);
    } else if (until_s == 0 || gmtime_r(&until, &tm) == NULL) {
        snprintf(detail, sizeof(detail), "%s%s, certificate trusted",
                 answer->address, proxied);
    } else {
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%MZ", &tm);
        snprintf(detail, sizeof(detail),
                 "%s%s, certificate trusted and valid until %s",
                 answer->address, proxied, date);
    }
    report_endpoint(report, endpoint->origin, true, detail);
    if (*date != '\0' &&
        until_s - (int64_t)time(NULL) < ENDPOINT_CERTIFICATE_SOON)
        report_warning(report, "certificate_ends",
                       strcmp(report->place, "provider") == 0
                           ? endpoint->place->name
                           : NULL,
                       "the certificate of %s is valid only until %s",
                       endpoint->origin, date);
}

static void
endpoint_answered(void *context, const struct http_answer *answer)
{
    struct endpoint *endpoint = context;
    char detail[512];

    endpoint->done = true;
    endpoint->ok = answer->failure == HTTP_ANSWERED;
    if (endpoint->ok) {
        endpoint_tell(endpoint, answer);
        return;
    }
    snprintf(detail, sizeof(detail), "%s; %s", answer->reason,
             endpoint_mend(answer->failure, answer->reason));
    report_endpoint(&endpoint->check->report, endpoint->origin, false, detail);
}

/* ---- going there ----------------------------------------------------------
 */

/* The key of the client's certificate.  false: it is wanted, and not here. */
static bool
endpoint_client_key(const struct check *check,
                    const struct endpoint_place *place, const char **ret_key)
{
    const char *name = place->tls->client_key_secret;

    *ret_key = NULL;
    if (name != NULL)
        *ret_key = check->context.secret(check->context.secret_context, name);
    return name == NULL || *ret_key != NULL;
}

static bool
endpoint_try(struct check *check, const struct endpoint_place *place,
             const char *origin)
{
    struct endpoint endpoint = {
        .check = check, .place = place, .origin = origin};
    struct http_order order = {
        .method = "GET",
        .url = origin,
        .connect_only = true,
        .tls = place->tls,
        .connect_timeout_ms = place->connect_timeout_ms,
        .timeout_ms = place->request_timeout_ms,
    };

    if (!endpoint_client_key(check, place, &order.client_key)) {
        report_endpoint(&check->report, origin, false,
                        "not tried: client_key_secret cannot be read");
        return false;
    }
    if (http_start(check->context.http, &order, endpoint_answered, &endpoint) ==
        NULL) {
        report_endpoint(&check->report, origin, false,
                        "not tried: libcurl takes no such URL");
        return false;
    }
    while (!endpoint.done && event_base_loop(check->base, EVLOOP_ONCE) == 0)
        ;
    return endpoint.ok;
}

bool
endpoint_check(struct check *check, const struct endpoint_place *place)
{
    char *origins[ENDPOINT_REQUESTS] = {NULL};
    bool well = true;

    for (size_t i = 0; i < place->request_count; i++) {
        bool known = false;

        origins[i] = endpoint_origin(place->requests[i], place->base_url);
        for (size_t j = 0; j < i && origins[i] != NULL; j++)
            known = known ||
                    (origins[j] != NULL && strcmp(origins[i], origins[j]) == 0);
        if (origins[i] != NULL && !known)
            well = endpoint_try(check, place, origins[i]) && well;
    }
    for (size_t i = 0; i < place->request_count; i++)
        free(origins[i]);
    return well;
}

bool
endpoint_check_provider(struct check *check,
                        const struct provider_config *provider)
{
    struct endpoint_place place = {
        .name = provider->name,
        .base_url = provider->base_url,
        .tls = &provider->tls,
        .connect_timeout_ms = provider->connect_timeout_ms,
        .request_timeout_ms = provider->request_timeout_ms,
        .request_count = REQUEST_KINDS,
    };

    _Static_assert(REQUEST_KINDS <= ENDPOINT_REQUESTS, "room for each");
    for (size_t i = 0; i < REQUEST_KINDS; i++)
        place.requests[i] = &provider->requests[i];
    return endpoint_check(check, &place);
}
