/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What administrators ask about the directories' people: USERS, GROUPS,
 * REFRESH_USERS, FORGET; and KEYS, which sshd asks (AuthorizedKeysCommand).
 */
#include <errno.h>
#include <string.h>

#include "directory/access.h"
#include "log.h"
#include "policy.h"
#include "wire/memory.h"

/* The service that keys are for. */
#define KEYS_SERVICE "sshd"

/* A list that is being made. */
struct users_list {
    const struct config *config;
    struct outbox *outbox;
};

/* ---- lists -----------------------------------------------------------------
 */

static const char *
user_state(const struct config *config, const struct user_record *user)
{
    if (config_directory(config, user->directory) == NULL)
        return "not configured";
    if (user->missing)
        return "missing";
    return user->enabled && user->gone_since_s == 0 ? "enabled" : "disabled";
}

static int
users_add(void *context, const struct user_record *user)
{
    struct users_list *list = context;
    struct message item;
    int error;

    message_init(&item, WIRE_ITEM);
    message_put_text(&item, WIRE_NAME, user->name);
    message_put_number(&item, WIRE_UID, user->uid);
    message_put_text(&item, WIRE_STATE, user_state(list->config, user));
    message_put_text(&item, WIRE_ORIGIN, user->directory);
    message_put_text(&item, WIRE_VALUE, user->subject);
    error = outbox_add(list->outbox, &item);
    message_done(&item);
    return error;
}

/* What NSS makes of a group. */
static const char *
group_state(const struct group_record *group)
{
    if (group->local)
        return "local";
    if (group->ambiguous)
        return "ambiguous";
    return group->name == NULL || group->gid == 0 ? "not told" : "told";
}

static int
groups_add(void *context, const struct group_record *group)
{
    struct users_list *list = context;
    struct message item;
    int error;

    message_init(&item, WIRE_ITEM);
    message_put_text(&item, WIRE_NAME,
                     group->name != NULL         ? group->name
                     : group->plain_name != NULL ? group->plain_name
                                                 : "-");
    if (group->gid != 0)
        message_put_number(&item, WIRE_GID, group->gid);
    message_put_text(&item, WIRE_STATE, group_state(group));
    message_put_text(&item, WIRE_ORIGIN, group->directory);
    message_put_text(&item, WIRE_VALUE, group->id);
    error = outbox_add(list->outbox, &item);
    message_done(&item);
    return error;
}

void
ask_users(struct peer *peer, const struct message *request)
{
    struct store *store = directory_store(peer->daemon->directory);
    struct users_list list = {peer->daemon->config, outbox_new()};
    int error = -EUCLEAN;

    (void)request;
    if (store != NULL && list.outbox != NULL)
        error = store_each_user(store, users_add, &list);
    peer_send_list(peer, list.outbox, error);
}

void
ask_groups(struct peer *peer, const struct message *request)
{
    struct store *store = directory_store(peer->daemon->directory);
    struct users_list list = {peer->daemon->config, outbox_new()};
    int error = -EUCLEAN;

    (void)request;
    if (store != NULL && list.outbox != NULL)
        error = store_each_group(store, groups_add, &list);
    peer_send_list(peer, list.outbox, error);
}

/* ---- refresh, forget -------------------------------------------------------
 */

static void
refresh_gone(void *work)
{
    struct peer *peer = work;

    directory_refresh_forget(peer->daemon->directory, peer);
}

static void
refresh_done(void *context, enum wire_result result, const char *why)
{
    peer_verdict(context, result, NULL, result == WIRE_OK ? NULL : why, 0);
}

void
ask_refresh_users(struct peer *peer, const struct message *request)
{
    (void)request;
    if (!directory_refresh(peer->daemon->directory, refresh_done, peer)) {
        peer_verdict(peer, WIRE_INTERNAL, NULL, NULL, 0);
        return;
    }
    peer->work = peer;
    peer->work_gone = refresh_gone;
    peer_enter(peer, PEER_WORKING);
}

void
ask_forget(struct peer *peer, const struct message *request)
{
    const char *user = message_text(request, WIRE_USER);
    int error = directory_forget(peer->daemon->directory, user);

    /* Local users are in no directory, but their passwords may be here. */
    daemon_forget_password(peer->daemon, user);
    peer_verdict(peer,
                 error == 0         ? WIRE_OK
                 : error == -ENOENT ? WIRE_UNKNOWN_USER
                                    : WIRE_INTERNAL,
                 NULL, NULL, 0);
}

/* ---- keys ------------------------------------------------------------------
 */

/*
 * Whose keys are told: not somebody's who is gone, whom the rules deny, or of
 * whom nobody has heard anything for two refreshes (stale_ok decides then): a
 * key that was taken away must stop to work.  No directory is asked here.
 */
static enum wire_result
keys_allowed(const struct config *config, struct directory_user *user)
{
    const char *rule = "";

    if (user->kind != DIRECTORY_KNOWN || user->record.missing)
        return WIRE_UNKNOWN_USER;
    if (!user->record.enabled || user->record.gone_since_s != 0)
        return WIRE_ACCOUNT_DISABLED;
    user->unreachable =
        user->age_s > 2 * (int64_t)user->config->refresh_every_s;
    if (!access_is_fresh(config, KEYS_SERVICE, user))
        return WIRE_UNAVAILABLE;
    /* Whose groups are not known yet are not let in by a key either. */
    if (access_decide(config, KEYS_SERVICE, user, &rule) != ACCESS_ALLOW)
        return WIRE_DENIED;
    return WIRE_OK;
}

static int
keys_list(struct outbox *outbox, const char *lines)
{
    cleanup_free char *copy = strdup(lines);
    char *rest = copy, *line;
    int error = copy == NULL ? -ENOMEM : 0;

    while (error == 0 && (line = strsep(&rest, "\n")) != NULL) {
        struct message item;

        if (line[0] == '\0')
            continue;
        message_init(&item, WIRE_ITEM);
        message_put_text(&item, WIRE_NAME, "key");
        if (message_put_text(&item, WIRE_VALUE, line) == 0)
            error = outbox_add(outbox, &item);
        message_done(&item);
    }
    return error;
}

/* NOBODY, if the store does not know the name. */
static int
keys_find(struct daemon *daemon, const char *name,
          struct directory_user *ret_user)
{
    struct store *store = directory_store(daemon->directory);
    struct user_record record = {0};
    int error =
        store == NULL ? -EUCLEAN : store_user_by_name(store, name, &record);

    if (error == 0)
        error = directory_find(daemon->directory, name, record.uid, ret_user);
    store_user_done(&record);
    return error == -ENOENT ? 0 : error;
}

void
ask_keys(struct peer *peer, const struct message *request)
{
    const char *name = message_text(request, WIRE_USER);
    struct directory_user user = {0};
    struct outbox *outbox;
    enum wire_result result = WIRE_INTERNAL;
    int error = keys_find(peer->daemon, name, &user);

    if (error == 0)
        result = keys_allowed(peer->daemon->config, &user);
    if (result == WIRE_OK) {
        outbox = outbox_new();
        if (outbox != NULL && user.record.ssh_keys != NULL)
            error = keys_list(outbox, user.record.ssh_keys);
        peer_send_list(peer, outbox, error);
    } else {
        log_info("keys of %s: %s", name, wire_result_name(result));
        peer_verdict(peer, result, NULL, NULL, 0);
    }
    directory_user_done(&user);
}
