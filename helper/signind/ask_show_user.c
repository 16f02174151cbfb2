/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHOW_USER: what is known of one user, where it came from, and what the rules
 * say, for `signin user NAME`.
 */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "directory/access.h"
#include "log.h"
#include "policy.h"
#include "wire/memory.h"

/* A list that is being made; error: the first. */
struct showing {
    const struct config *config;
    const struct directory_user *user;
    struct outbox *outbox;
    int error;
};

static void
show(struct showing *showing, const char *name, const char *value,
     const char *origin)
{
    struct message item;

    if (showing->error != 0)
        return;
    message_init(&item, WIRE_ITEM);
    message_put_text(&item, WIRE_NAME, name);
    message_put_text(&item, WIRE_VALUE, value);
    message_put_text(&item, WIRE_ORIGIN, origin);
    showing->error = outbox_add(showing->outbox, &item);
    message_done(&item);
}

static void __attribute__((format(printf, 4, 5)))
show_printed(struct showing *showing, const char *name, const char *origin,
             const char *format, ...)
{
    char *value = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&value, format, arguments) < 0) {
        value = NULL;
        showing->error = -ENOMEM;
    }
    va_end(arguments);
    show(showing, name, value, origin);
    free(value);
}

static void
show_time(struct showing *showing, const char *name, int64_t at_s,
          const char *origin)
{
    char text[64] = "never";
    const time_t at = (time_t)at_s;
    struct tm parts;

    if (at_s != 0 && gmtime_r(&at, &parts) != NULL)
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
    show(showing, name, text, origin);
}

/* Lines "PROPERTY\tVALUE\tORIGIN". */
static void
show_origins(struct showing *showing, const char *origins)
{
    cleanup_free char *copy = strdup(origins);
    char *rest = copy, *line;

    if (copy == NULL)
        showing->error = -ENOMEM;
    while (copy != NULL && (line = strsep(&rest, "\n")) != NULL) {
        char *name = strsep(&line, "\t"), *value = strsep(&line, "\t");

        if (value != NULL)
            show(showing, name, value, line);
    }
}

static void
show_groups(struct showing *showing)
{
    for (size_t i = 0; i < showing->user->group_count; i++) {
        const struct group_record *group = &showing->user->groups[i];
        const char *name =
            group->name != NULL ? group->name : group->plain_name;
        const char *remark = group->local       ? ", of /etc/group"
                             : group->ambiguous ? ", name of two groups: not "
                                                  "told to NSS"
                             : group->name == NULL || group->gid == 0
                                 ? ", not told to NSS"
                                 : "";

        show_printed(showing, "group", group->directory, "%s (gid %u, id %s%s)",
                     name == NULL ? "-" : name, group->gid, group->id, remark);
    }
    if (!showing->user->groups_known)
        show(showing, "group", "more may come with the sign-in", NULL);
}

static void
show_access(struct showing *showing)
{
    for (size_t i = 0; i < showing->config->access_count; i++) {
        const char *service = showing->config->access[i].service;
        const char *rule = NULL;
        enum access_decision decision =
            access_decide(showing->config, service == NULL ? "" : service,
                          showing->user, &rule);
        cleanup_free char *name = NULL, *origin = NULL;

        if (asprintf(&name, "access %s",
                     service == NULL ? "elsewhere" : service) < 0 ||
            asprintf(&origin, "[access%s%s] %s", service == NULL ? "" : " ",
                     service == NULL ? "" : service,
                     rule == NULL ? "" : rule) < 0) {
            showing->error = -ENOMEM;
            return;
        }
        show(showing, name,
             decision == ACCESS_ALLOW  ? "allowed"
             : decision == ACCESS_DENY ? "denied"
                                       : "decided at the sign-in",
             origin);
    }
}

static void
show_record(struct showing *showing, const struct user_record *record)
{
    const bool configured =
        config_directory(showing->config, record->directory) != NULL;
    const char *from = record->directory;

    if (record->origins != NULL)
        show_origins(showing, record->origins);
    show(showing, "directory", from,
         configured ? "signin.conf" : "not configured any more: no sign-in");
    show(showing, "issuer", record->issuer, "signin.conf");
    show(showing, "id", record->subject, from);
    show_groups(showing);
    show(showing, "enabled", record->enabled ? "yes" : "no", from);
    show(showing, "missing", record->missing ? "yes" : "no", from);
    if (record->gone_since_s != 0)
        show_time(showing, "gone since", record->gone_since_s, from);
    show_time(showing, "first seen", record->first_seen_s, "this host");
    show_time(showing, "checked", record->checked_at_s, from);
    show(showing, "sign-in subject",
         record->sign_in_subject == NULL ? "not bound yet"
                                         : record->sign_in_subject,
         record->sign_in_subject == NULL ? NULL : "the first sign-in");
}

/* An account of /etc/passwd; false: not one that may sign in at a provider. */
static bool
show_find_local(struct daemon *daemon, const char *name,
                struct directory_user *ret_user)
{
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *entry;
    bool found = false;

    if (file == NULL)
        return false;
    while (!found && (entry = fgetpwent(file)) != NULL) {
        if (strcmp(entry->pw_name, name) == 0)
            found = directory_find(daemon->directory, name, entry->pw_uid,
                                   ret_user) == 0 &&
                    ret_user->kind == DIRECTORY_LOCAL;
    }
    fclose(file);
    return found;
}

/* A user whose directory is not configured any more is shown all the same. */
static enum wire_result
show_find(struct daemon *daemon, const char *name,
          struct directory_user *ret_user, struct user_record *ret_record)
{
    struct store *store = directory_store(daemon->directory);
    int error;

    if (show_find_local(daemon, name, ret_user))
        return WIRE_OK;
    error =
        store == NULL ? -EUCLEAN : store_user_by_name(store, name, ret_record);
    if (error == 0)
        error =
            directory_find(daemon->directory, name, ret_record->uid, ret_user);
    return error == 0         ? WIRE_OK
           : error == -ENOENT ? WIRE_UNKNOWN_USER
                              : WIRE_INTERNAL;
}

void
ask_show_user(struct peer *peer, const struct message *request)
{
    struct directory_user user = {0};
    struct user_record record = {0};
    struct showing showing = {.config = peer->daemon->config, .user = &user};
    enum wire_result result = show_find(
        peer->daemon, message_text(request, WIRE_USER), &user, &record);

    if (result != WIRE_OK) {
        peer_verdict(peer, result, NULL, NULL, 0);
    } else {
        showing.outbox = outbox_new();
        showing.error = showing.outbox == NULL ? -ENOMEM : 0;
        if (user.kind == DIRECTORY_LOCAL) {
            show(&showing, "name", user.record.name, "/etc/passwd");
            show_printed(&showing, "uid", "/etc/passwd", "%u", user.record.uid);
        } else {
            show_record(&showing, &record);
        }
        show_access(&showing);
        peer_send_list(peer, showing.outbox, showing.error);
    }
    directory_user_done(&user);
    store_user_done(&record);
}
