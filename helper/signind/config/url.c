/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "view.h"

static bool
is_loopback(const char *host)
{
    struct in_addr address;

    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &address) == 1 &&
           ntohl(address.s_addr) >> 24 == 127;
}

/* Cut ":443" off authority.  NULL or what is wrong. */
static const char *
cut_port(char *authority)
{
    char *bracket = strrchr(authority, ']');
    char *colon = strchr(bracket != NULL ? bracket : authority, ':');

    if (colon == NULL)
        return NULL;
    *colon++ = '\0';
    if (colon[0] == '\0' || strlen(colon) > 5 ||
        strspn(colon, "0123456789") != strlen(colon))
        return "the port behind the host must be a number";
    return NULL;
}

const char *
url_mistake(const char *url, bool base, bool allow_http_loopback)
{
    char authority[256];
    const char *rest, *mistake;
    bool plain = strncmp(url, "http://", 7) == 0;
    size_t length;

    if (!plain && strncmp(url, "https://", 8) != 0)
        return "must begin with https://";
    rest = strstr(url, "://") + 3;
    length = strcspn(rest, "/?#");
    if (length >= sizeof(authority))
        return "the host is too long";
    memcpy(authority, rest, length);
    authority[length] = '\0';
    rest += length;
    if (strchr(authority, '@') != NULL)
        return "must hold no user name and no password: they would be logged";
    mistake = cut_port(authority);
    if (mistake != NULL)
        return mistake;
    if (authority[0] == '\0')
        return "has no host: write https://HOST/...";
    if (plain && !allow_http_loopback)
        return "would send passwords in the clear: use https";
    if (plain && !is_loopback(authority))
        return "would send passwords in the clear: use https "
               "(allow_http_loopback is for 127.0.0.0/8, [::1] and "
               "localhost)";
    if (base && strpbrk(rest, "?#") != NULL)
        return "must hold no ? and no #: it is what all URLs begin with";
    return NULL;
}
