/* SPDX-License-Identifier: BSD-2-Clause */
#include "find.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signin/text.h"
#include "wire/channel.h"
#include "wire/memory.h"

int
session_group(gid_t *ret_gid)
{
    const struct group *group;
    struct stat directory;

    /* One system call, where NSS would read files or ask daemons.  Only root
     * makes a directory in /run. */
    if (stat(CHANNEL_DIRECTORY, &directory) == 0 &&
        S_ISDIR(directory.st_mode) && directory.st_uid == 0 &&
        directory.st_gid != 0) {
        *ret_gid = directory.st_gid;
        return 0;
    }
    group = getgrnam(DAEMON_USER);
    if (group == NULL || group->gr_gid == 0)
        return -ENOENT;
    *ret_gid = group->gr_gid;
    return 0;
}

int64_t
session_number(const struct session *session, const char *name)
{
    int64_t number = 0;

    if (record_get_number(session->record, name, &number) != 0 || number < 0)
        return 0;
    return number;
}

char *
session_text(const struct session *session, const char *name)
{
    size_t size = session->record->length + 1; /* unescaped is never longer */
    char *text = malloc(size);

    if (text != NULL && record_get(session->record, name, text, size) < 0) {
        free(text);
        text = NULL;
    }
    return text;
}

/* What the walk over the rings has found so far. */
struct search {
    struct session *best;
    bool found;
    int64_t opened_at;
    bool strangers; /* somebody else's session is here */
};

static bool
same_id(const struct record *record, const char *id)
{
    char written[KEYRING_ID_LENGTH + 1];

    return record_get(record, "id", written, sizeof(written)) > 0 &&
           strcmp(written, id) == 0;
}

static int
consider(const struct keyring_session *keys, void *context)
{
    cleanup_session struct session one = {.keys = *keys};
    struct search *search = context;
    int64_t uid, opened_at;

    one.record = malloc(sizeof(*one.record));
    if (one.record == NULL)
        return -ENOMEM;
    one.record->length = 0;
    /* A ring whose record cannot be read is being made or torn down. */
    if (keys->session == 0 || record_read(one.record, keys->session) != 0 ||
        !same_id(one.record, keys->id) ||
        record_get_number(one.record, "uid", &uid) != 0)
        return 0;
    opened_at = session_number(&one, "opened_at");
    if (uid != (int64_t)getuid()) {
        search->strangers = true;
    } else if (!search->found || opened_at > search->opened_at) {
        struct session previous = *search->best;

        search->found = true;
        search->opened_at = opened_at;
        *search->best = one;
        one = previous;
    }
    return 0;
}

enum status
session_find(struct session *ret_session)
{
    struct search search = {.best = ret_session};
    gid_t gid;

    if (session_group(&gid) != 0) {
        text_complain("there is no group %s: signin is not set up on this "
                      "host; ask the administrator",
                      DAEMON_USER);
        return STATUS_NO_SESSION;
    }
    /* An error means that there is no session keyring to look into. */
    (void)keyring_walk_session(gid, consider, &search);
    if (search.found)
        return STATUS_OK;
    if (search.strangers)
        text_complain("the session here is another user's; run this as the "
                      "user who signed in");
    else
        text_complain("no session here; sign in to this host with a provider's "
                      "password, and run this inside that login");
    return STATUS_NO_SESSION;
}

void
session_done(struct session *session)
{
    if (session->record != NULL)
        explicit_bzero(session->record->text, session->record->length);
    free(session->record);
    *session = (struct session){0};
}
