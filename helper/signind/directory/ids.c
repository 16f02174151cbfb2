/* SPDX-License-Identifier: BSD-2-Clause */
#include "ids.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local_files.h"
#include "signind/log.h"
#include "store_private.h"
#include "wire/memory.h"
#include "wire/people.h"

/* Who is to get a number, and what is said of it in the log. */
struct giving {
    struct store *store;
    struct local_files *files;
    const struct accounts_config *accounts;
    const struct identity *identity;
    const char *name;   /* NULL: none */
    const char *origin; /* of the number, in words */
};

/* ---- the pure function --------------------------------------------------- */

int
ids_derive(const struct accounts_config *accounts,
           const struct identity *identity, uint32_t *ret_id)
{
    static const char version[] = "signin id 1";
    const char *texts[] = {version, identity->group ? "group" : "user",
                           identity->issuer, identity->subject};
    const size_t count = sizeof(texts) / sizeof(texts[0]);
    uint64_t length = (uint64_t)accounts->id_last - accounts->id_first + 1;
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint64_t number = 0;
    bool done =
        context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

    /* The NULs keep "a", "bc" apart from "ab", "c"; the last has none. */
    for (size_t i = 0; done && i < count; i++)
        done = EVP_DigestUpdate(context, texts[i],
                                strlen(texts[i]) + (i + 1 < count)) == 1;
    done = done && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!done)
        return -EIO;
    for (size_t i = 0; i < 8; i++)
        number = number << 8 | digest[i];
    *ret_id = accounts->id_first + (uint32_t)(number % length);
    return 0;
}

/* ---- may a number be given? ---------------------------------------------- */

/* Who has it, in words for the log. */
static void
owner_describe(const struct giving *giving, uint32_t id, char *text,
               size_t size)
{
    char *issuer cleanup_free = NULL, *subject cleanup_free = NULL;
    struct user_record user = {0};
    bool group = false;

    if (local_files_has_id(giving->files, id)) {
        snprintf(text, size, "stands in /etc/passwd or /etc/group");
    } else if (store_find_owner(giving->store, id, &group, &issuer, &subject) <
               0) {
        snprintf(text, size, "is taken");
    } else if (!group && store_user_by_uid(giving->store, id, &user) == 0) {
        snprintf(text, size, "is user %s's (subject %.64s of %.64s)", user.name,
                 subject, issuer);
        store_user_done(&user);
    } else {
        snprintf(text, size, "was given to the %s %.64s of %.64s",
                 group ? "group" : "subject", subject, issuer);
    }
}

/* 0; -ERANGE: nobody's; -EEXIST: another's; or the store's error. */
static int
id_is_free(const struct giving *giving, uint32_t id)
{
    char *issuer cleanup_free = NULL, *subject cleanup_free = NULL;
    bool group;
    int status;

    if (!people_id_valid(id))
        return -ERANGE;
    if (local_files_has_id(giving->files, id))
        return -EEXIST;
    status = store_find_owner(giving->store, id, &group, &issuer, &subject);
    return status == 0 ? -EEXIST : status == -ENOENT ? 0 : status;
}

static bool
id_may_be(const struct giving *giving, uint32_t id)
{
    return people_id_valid(id) && !local_files_has_id(giving->files, id);
}

/*
 * The first free number between two, in order; the given ones come sorted, so
 * that a full range costs one pass.
 */
static int
id_first_free(const struct giving *giving, uint32_t first, uint32_t last,
              uint32_t *ret_id)
{
    struct query query cleanup_query =
        query_start(giving->store, SQL_ID_EACH_FROM);
    uint64_t id = first;
    int status;

    query_number(&query, 1, first);
    query_number(&query, 2, last);
    local_files_hold(giving->files);
    do {
        uint64_t given = (uint64_t)last + 1;

        status = query_next(&query);
        if (status > 0)
            given = (uint64_t)query_column_number(&query, 0);
        while (status >= 0 && id < given && !id_may_be(giving, (uint32_t)id))
            id++;
        if (status < 0 || id < given)
            break;
        id = given + 1;
    } while (status > 0);
    local_files_release(giving->files);
    if (status < 0 || id > last)
        return status < 0 ? status : -ENOSPC;
    *ret_id = (uint32_t)id;
    return 0;
}

/* From a number upwards, round the range once. */
static int
id_next_free(const struct giving *giving, uint32_t from, uint32_t *ret_id)
{
    const struct accounts_config *accounts = giving->accounts;
    int status = id_first_free(giving, from, accounts->id_last, ret_id);

    if (status == -ENOSPC && from > accounts->id_first)
        status = id_first_free(giving, accounts->id_first, from - 1, ret_id);
    return status;
}

/* ---- what the administrator is told -------------------------------------- */

static const char *
giving_name(const struct giving *giving)
{
    return giving->name != NULL ? giving->name : giving->identity->subject;
}

/* A line that can be pasted into signin.conf. */
static void
advice_describe(const struct giving *giving, uint32_t id, char *text,
                size_t size)
{
    const char *group = giving->identity->group ? "group." : "";
    uint32_t free_id;

    if (!people_name_valid(giving->name))
        snprintf(text, size,
                 "rename it at the directory to a name of "
                 "letters a-z, digits, _ and - and give that an "
                 "id.%sNAME = NUMBER in [accounts] of signin.conf",
                 group);
    else if (id >= giving->accounts->id_first &&
             id <= giving->accounts->id_last &&
             id_next_free(giving, id, &free_id) == 0)
        snprintf(text, size,
                 "write id.%s%s = NUMBER in [accounts] of signin.conf, the "
                 "same on every host (id.%s%s = %u is free here)",
                 group, giving->name, group, giving->name, free_id);
    else
        snprintf(text, size,
                 "write id.%s%s = NUMBER, a free one, in [accounts] of "
                 "signin.conf, the same on every host",
                 group, giving->name);
}

