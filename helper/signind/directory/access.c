/* SPDX-License-Identifier: BSD-2-Clause */
#include "access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_PREFIX "id:"
/* A directory may take so long to list everybody, in seconds. */
#define LIST_S 60

/* The id of an item "id:VALUE", or NULL: it is a name. */
static const char *
item_id(const char *item)
{
    size_t length = strlen(ID_PREFIX);

    return strncmp(item, ID_PREFIX, length) == 0 ? item + length : NULL;
}

static bool
same(const char *one, const char *other)
{
    return one != NULL && other != NULL && strcmp(one, other) == 0;
}

static bool
list_has_ids(const struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (item_id(list->items[i]) != NULL)
            return true;
    return false;
}

/* ---- users ----------------------------------------------------------------
 */

static bool
user_has_id(const struct directory_user *user, const char *id)
{
    if (same(user->record.subject, id))
        return true;
    /* There the provider is the directory, and the record's own subject only
     * stands for the name. */
    return user->config != NULL &&
           user->config->type == DIRECTORY_FIRST_SIGN_IN &&
           same(user->record.sign_in_subject, id);
}

static bool
user_is_listed(const struct directory_user *user, const struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *id = item_id(list->items[i]);

        if (id != NULL ? user_has_id(user, id)
                       : same(user->record.name, list->items[i]))
            return true;
    }
    return false;
}

/* ---- groups ---------------------------------------------------------------
 */

static bool
group_is_named(const struct config *config, const struct group_record *group,
               const char *name, bool deny)
{
    const char *prefix = config->accounts.group_prefix;
    size_t length = prefix == NULL ? 0 : strlen(prefix);

    if (same(group->name, name))
        return true;
    /* "corp-admins" is not the group that the directory calls so if NSS gives
     * that name to the directory's "admins". */
    if (!deny && length > 0 && strncmp(name, prefix, length) == 0)
        return false;
    return same(group->plain_name, name);
}

static bool
group_is(const struct group_record *one, const struct group_record *other)
{
    return same(one->id, other->id) && (one->directory == other->directory ||
                                        same(one->directory, other->directory));
}

/* Is it the name of one of the user's groups, and of one alone? */
static bool
groups_allow(const struct config *config, const struct directory_user *user,
             const char *name)
{
    const struct group_record *found = NULL;

    for (size_t i = 0; i < user->group_count; i++) {
        const struct group_record *group = &user->groups[i];

        if (!group_is_named(config, group, name, false))
            continue;
        if (group->ambiguous || (found != NULL && !group_is(group, found)))
            return false;
        found = group;
    }
    return found != NULL;
}

static bool
groups_deny(const struct config *config, const struct directory_user *user,
            const char *name)
{
    for (size_t i = 0; i < user->group_count; i++)
        if (group_is_named(config, &user->groups[i], name, true))
            return true;
    return false;
}

static bool
groups_have_id(const struct directory_user *user, const char *id)
{
    for (size_t i = 0; i < user->group_count; i++)
        if (same(user->groups[i].id, id))
            return true;
    return false;
}

static bool
groups_are_listed(const struct config *config,
                  const struct directory_user *user,
                  const struct text_list *list, bool deny)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *item = list->items[i], *id = item_id(item);

        if (id != NULL ? groups_have_id(user, id)
            : deny     ? groups_deny(config, user, item)
                       : groups_allow(config, user, item))
            return true;
    }
    return false;
}

/* ---- the decision ---------------------------------------------------------
 */

enum access_decision
access_decide(const struct config *config, const char *service,
              const struct directory_user *user, const char **ret_rule)
{
    const struct access_config *access = config_access_of(config, service);
    const bool is_new = user->kind == DIRECTORY_NEW;
    const bool local = user->kind == DIRECTORY_LOCAL;
    const bool known = local || user->groups_known;
    bool allowed = false, later = false;

    *ret_rule = "nobody is allowed";
    if (access == NULL || user->kind == DIRECTORY_NOBODY)
        return ACCESS_DENY;
    if (user_is_listed(user, &access->deny_users)) {
        *ret_rule = "deny_users";
        return ACCESS_DENY;
    }
    if (!local && known &&
        groups_are_listed(config, user, &access->deny_groups, true)) {
        *ret_rule = "deny_groups";
        return ACCESS_DENY;
    }
    later = (is_new && list_has_ids(&access->deny_users)) ||
            (!known && access->deny_groups.count > 0);
    if (access->allow_all_users || user_is_listed(user, &access->allow_users)) {
        *ret_rule = "allow_users";
        allowed = true;
    } else if (!local && known &&
               groups_are_listed(config, user, &access->allow_groups, false)) {
        *ret_rule = "allow_groups";
        allowed = true;
    }
    if (allowed)
        return later ? ACCESS_LATER : ACCESS_ALLOW;
    if ((is_new && list_has_ids(&access->allow_users)) ||
        (!known && access->allow_groups.count > 0))
        return ACCESS_LATER;
    *ret_rule = "neither allow_users nor allow_groups";
    return ACCESS_DENY;
}

