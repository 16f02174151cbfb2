/* SPDX-License-Identifier: BSD-2-Clause */
#include "ask-test.h"

#include <errno.h>
#include <stdlib.h>

#include "signind/log.h"

struct fixture *fixture;

static char corp[] = "corp", idp[] = "idp", other[] = "other";
static char alice[] = "alice", subject[] = "11-22", none[] = "";

void
fixture_note(const char *format, ...)
{
    size_t used = strlen(fixture->journal);
    va_list arguments;

    if (used > 0)
        used += (size_t)snprintf(fixture->journal + used,
                                 sizeof(fixture->journal) - used, "; ");
    va_start(arguments, format);
    vsnprintf(fixture->journal + used, sizeof(fixture->journal) - used, format,
              arguments);
    va_end(arguments);
}

static void
take_line(void *context, int priority, const char *text)
{
    size_t used = strlen(fixture->log);

    (void)context;
    if (priority < LOG_DEBUG)
        snprintf(fixture->log + used, sizeof(fixture->log) - used, "%d %s\n",
                 priority, text);
}

bool
fixture_logged(const char *text)
{
    return strstr(fixture->log, text) != NULL;
}

int
fixture_begin(void **state)
{
    (void)state;
    fixture = calloc(1, sizeof(*fixture));
    fixture->providers[0].name = idp;
    fixture->providers[0].check_at_refresh = REQUEST_KINDS;
    fixture->providers[1].name = other;
    fixture->directory.name = corp;
    fixture->directory.provider = idp;
    fixture->directory.type = DIRECTORY_SCIM;
    fixture->directory.refresh_every_s = 900;
    fixture->access[0].allow_all_users = true;
    fixture->config = (struct config){.providers = fixture->providers,
                                      .provider_count = 2,
                                      .directories = &fixture->directory,
                                      .directory_count = 1,
                                      .default_provider = idp,
                                      .access = fixture->access,
                                      .access_count = 1,
                                      .accounts = {.group_prefix = none},
                                      .sign_ins_in_flight = 2,
                                      .failures_per_user = 2,
                                      .window_s = 600};
    fixture->user = (struct directory_user){.kind = DIRECTORY_KNOWN,
                                            .config = &fixture->directory,
                                            .groups = fixture->groups,
                                            .groups_known = true,
                                            .age_s = 5000};
    fixture->user.record.name = alice;
    fixture->user.record.subject = subject;
    fixture->user.record.uid = ASK_UID;
    fixture->user.record.enabled = true;
    fixture->signed_in = WIRE_OK;
    fixture->daemon.base = event_base_new();
    fixture->daemon.config = &fixture->config;
    fixture->daemon.throttle = throttle_new();
    fixture->daemon.sessions.base = fixture->daemon.base;
    fixture->daemon.sessions.config = &fixture->config;
    LIST_INIT(&fixture->daemon.sign_ins);
    TAILQ_INIT(&fixture->daemon.peers);
    fixture->peer.daemon = &fixture->daemon;
    strcpy(fixture->peer.id, ASK_ID);
    TAILQ_INSERT_TAIL(&fixture->daemon.peers, &fixture->peer, link);
    log_open(LOG_DEBUG);
    log_divert(take_line, NULL);
    return session_table_start(&fixture->daemon.sessions);
}

int
fixture_end(void **state)
{
    (void)state;
    fixture_leave();
    ask_sign_in_stop(&fixture->daemon);
    session_table_stop(&fixture->daemon.sessions);
    throttle_free(fixture->daemon.throttle);
    event_base_free(fixture->daemon.base);
    log_divert(NULL, NULL);
    free(fixture);
    fixture = NULL;
    return 0;
}

void
fixture_be_local(void)
{
    fixture->user.kind = DIRECTORY_LOCAL;
    fixture->user.config = NULL;
    fixture->user.record.subject = NULL;
}

void
fixture_be_new(void)
{
    fixture->directory.type = DIRECTORY_FIRST_SIGN_IN;
    fixture->user.kind = DIRECTORY_NEW;
    fixture->user.record.subject = NULL;
    fixture->user.age_s = 0;
}

void
fixture_join(char *id, char *name)
{
    fixture->groups[fixture->user.group_count++] = (struct group_record){
        .directory = corp, .id = id, .name = name, .plain_name = name};
}

