/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody has signed in: name, number and subject are bound for ever.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "directory_private.h"
#include "signind/log.h"

/* Who never was here before becomes a record; or another sign-in of that name
 * has just been faster. */
static enum wire_result
bind_new(struct directory *directory, const struct directory_user *user,
         struct user_record *record)
{
    struct new_user new = {0};
    struct person person = {.name = user->record.name, .enabled = true};
    int error = store_user_by_name(directory->store, user->record.name, record);

    if (error == -ENOENT) {
        error = new_user_find(directory, user->record.name, &new);
        if (error == -ENOENT)
            return WIRE_UNKNOWN_USER;
        person.subject = new.subject;
        if (error == 0)
            error = people_take(directory->store, directory->files,
                                directory->config, new.config, &person,
                                directory_now_s(), record);
        if (directory_is_refusal(error))
            return WIRE_UNKNOWN_USER;
    }
    if (error != 0)
        return WIRE_INTERNAL;
    /* Meanwhile a directory has told of somebody by that name, whose password
     * this provider has not seen. */
    if (strcmp(record->directory, user->config->name) != 0) {
        log_error("%s signed in for the first time at directory %s, and is "
                  "one of directory %s by now: refused",
                  record->name, user->config->name, record->directory);
        return WIRE_UNKNOWN_USER;
    }
    if (record->uid != user->record.uid) {
        log_error("%s signed in as uid %u and would get %u: refused",
                  record->name, user->record.uid, record->uid);
        return WIRE_UNKNOWN_USER;
    }
    return WIRE_OK;
}

/* While the provider was asked, the directory may have changed its mind. */
static enum wire_result
bind_known(struct directory *directory, const struct directory_user *user,
           struct user_record *record)
{
    int error = store_user_by_name(directory->store, user->record.name, record);

    if (error == -ENOENT)
        return WIRE_UNKNOWN_USER;
    if (error != 0)
        return WIRE_INTERNAL;
    if (record->uid != user->record.uid ||
        strcmp(record->directory, user->record.directory) != 0 ||
        strcmp(record->issuer, user->record.issuer) != 0 ||
        strcmp(record->subject, user->record.subject) != 0) {
        log_notice("%s has become somebody else while signing in",
                   record->name);
        return WIRE_UNKNOWN_USER;
    }
    if (record->gone_since_s != 0 || !record->enabled)
        return record->missing ? WIRE_UNKNOWN_USER : WIRE_ACCOUNT_DISABLED;
    return WIRE_OK;
}

/* Is the person who signed in the one who is known by that name? */
static enum wire_result
bind_subject(struct directory *directory, const struct directory_config *config,
             struct user_record *record, const char *subject)
{
    if (config->type != DIRECTORY_FIRST_SIGN_IN &&
        config->match == DIRECTORY_MATCH_SUBJECT &&
        (subject == NULL || strcmp(subject, record->subject) != 0)) {
        log_error("%s signed in as subject %.64s, and directory %s has %.64s "
                  "under that name: refused; if the provider's subjects are "
                  "not the directory's, set match = name there, or "
                  "identity.subject at the provider",
                  record->name, subject == NULL ? "(none)" : subject,
                  config->name, record->subject);
        return WIRE_IDENTITY_MISMATCH;
    }
    if (record->sign_in_subject == NULL) {
        if (subject == NULL)
            return WIRE_OK;
        record->sign_in_subject = strdup(subject);
        if (record->sign_in_subject == NULL ||
            store_put_user(directory->store, record) != 0)
            return WIRE_INTERNAL;
        log_notice("%s is bound to subject %.64s from the first sign-in on",
                   record->name, subject);
        return WIRE_OK;
    }
    if (subject == NULL || strcmp(subject, record->sign_in_subject) != 0) {
        log_error("%s signed in as subject %.64s, and has been %.64s since the "
                  "first sign-in: refused; if the name now belongs to somebody "
                  "else: signin users --forget %s",
                  record->name, subject == NULL ? "(none)" : subject,
                  record->sign_in_subject, record->name);
        return WIRE_IDENTITY_MISMATCH;
    }
    return WIRE_OK;
}

static enum wire_result
bind_all(struct directory *directory, const struct directory_user *user,
         const char *subject, const struct person_group *claims,
         size_t claim_count)
{
    struct user_record record = {0};
    enum wire_result result = user->kind == DIRECTORY_NEW
                                  ? bind_new(directory, user, &record)
                                  : bind_known(directory, user, &record);

    if (result == WIRE_OK)
        result = bind_subject(directory, user->config, &record, subject);
    /* None named: then the groups of an earlier sign-in end, too. */
    if (result == WIRE_OK &&
        people_take_claims(directory->store, directory->files,
                           directory->config, user->config, &record, claims,
                           claim_count) != 0)
        result = WIRE_INTERNAL;
    store_user_done(&record);
    return result;
}

/* All or nothing. */
static enum wire_result
bind_in_transaction(struct directory *directory,
                    const struct directory_user *user, const char *subject,
                    const struct person_group *claims, size_t claim_count)
{
    enum wire_result result;

    if (directory->store == NULL || store_begin(directory->store) != 0)
        return WIRE_INTERNAL;
    result = bind_all(directory, user, subject, claims, claim_count);
    if (store_end(directory->store, result == WIRE_OK) != 0)
        result = WIRE_INTERNAL;
    return result;
}

enum wire_result
directory_signed_in(struct directory *directory, struct directory_user *user,
                    const char *subject, const struct person_group *claims,
                    size_t claim_count)
{
    struct directory_user found = {0};
    enum wire_result result;
    int error;

    if (user->kind == DIRECTORY_LOCAL)
        return WIRE_OK;
    if (user->kind == DIRECTORY_NOBODY)
        return WIRE_UNKNOWN_USER;
    result = bind_in_transaction(directory, user, subject, claims, claim_count);
    if (result != WIRE_OK) {
        log_notice("sign-in of %s: %s at the directory", user->record.name,
                   wire_result_name(result));
        return result;
    }
    error = directory_tell(directory, false);
    /* Who is known already was told to NSS before. */
    if (error != 0 && user->kind == DIRECTORY_NEW)
        return WIRE_INTERNAL;
    if (directory->misses != NULL)
        misses_remove(directory->misses, user->record.name);
    if (directory_find(directory, user->record.name, user->record.uid,
                       &found) != 0 ||
        found.kind != DIRECTORY_KNOWN) {
        directory_user_done(&found);
        return WIRE_INTERNAL;
    }
    found.unreachable = user->unreachable;
    /* The claims have told theirs. */
    found.groups_known = !found.groups_not_listed;
    directory_user_done(user);
    *user = found;
    return WIRE_OK;
}