/* Always returns status. */
static int
giving_refused(const struct giving *giving, uint32_t id, int status)
{
    const char *kind = giving->identity->group ? "group" : "user";
    char owner[320], advice[320];

    if (status != -ERANGE && status != -EEXIST)
        return status; /* the store has logged it */
    advice_describe(giving, id, advice, sizeof(advice));
    if (status == -ERANGE)
        snprintf(owner, sizeof(owner), "can be nobody's (reserved)");
    else
        owner_describe(giving, id, owner, sizeof(owner));
    log_error("%s %s (subject %.64s) gets no id: %u (%s) %s; %s", kind,
              giving_name(giving), giving->identity->subject, id,
              giving->origin, owner, advice);
    return status;
}

/* ---- giving -------------------------------------------------------------- */

static const struct explicit_id *
explicit_id_of(const struct giving *giving)
{
    const struct accounts_config *accounts = giving->accounts;

    const bool group = giving->identity->group;

    for (size_t i = 0; giving->name != NULL && i < accounts->id_count; i++)
        if (accounts->ids[i].group == group &&
            strcmp(accounts->ids[i].name, giving->name) == 0)
            return &accounts->ids[i];
    return NULL;
}

/* The number that [accounts] says, and why; *ret_movable: id_collision = next
 * may look for another. */
static int
id_choose(struct giving *giving, uint32_t attribute, uint32_t *ret_id,
          bool *ret_movable)
{
    const struct accounts_config *accounts = giving->accounts;
    const struct explicit_id *explicit = explicit_id_of(giving);
    int status;

    *ret_movable = false;
    if (explicit != NULL) {
        giving->origin = "id.NAME in [accounts]";
        *ret_id = explicit->id;
        return 0;
    }
    if (accounts->id_from_attribute && attribute != 0) {
        giving->origin = "the directory's";
        *ret_id = attribute;
        return 0;
    }
    if (!accounts->id_derived) {
        log_error("%s %s (subject %.64s) gets no id: the directory names none, "
                  "and id_source = attribute; fill in the attribute there, or "
                  "write id.%s%s = NUMBER in [accounts] of signin.conf",
                  giving->identity->group ? "group" : "user",
                  giving_name(giving), giving->identity->subject,
                  giving->identity->group ? "group." : "", giving_name(giving));
        return -ENODATA;
    }
    giving->origin = "derived from issuer and id";
    *ret_movable = accounts->id_collision_next;
    status = ids_derive(accounts, giving->identity, ret_id);
    if (status < 0)
        log_error("no SHA-256 in libcrypto: no ids can be derived");
    return status;
}

/* One that was given before: the host's files may have taken it since. */
static int
id_keep(struct giving *giving, uint32_t id, uint32_t *ret_id)
{
    giving->origin = "given before";
    if (!people_id_valid(id) || local_files_has_id(giving->files, id)) {
        char owner[320];

        owner_describe(giving, id, owner, sizeof(owner));
        log_error("%s %s has had the id %u, and now it %s: take it out of "
                  "there, or nobody of that id is let in",
                  giving->identity->group ? "group" : "user",
                  giving_name(giving), id, owner);
        return -EEXIST;
    }
    *ret_id = id;
    return 0;
}

int
ids_give(struct store *store, struct local_files *files,
         const struct accounts_config *accounts,
         const struct identity *identity, const char *name, uint32_t attribute,
         uint32_t *ret_id)
{
    struct giving giving = {.store = store,
                            .files = files,
                            .accounts = accounts,
                            .identity = identity,
                            .name = name};
    bool movable = false;
    uint32_t id = 0, next;
    int status = local_files_readable(files) ? 0 : -EIO;

    if (status == 0)
        status = store_find_id(store, identity, &id);
    if (status == 0)
        return id_keep(&giving, id, ret_id);
    if (status == -ENOENT)
        status = id_choose(&giving, attribute, &id, &movable);
    if (status < 0)
        return status;
    status = id_is_free(&giving, id);
    if (movable && (status == -EEXIST || status == -ERANGE)) {
        status = id_next_free(&giving, id, &next);
        if (status == -ENOSPC)
            log_error("%s %s (subject %.64s) gets no id: every number of "
                      "id_range %u-%u is taken; make it larger in [accounts] "
                      "of signin.conf (ids that were given stay)",
                      identity->group ? "group" : "user", giving_name(&giving),
                      identity->subject, accounts->id_first, accounts->id_last);
        else if (status == 0)
            log_warning("%s %s gets the id %u, not %u as on other hosts: that "
                        "one is taken (id_collision = next)",
                        identity->group ? "group" : "user",
                        giving_name(&giving), next, id);
        id = status == 0 ? next : id;
    } else if (status < 0) {
        return giving_refused(&giving, id, status);
    }
    if (status == 0)
        status = store_add_id(store, identity, id);
    if (status == 0)
        *ret_id = id;
    return status;
}