struct session *
fixture_session(int64_t age_s)
{
    struct session *session = session_new(&fixture->daemon.sessions, ASK_ID);

    assert_non_null(session);
    session->state = SESSION_LIVE;
    session->uid = ASK_UID;
    strcpy(session->secret, ASK_SECRET);
    session->opened_at_s = session_now_s() - age_s;
    assert_int_equal(session_set(&session->user, alice), 0);
    assert_int_equal(session_set(&session->provider, idp), 0);
    assert_int_equal(session_set(&session->subject, subject), 0);
    assert_int_equal(secret_set(&session->access_token, "A0", 2), 0);
    return session;
}

/* ---- the peer -------------------------------------------------------------
 */

void
fixture_ask(enum wire_type type, ...)
{
    struct message request;
    policy_handler *handler;
    enum wire_field field;
    va_list more;

    message_init(&request, type);
    assert_int_equal(message_put_text(&request, WIRE_USER, alice), 0);
    assert_int_equal(message_put_number(&request, WIRE_UID, ASK_UID), 0);
    va_start(more, type);
    while ((field = va_arg(more, enum wire_field)) != WIRE_FIELD_NONE) {
        const char *text = va_arg(more, const char *);

        assert_int_equal(message_put_text(&request, field, text), 0);
    }
    va_end(more);
    if (message_text(&request, WIRE_SERVICE) == NULL)
        message_put_text(&request, WIRE_SERVICE, "sshd");
    if (type == WIRE_AUTHENTICATE) {
        message_put_text(&request, WIRE_PASSWORD, "correct horse");
        message_put_number(&request, WIRE_KEEP, 702);
    }
    assert_int_equal(message_check(&request), 0);
    handler = type == WIRE_AUTHENTICATE ? ask_authenticate
              : type == WIRE_ACCOUNT    ? ask_account
                                        : ask_reuse;
    handler(&fixture->peer, &request);
    message_done(&request);
}

void
fixture_leave(void)
{
    if (fixture->peer.sign_in != NULL)
        ask_sign_in_gone(fixture->peer.sign_in);
    fixture->peer.sign_in = NULL;
    if (fixture->peer.work != NULL)
        fixture->peer.work_gone(fixture->peer.work);
    fixture->peer.work = NULL;
}

void __wrap_peer_answer(struct peer *peer, const struct message *answer);
void __wrap_peer_enter(struct peer *peer, enum peer_state state);
void __wrap_peer_verdict(struct peer *peer, enum wire_result result,
                         const char *ticket, const char *text,
                         unsigned retry_after_s);

void
__wrap_peer_answer(struct peer *peer, const struct message *answer)
{
    (void)peer;
    (void)answer;
}

void
__wrap_peer_enter(struct peer *peer, enum peer_state state)
{
    peer->state = state;
}

void
__wrap_peer_verdict(struct peer *peer, enum wire_result result,
                    const char *ticket, const char *text,
                    unsigned retry_after_s)
{
    (void)text;
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
    peer->work = NULL;
    fixture->verdict = result;
    fixture->ticket = ticket != NULL;
    fixture->retry_after_s = retry_after_s;
}

void __wrap_peer_verdict_on(struct peer *peer, enum wire_result result,
                            key_serial_t keep, unsigned retry_after_s);

void
__wrap_peer_verdict_on(struct peer *peer, enum wire_result result,
                       key_serial_t keep, unsigned retry_after_s)
{
    __wrap_peer_verdict(peer, result, NULL, NULL, retry_after_s);
    fixture->kept = keep;
}

/* ---- the directory --------------------------------------------------------
 */

int __wrap_directory_find(struct directory *directory, const char *name,
                          uid_t uid, struct directory_user *ret_user);
struct directory_check *
__wrap_directory_check(struct directory *directory, const char *name, uid_t uid,
                       bool now, directory_check_done *done, void *context);
void __wrap_directory_check_cancel(struct directory_check *check);
void __wrap_directory_user_done(struct directory_user *user);
enum wire_result __wrap_directory_signed_in(struct directory *directory,
                                            struct directory_user *user,
                                            const char *subject_text,
                                            const struct person_group *claims,
                                            size_t claim_count);

int
__wrap_directory_find(struct directory *directory, const char *name, uid_t uid,
                      struct directory_user *ret_user)
{
    (void)directory;
    assert_string_equal(name, alice);
    if (fixture->find_error != 0)
        return fixture->find_error;
    *ret_user = (struct directory_user){0};
    if (uid == ASK_UID)
        *ret_user = fixture->user;
    return 0;
}

