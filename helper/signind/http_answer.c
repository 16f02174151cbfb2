/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What came back: collected within limits, and named.
 */
#include <ctype.h>
#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_private.h"
#include "wipe.h"
#include "wire/memory.h"

/* First allocation for a body; most token answers fit. */
#define HTTP_BODY_ROOM 4096

size_t
http_received_body(char *bytes, size_t size, size_t count, void *pointer)
{
    struct http_received *received = pointer;
    size_t length = size * count;

    if (length > received->limit - received->length) {
        received->too_large = true;
        return 0;
    }
    if (received->room - received->length <= length) {
        size_t room = received->room == 0 ? HTTP_BODY_ROOM : received->room * 2;
        char *longer;

        if (room <= received->length + length)
            room = received->length + length + 1;
        longer = wipe_realloc(received->body, room);
        if (longer == NULL)
            return 0;
        received->body = longer;
        received->room = room;
    }
    memcpy(received->body + received->length, bytes, length);
    received->length += length;
    received->body[received->length] = '\0';
    return size * count;
}

static void
http_headers_free(struct http_header *header)
{
    while (header != NULL) {
        struct http_header *next = header->next;

        wipe_free(header->name);
        wipe_free(header->value);
        free(header);
        header = next;
    }
}

/* A status line begins an answer; what an interim one (1xx) had is gone. */
static void
http_received_begin(struct http_received *received, const char *line,
                    size_t length)
{
    const char *space = memchr(line, ' ', length);

    http_headers_free(received->headers);
    received->headers = NULL;
    received->last = NULL;
    received->interim =
        space != NULL && length - (size_t)(space - line) > 1 && space[1] == '1';
}

