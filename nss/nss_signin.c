/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libnss_signin: who exists beside the local accounts (libnss_signin(8)).
 *
 * Only the entry points stand here; glibc calls them, and nothing else of the
 * module is visible.
 */
#include <nss.h>

#include "call.h"
#include "group.h"
#include "listing.h"
#include "membership.h"
#include "user.h"

/* Declares them all, so that a misspelt name does not compile. */
NSS_DECLARE_MODULE_FUNCTIONS(signin)

#define EXPORTED __attribute__((visibility("default")))

EXPORTED enum nss_status
_nss_signin_getpwnam_r(const char *name, struct passwd *entry, char *buffer,
                       size_t size, int *errnop)
{
    struct call call;

    call_begin(&call, errnop);
    return call_end(&call, user_by_name(name, entry, buffer, size));
}

EXPORTED enum nss_status
_nss_signin_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer,
                       size_t size, int *errnop)
{
    struct call call;

    call_begin(&call, errnop);
    return call_end(&call, user_by_uid(uid, entry, buffer, size));
}

EXPORTED enum nss_status
_nss_signin_getgrnam_r(const char *name, struct group *entry, char *buffer,
                       size_t size, int *errnop)
{
    struct call call;

    call_begin(&call, errnop);
    return call_end(&call, group_by_name(name, entry, buffer, size));
}

EXPORTED enum nss_status
_nss_signin_getgrgid_r(gid_t gid, struct group *entry, char *buffer,
                       size_t size, int *errnop)
{
    struct call call;

    call_begin(&call, errnop);
    return call_end(&call, group_by_gid(gid, entry, buffer, size));
}

EXPORTED enum nss_status
_nss_signin_initgroups_dyn(const char *name, gid_t group, long *start,
                           long *size, gid_t **groups, long limit, int *errnop)
{
    struct membership list = {.start = start,
                              .size = size,
                              .groups = groups,
                              .limit = limit,
                              .primary = group};
    struct call call;

    call_begin(&call, errnop);
    return call_end(&call, membership_of_name(name, &list));
}

EXPORTED enum nss_status
_nss_signin_setpwent(int stay_open)
{
    (void)stay_open;
    listing_rewind(LISTING_USERS);
    return NSS_STATUS_SUCCESS;
}

EXPORTED enum nss_status
_nss_signin_getpwent_r(struct passwd *entry, char *buffer, size_t size,
                       int *errnop)
{
    struct call call;

    call_begin(&call, errnop);
    return call_end(&call, listing_next_user(entry, buffer, size));
}

EXPORTED enum nss_status
_nss_signin_endpwent(void)
{
    listing_rewind(LISTING_USERS);
    return NSS_STATUS_SUCCESS;
}

EXPORTED enum nss_status
_nss_signin_setgrent(int stay_open)
{
    (void)stay_open;
    listing_rewind(LISTING_GROUPS);
    return NSS_STATUS_SUCCESS;
}

EXPORTED enum nss_status
_nss_signin_getgrent_r(struct group *entry, char *buffer, size_t size,
                       int *errnop)
{
    struct call call;

    call_begin(&call, errnop);
    return call_end(&call, listing_next_group(entry, buffer, size));
}

EXPORTED enum nss_status
_nss_signin_endgrent(void)
{
    listing_rewind(LISTING_GROUPS);
    return NSS_STATUS_SUCCESS;
}