struct directory_check *
__wrap_directory_check(struct directory *directory, const char *name, uid_t uid,
                       bool now, directory_check_done *done, void *context)
{
    (void)directory;
    assert_string_equal(name, alice);
    assert_int_equal(uid, ASK_UID);
    assert_false(now);
    assert_null(fixture->checked);
    fixture_note("check");
    fixture->checked = done;
    fixture->check_context = context;
    return (struct directory_check *)(void *)fixture;
}

void
__wrap_directory_check_cancel(struct directory_check *check)
{
    if (check == NULL)
        return;
    fixture_note("no check");
    fixture->checked = NULL;
}

/* Nothing of the test's is on the heap. */
void
__wrap_directory_user_done(struct directory_user *user)
{
    *user = (struct directory_user){0};
}

void
fixture_checked(enum wire_result result, bool unreachable)
{
    directory_check_done *done = fixture->checked;
    struct directory_user user = fixture->user;

    assert_non_null(done);
    fixture->checked = NULL;
    user.unreachable = unreachable;
    done(fixture->check_context, result, result == WIRE_INTERNAL ? NULL : &user,
         unreachable ? "curl: no" : "");
}

enum wire_result
__wrap_directory_signed_in(struct directory *directory,
                           struct directory_user *user,
                           const char *subject_text,
                           const struct person_group *claims,
                           size_t claim_count)
{
    static char names[2][32];

    (void)directory;
    fixture_note("signed in");
    snprintf(fixture->subject, sizeof(fixture->subject), "%s",
             subject_text == NULL ? "(none)" : subject_text);
    fixture->claims_known = claims != NULL;
    for (size_t i = 0; i < claim_count; i++) {
        strcat(fixture->claims, claims[i].name);
        strcat(fixture->claims, " ");
        if (fixture->join_claims) {
            snprintf(names[i], sizeof(names[i]), "%s", claims[i].name);
            fixture_join(names[i], names[i]);
        }
    }
    if (fixture->signed_in == WIRE_OK) {
        *user = fixture->user;
        if (user->kind == DIRECTORY_NEW)
            user->kind = DIRECTORY_KNOWN;
    }
    return fixture->signed_in;
}

/* ---- the provider ---------------------------------------------------------
 */

struct provider_call *
__wrap_provider_sign_in(const struct provider_context *context,
                        const struct provider_config *provider,
                        const char *user, const char *password,
                        provider_done *done, void *done_context);
struct provider_call *
__wrap_provider_check(const struct provider_context *context,
                      const struct provider_config *provider, const char *user,
                      const char *subject_text, const char *access_token,
                      provider_done *done, void *done_context);
void __wrap_provider_cancel(struct provider_call *call);
void __wrap_provider_watch(struct provider_call *call,
                           provider_received *received);

struct provider_call *
__wrap_provider_sign_in(const struct provider_context *context,
                        const struct provider_config *provider,
                        const char *user, const char *password,
                        provider_done *done, void *done_context)
{
    (void)context;
    assert_string_equal(user, alice);
    assert_string_equal(password, "correct horse");
    fixture_note("sign in at %s", provider->name);
    fixture->told = done;
    fixture->told_context = done_context;
    return (struct provider_call *)(void *)fixture;
}

struct provider_call *
__wrap_provider_check(const struct provider_context *context,
                      const struct provider_config *provider, const char *user,
                      const char *subject_text, const char *access_token,
                      provider_done *done, void *done_context)
{
    (void)context;
    assert_string_equal(user, alice);
    assert_string_equal(subject_text, subject);
    fixture_note("check %s at %s", access_token, provider->name);
    fixture->told = done;
    fixture->told_context = done_context;
    return (struct provider_call *)(void *)fixture;
}

void
__wrap_provider_cancel(struct provider_call *call)
{
    if (call == NULL)
        return;
    fixture_note("cancel");
    fixture->told = NULL;
}

void
__wrap_provider_watch(struct provider_call *call, provider_received *received)
{
    (void)call;
    (void)received;
}

void
fixture_told(enum wire_result result, struct provider_tokens *tokens)
{
    const struct provider_result answer = {.result = result, .why = "as told"};
    struct provider_tokens empty = {0};
    provider_done *done = fixture->told;

    assert_non_null(done);
    fixture->told = NULL;
    done(fixture->told_context, &answer, tokens == NULL ? &empty : tokens);
}