static bool
http_received_keep(struct http_received *received, const char *line,
                   size_t length)
{
    const char *colon = memchr(line, ':', length);
    struct http_header *header;
    const char *value;

    /* Folded lines (RFC 9112, 5.2: obsolete) carry nothing we ask for. */
    if (colon == NULL || colon == line || *line == ' ' || *line == '\t')
        return true;
    value = colon + 1;
    length -= (size_t)(value - line);
    for (; length > 0 && (*value == ' ' || *value == '\t'); length--)
        value++;
    while (length > 0 &&
           (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    if (memchr(value, '\0', length) != NULL)
        return true;

    header = calloc(1, sizeof(*header));
    if (header == NULL)
        return false;
    header->name = strndup(line, (size_t)(colon - line));
    header->value = strndup(value, length);
    if (header->name == NULL || header->value == NULL) {
        http_headers_free(header);
        return false;
    }
    for (char *p = header->name; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 'a' - 'A');
    if (received->last == NULL)
        received->headers = header;
    else
        received->last->next = header;
    received->last = header;
    return true;
}

size_t
http_received_header(char *bytes, size_t size, size_t count, void *pointer)
{
    struct http_received *received = pointer;
    size_t length = size * count;
    size_t line = length;

    received->header_bytes += length;
    received->header_count++;
    if (received->header_bytes > HTTP_HEADER_BYTES_MAX ||
        received->header_count > HTTP_HEADER_COUNT_MAX) {
        received->too_large = true;
        return 0;
    }
    while (line > 0 && (bytes[line - 1] == '\r' || bytes[line - 1] == '\n'))
        line--;
    /* What follows are trailers. */
    if (received->complete)
        return length;
    if (line == 0)
        received->complete = !received->interim;
    else if (line >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
        http_received_begin(received, bytes, line);
    else if (!http_received_keep(received, bytes, line))
        return 0;
    return length;
}

void
http_received_done(struct http_received *received)
{
    wipe_release(received->body);
    http_headers_free(received->headers);
    received->body = NULL;
    received->headers = NULL;
}

const char *
http_header(const struct http_answer *answer, const char *name)
{
    for (const struct http_header *h = answer->headers; h != NULL; h = h->next)
        if (strcasecmp(h->name, name) == 0)
            return h->value;
    return NULL;
}

static enum http_failure
http_failure_of(CURLcode code, bool too_large, bool sent)
{
    if (too_large)
        return HTTP_TOO_LARGE;
    switch ((int)code) {
    case CURLE_OK:
        return HTTP_ANSWERED;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMED_OUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CLIENTCERT:
        return HTTP_UNTRUSTED;
    case CURLE_FILESIZE_EXCEEDED:
        return HTTP_TOO_LARGE;
    case CURLE_UNSUPPORTED_PROTOCOL:
        /* After the request it means an answer in HTTP/0.9. */
        return sent ? HTTP_BROKEN : HTTP_NOT_ALLOWED;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_CHUNK_FAILED:
    case CURLE_WRITE_ERROR:
        return HTTP_BROKEN;
    default:
        return HTTP_UNREACHABLE;
    }
}

/*
 * Before a byte of the request has left, curl's own words are about names,
 * addresses, ports and certificates, and help; afterwards they may quote the
 * answer.
 */
static const char *
http_reason(struct http_request *request, CURLcode code,
            enum http_failure failure, bool sent)
{
    switch (failure) {
    case HTTP_ANSWERED:
        return "";
    case HTTP_TOO_LARGE:
        return "answer too large";
    case HTTP_NOT_ALLOWED:
        return "only https is allowed";
    case HTTP_UNREACHABLE:
    case HTTP_TIMED_OUT:
    case HTTP_UNTRUSTED:
    case HTTP_BROKEN:
    default:
        break;
    }
    if (sent || request->error[0] == '\0' || code == CURLE_URL_MALFORMAT)
        return curl_easy_strerror(code);
    /* A certificate's names are the peer's words. */
    for (char *p = request->error; *p != '\0'; p++)
        if (*p < 0x20 || *p > 0x7e)
            *p = *p == '\n' && p[1] == '\0' ? '\0' : '?';
    return request->error;
}

static unsigned
http_retry_after(CURL *easy)
{
    curl_off_t seconds = 0;

    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds <= 0)
        return 0;
    return seconds > HTTP_RETRY_AFTER_MAX ? HTTP_RETRY_AFTER_MAX
                                          : (unsigned)seconds;
}

/* Of the server's own certificate, the first of the chain; 0: unknown. */
static int64_t
http_certificate_until(CURL *easy)
{
    static const char name[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    const struct curl_slist *line;
    time_t until_s;

    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK ||
        chain == NULL || chain->num_of_certs < 1)
        return 0;
    for (line = chain->certinfo[0]; line != NULL; line = line->next) {
        if (strncmp(line->data, name, strlen(name)) != 0)
            continue;
        until_s = curl_getdate(line->data + strlen(name), NULL);
        return until_s > 0 ? (int64_t)until_s : 0;
    }
    return 0;
}

void
http_answer_fill(struct http_answer *ret_answer, struct http_request *request,
                 int code)
{
    struct http_received *received = &request->received;
    CURL *easy = request->easy;
    curl_off_t pretransfer_us = 0;
    long request_size = 0;
    long status = 0;
    char *address = NULL;
    const char *date;

    memset(ret_answer, 0, sizeof(*ret_answer));
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_size);
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    /* curl is content with a status line, and an end within the headers. */
    if (code == CURLE_OK && status != 0 && !received->complete)
        code = CURLE_PARTIAL_FILE;
    ret_answer->sent = request_size > 0 || pretransfer_us > 0;
    ret_answer->failure =
        http_failure_of((CURLcode)code, received->too_large, ret_answer->sent);
    ret_answer->reason = http_reason(request, (CURLcode)code,
                                     ret_answer->failure, ret_answer->sent);
    ret_answer->unreachable = http_is_unreachable(request, code);
    ret_answer->body = "";
    ret_answer->address = "";
    if (ret_answer->failure != HTTP_ANSWERED)
        return;

    ret_answer->status = (unsigned)status;
    if (received->body != NULL)
        ret_answer->body = received->body;
    ret_answer->body_length = received->length;
    ret_answer->headers = received->headers;
    ret_answer->content_type = http_header(ret_answer, "content-type");
    ret_answer->retry_after_s = http_retry_after(easy);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
    if (address != NULL)
        ret_answer->address = address;
    ret_answer->certificate_until_s = http_certificate_until(easy);
    date = http_header(ret_answer, "date");
    if (date != NULL) {
        time_t date_s = curl_getdate(date, NULL);

        ret_answer->date_s = date_s > 0 ? (int64_t)date_s : 0;
    }
}
