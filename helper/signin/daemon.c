/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>

#include "signin/text.h"
#include "wire/channel.h"
#include "wire/memory.h"

/* signind gives a refresh 60 s; it must be the first to give up. */
#define REFRESH_BUDGET_MS 70000
#define OTHER_BUDGET_MS   10000

static struct answer
answer_of(struct verdict verdict)
{
    return (struct answer){verdict.status, verdict.sentence, 0};
}

static struct answer
answer_of_message(const struct message *message)
{
    uint64_t result = WIRE_RESULT_NONE, retry_after_s = 0;
    struct answer answer;

    if (message->type == WIRE_VERDICT)
        message_number(message, WIRE_RESULT, &result);
    message_number(message, WIRE_RETRY_AFTER, &retry_after_s);
    answer = answer_of(verdict_of_result(result));
    answer.retry_after_s = (int64_t)retry_after_s;
    return answer;
}

static int
open_channel(const char *path, int *ret_fd)
{
    const struct passwd *daemon = getpwnam(DAEMON_USER);

    /* Without that user only root may be listening: (uid_t)-1 is nobody. */
    return channel_open(path, daemon == NULL ? (uid_t)-1 : daemon->pw_uid,
                        ret_fd);
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
    return answer_of_message(&message);
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

struct answer
daemon_sessions(void (*each)(const struct message *session, void *context),
                void *context)
{
    int64_t deadline_ms = channel_now_ms() + OTHER_BUDGET_MS;
    cleanup_close int fd = -1;
    cleanup_message struct message message = {0};
    int r = open_channel(CHANNEL_PAM, &fd);

    message_init(&message, WIRE_SESSIONS);
    if (r == 0)
        r = channel_send(fd, &message, deadline_ms);
    while (r == 0) {
        r = channel_receive(fd, &message, deadline_ms);
        if (r == 0 && message.type != WIRE_SESSION)
            return answer_of_message(&message);
        if (r == 0)
            each(&message, context);
    }
    return answer_of(verdict_of_channel(r));
}

enum status
daemon_complain(const struct answer *answer)
{
    if (answer->status != STATUS_OK && answer->retry_after_s > 0)
        text_complain("%s (in %" PRId64 " s)", answer->sentence,
                      answer->retry_after_s);
    else if (answer->status != STATUS_OK)
        text_complain("%s", answer->sentence);
    return answer->status;
}