/* ---- sessions -------------------------------------------------------------
 */

int __wrap_session_begin(struct session_table *table, key_serial_t keep,
                         const char *expected_id, const struct session *who,
                         const struct provider_tokens *tokens,
                         struct session **ret_session);
void __wrap_session_discard(struct session_table *table, const char *provider,
                            const char *user, struct provider_tokens *tokens);
bool __wrap_session_discard_in(struct session_table *table, key_serial_t keep,
                               const char *expected_id,
                               const struct session *who,
                               const struct provider_tokens *tokens);
void __wrap_session_wait(struct session *session, struct session_waiter *waiter,
                         bool force);
void __wrap_session_unwait(struct session *session,
                           struct session_waiter *waiter);
int __wrap_keyring_open_keep(key_serial_t keep, gid_t gid,
                             struct keyring_session *keys);
int __wrap_keyring_forget(const struct keyring_session *keys,
                          key_serial_t shard);

int
__wrap_session_begin(struct session_table *table, key_serial_t keep,
                     const char *expected_id, const struct session *who,
                     const struct provider_tokens *tokens,
                     struct session **ret_session)
{
    (void)table;
    (void)tokens;
    assert_int_equal(keep, 702);
    assert_string_equal(expected_id, ASK_ID);
    assert_int_equal(who->uid, ASK_UID);
    fixture_note("begin");
    if (fixture->begin_error != 0)
        return fixture->begin_error;
    strcpy(fixture->session.ticket, ASK_TICKET);
    *ret_session = &fixture->session;
    return 0;
}

void
__wrap_session_discard(struct session_table *table, const char *provider,
                       const char *user, struct provider_tokens *tokens)
{
    (void)table;
    (void)tokens;
    fixture_note("revoke %s of %s", user, provider);
}

bool
__wrap_session_discard_in(struct session_table *table, key_serial_t keep,
                          const char *expected_id, const struct session *who,
                          const struct provider_tokens *tokens)
{
    (void)table;
    (void)tokens;
    if (!fixture->discard_in)
        return false;
    assert_string_equal(expected_id, ASK_ID);
    fixture_note("revoke %s of %s in %d", who->user, who->provider, keep);
    return true;
}

void
__wrap_session_wait(struct session *session, struct session_waiter *waiter,
                    bool force)
{
    assert_string_equal(session->keys.id, ASK_ID);
    assert_true(force);
    fixture_note("renew");
    if (fixture->begin_wait != WIRE_RESULT_NONE)
        waiter->done(waiter, fixture->begin_wait);
    else
        fixture->waiter = waiter;
}

void
__wrap_session_unwait(struct session *session, struct session_waiter *waiter)
{
    (void)session;
    assert_ptr_equal(waiter, fixture->waiter);
    fixture_note("no renewal");
    fixture->waiter = NULL;
}

void
fixture_waited(enum wire_result result)
{
    struct session_waiter *waiter = fixture->waiter;

    assert_non_null(waiter);
    fixture->waiter = NULL;
    waiter->done(waiter, result);
}

int
__wrap_keyring_open_keep(key_serial_t keep, gid_t gid,
                         struct keyring_session *keys)
{
    (void)gid;
    strcpy(keys->id, ASK_ID);
    keys->keep = keep;
    return 0;
}

int
__wrap_keyring_forget(const struct keyring_session *keys, key_serial_t shard)
{
    (void)shard;
    fixture_note("forget %d", keys->keep);
    return 0;
}

/* ---- time -----------------------------------------------------------------
 */

int __real_event_add(struct event *event, const struct timeval *after);
int __wrap_event_add(struct event *event, const struct timeval *after);

/* What would take seconds is due at once, when the loop runs; not the sweep
 * of the table of sessions. */
int
__wrap_event_add(struct event *event, const struct timeval *after)
{
    /* With no pause at all libevent does not repeat what persists. */
    const struct timeval at_once = {
        0, (event_get_events(event) & EV_PERSIST) != 0 ? 1 : 0};

    return __real_event_add(
        event, after == NULL || after->tv_sec > 10 ? after : &at_once);
}

void
fixture_late(void)
{
    event_base_loop(fixture->daemon.base, EVLOOP_NONBLOCK);
}