/* What a claim's group would be called.  0 or -1: out of memory. */
static int
foresee_group(const struct config *config, const struct provider_group *claim,
              struct group_record *group)
{
    const char *prefix = config->accounts.group_prefix;

    group->id = claim->id;
    group->plain_name = claim->name;
    return asprintf(&group->name, "%s%s", prefix == NULL ? "" : prefix,
                    claim->name) < 0
               ? -1
               : 0;
}

/*
 * Of the groups that are known, some may be of earlier claims, which these
 * replace, and others the directory's, which stay: it is a certain "no" only
 * if that makes no difference.  groups: those of the claims, then the known.
 */
static enum access_decision
foresee_decide(const struct config *config, const char *service,
               struct directory_user *seen, struct group_record *groups,
               size_t claims, size_t all, const char **ret_rule)
{
    enum access_decision decision;

    seen->groups = groups;
    seen->group_count = all;
    decision = access_decide(config, service, seen, ret_rule);
    seen->group_count = claims;
    if (decision == ACCESS_DENY)
        decision = access_decide(config, service, seen, ret_rule);
    return decision;
}

enum access_decision
access_foresee(const struct config *config, const char *service,
               const struct directory_user *user,
               const struct provider_tokens *tokens, const char **ret_rule)
{
    size_t room = tokens->group_count + user->group_count + 1, count = 0;
    struct group_record *groups = calloc(room, sizeof(*groups));
    enum access_decision decision = ACCESS_LATER;
    struct directory_user seen = *user; /* borrows */
    const struct access_config *access;

    if (groups == NULL)
        return ACCESS_LATER;
    if (seen.kind == DIRECTORY_NEW)
        seen.kind = DIRECTORY_KNOWN;
    if (seen.record.sign_in_subject == NULL)
        seen.record.sign_in_subject = tokens->subject;
    seen.groups_known = true;
    for (; count < tokens->group_count; count++)
        if (foresee_group(config, &tokens->groups[count], &groups[count]) != 0)
            goto done;
    for (size_t i = 0; i < user->group_count; i++)
        groups[count + i] = user->groups[i];
    decision =
        foresee_decide(config, service, &seen, groups,
                       tokens->groups_known ? count : count + user->group_count,
                       count + user->group_count, ret_rule);
    /* The sign-in has not said which groups there are, and providers leave the
     * claim out when it would be too long: one may be a denied one. */
    access = config_access_of(config, service);
    if (decision == ACCESS_ALLOW && !tokens->groups_known &&
        !user->groups_known && access->deny_groups.count > 0) {
        *ret_rule = "deny_groups";
        decision = ACCESS_DENY;
    }
done:
    for (size_t i = 0; i < count; i++)
        free(groups[i].name);
    free(groups);
    return decision;
}

enum wire_result
access_standing(const struct directory_user *user)
{
    if (user->kind == DIRECTORY_NOBODY || user->record.missing)
        return WIRE_UNKNOWN_USER;
    if (!user->record.enabled || user->record.gone_since_s != 0)
        return WIRE_ACCOUNT_DISABLED;
    return WIRE_OK;
}

/* Groups that the directory's list alone tells are as old as the list, however
 * well it answers for the user: one that has been due twice is stale, and until
 * the first one nobody can say. */
static bool
groups_are_fresh(const struct access_config *access,
                 const struct directory_user *user)
{
    const int64_t due_s = (int64_t)user->config->refresh_every_s;

    if (access == NULL ||
        (access->allow_groups.count == 0 && access->deny_groups.count == 0))
        return true;
    if (user->groups_not_listed)
        return false;
    return user->groups_age_s <= due_s + (due_s < LIST_S ? LIST_S : due_s) ||
           user->groups_age_s <= (int64_t)access->stale_ok_s;
}

bool
access_is_fresh(const struct config *config, const char *service,
                const struct directory_user *user)
{
    const struct access_config *access = config_access_of(config, service);

    if (user->kind == DIRECTORY_LOCAL || user->kind == DIRECTORY_NEW)
        return true;
    /* Its directory is no longer configured: nobody can say. */
    if (user->kind != DIRECTORY_KNOWN || user->config == NULL)
        return false;
    if (user->config->type == DIRECTORY_FIRST_SIGN_IN)
        return true;
    if (!groups_are_fresh(access, user))
        return false;
    if (!user->unreachable)
        return true;
    return user->age_s >= 0 &&
           (user->age_s <= (int64_t)user->config->refresh_every_s ||
            (access != NULL && user->age_s <= (int64_t)access->stale_ok_s));
}
