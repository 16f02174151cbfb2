/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "signin/text.h"
#include "wire/channel.h"
#include "wire/memory.h"

/* signind gives a refresh 60 s; it must be the first to give up. */
#define REFRESH_BUDGET_MS 70000
#define OTHER_BUDGET_MS   10000
/* The longest list that signind may have to fetch from a directory. */
#define LISTING_BUDGET_MS 600000
/* sshd waits for the keys, and whoever logs in waits for sshd. */
#define KEYS_BUDGET_MS 5000
/* How long a full queue of connections is waited for. */
#define CROWDED_MS 3000

static struct answer
answer_of(struct verdict verdict)
{
    return (struct answer){.status = verdict.status,
                           .sentence = verdict.sentence};
}

/* verdict_of: verdict_of_result, or the one for directories. */
static struct answer
answer_of_message(const struct message *message,
                  struct verdict (*verdict_of)(uint64_t result))
{
    uint64_t result = WIRE_RESULT_NONE, retry_after_s = 0;
    const char *words = NULL;
    struct answer answer;

    if (message->type == WIRE_VERDICT) {
        message_number(message, WIRE_RESULT, &result);
        words = message_text(message, WIRE_MESSAGE);
    }
    message_number(message, WIRE_RETRY_AFTER, &retry_after_s);
    answer = answer_of(verdict_of(result));
    answer.result = result;
    answer.retry_after_s = (int64_t)retry_after_s;
    if (words != NULL)
        snprintf(answer.message, sizeof(answer.message), "%s", words);
    return answer;
}

static int
open_channel(const char *path, int *ret_fd)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    const int64_t until_ms = channel_now_ms() + CROWDED_MS;
    const struct passwd *daemon = getpwnam(DAEMON_USER);
    /* Without that user only root may be listening: (uid_t)-1 is nobody. */
    const uid_t uid = daemon == NULL ? (uid_t)-1 : daemon->pw_uid;
    int r;

    /* Somebody may crowd the door: there is room again as signind accepts. */
    while ((r = channel_open(path, uid, ret_fd)) == -EAGAIN &&
           channel_now_ms() < until_ms)
        nanosleep(&pause, NULL);
    return r;
}

/* One request on the public socket, one verdict. */
static struct answer
ask(const struct message *request, int64_t budget_ms)
{
    int64_t deadline_ms = channel_now_ms() + budget_ms;
    cleanup_close int fd = -1;
    cleanup_message struct message message = {0};
    int r = open_channel(CHANNEL_PUBLIC, &fd);

    if (r == 0)
        r = channel_call(fd, request, &message, deadline_ms);
    if (r < 0)
        return answer_of(verdict_of_channel(r));
    return answer_of_message(&message, verdict_of_result);
}

/* Begin a request that proves to be inside the session. */
static int
init_request(struct message *request, enum wire_type type,
             const struct session *session)
{
    cleanup_wipe char *secret = session_text(session, "secret");
    int r;

    message_init(request, type);
    r = message_put_text(request, WIRE_ID, session->keys.id);
    if (r == 0)
        r = message_put_text(request, WIRE_SECRET, secret);
    /* The record is signind's own: without a secret it is damaged. */
    return r == 0 && secret != NULL ? 0 : -EPROTO;
}

struct answer
daemon_refresh(const struct session *session, int64_t min_valid_s, bool force)
{
    cleanup_message struct message request = {0};
    int r = init_request(&request, WIRE_REFRESH, session);

    if (r == 0)
        r = message_put_number(&request, WIRE_MIN_VALID, (uint64_t)min_valid_s);
    if (r == 0 && force)
        r = message_put_number(&request, WIRE_FORCE, 1);
    if (r < 0)
        return answer_of(verdict_of_result(WIRE_NO_KEYS));
    return ask(&request, REFRESH_BUDGET_MS);
}

struct answer
daemon_logout(const struct session *session)
{
    cleanup_message struct message request = {0};

    if (init_request(&request, WIRE_LOGOUT, session) < 0)
        return answer_of(verdict_of_result(WIRE_NO_KEYS));
    return ask(&request, OTHER_BUDGET_MS);
}

/*
 * One request, any number of messages of type item, one verdict.  budget_ms is
 * for each message; for all together with whole.
 */
struct question {
    const char *path;
    enum wire_type item;
    int64_t budget_ms;
    bool whole;
    struct verdict (*verdict_of)(uint64_t result);
};

static struct answer
ask_for_list(const struct question *question, const struct message *request,
             void (*each)(const struct message *item, void *context),
             void *context)
{
    int64_t deadline_ms = channel_now_ms() + question->budget_ms;
    cleanup_close int fd = -1;
    cleanup_message struct message message = {0};
    int r = open_channel(question->path, &fd);

    if (r == 0)
        r = channel_send(fd, request, deadline_ms);
    while (r == 0) {
        r = channel_receive(fd, &message, deadline_ms);
        if (r == 0 && (message.type != question->item || each == NULL))
            return answer_of_message(&message, question->verdict_of);
        if (r == 0)
            each(&message, context);
        if (!question->whole)
            deadline_ms = channel_now_ms() + question->budget_ms;
    }
    return answer_of(verdict_of_channel(r));
}

struct answer
daemon_sessions(void (*each)(const struct message *session, void *context),
                void *context)
{
    static const struct question question = {
        CHANNEL_PAM, WIRE_SESSION, OTHER_BUDGET_MS, true, verdict_of_result};
    cleanup_message struct message request = {0};

    message_init(&request, WIRE_SESSIONS);
    return ask_for_list(&question, &request, each, context);
}

struct answer
daemon_people(enum wire_type type, const char *user,
              void (*each)(const struct message *item, void *context),
              void *context)
{
    struct question question = {CHANNEL_PAM, WIRE_ITEM, OTHER_BUDGET_MS, false,
                                verdict_of_directory};
    cleanup_message struct message request = {0};

    message_init(&request, type);
    /* A name that fits no message is nobody's. */
    if (user != NULL && message_put_text(&request, WIRE_USER, user) < 0)
        return (struct answer){
            .status = STATUS_UNKNOWN_USER,
            .result = WIRE_UNKNOWN_USER,
            .sentence = verdict_of_directory(WIRE_UNKNOWN_USER).sentence};
    if (type == WIRE_KEYS) {
        question.path = CHANNEL_PUBLIC;
        question.budget_ms = KEYS_BUDGET_MS;
        question.whole = true;
    }
    if (type == WIRE_REFRESH_USERS)
        question.budget_ms = LISTING_BUDGET_MS;
    return ask_for_list(&question, &request, each, context);
}

enum status
daemon_complain_offline(const struct session *session)
{
    cleanup_wipe char *offline = session_text(session, "offline");
    cleanup_wipe char *provider = session_text(session, "provider");

    if (offline == NULL)
        return STATUS_OK;
    if (strcmp(offline, "waiting") == 0) {
        text_complain("signed in offline; tokens come when provider %s answers",
                      provider == NULL ? "" : provider);
        return STATUS_EXPIRED;
    }
    text_complain("signed in offline, and signind no longer has the password; "
                  "sign in again for tokens");
    return STATUS_REFUSED;
}

enum status
daemon_complain(const struct answer *answer)
{
    cleanup_text struct text why = {0};

    if (answer->status == STATUS_OK)
        return STATUS_OK;
    if (answer->message[0] != '\0')
        text_format(&why, " (%s)", answer->message);
    if (answer->retry_after_s > 0)
        text_format(&why, " (in %" PRId64 " s)", answer->retry_after_s);
    text_add_bytes(&why, "", 1);
    text_complain("%s%s", answer->sentence, why.failed ? "" : why.bytes);
    return answer->status;
}
