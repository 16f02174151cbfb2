/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <errno.h>
#include <string.h>

#include "signind/fault.h"
#include "signind/log.h"

/* Copy what is known of the person and the place. */
static int
begin_describe(struct session *session, const struct session *who)
{
    int error;

    session->uid = who->uid;
    if ((error = session_set(&session->user, who->user)) == 0 &&
        (error = session_set(&session->provider, who->provider)) == 0 &&
        (error = session_set(&session->service, who->service)) == 0 &&
        (error = session_set(&session->tty, who->tty)) == 0)
        error = session_set(&session->rhost, who->rhost);
    return error;
}

int
session_receive(struct session_table *table, key_serial_t keep,
                const char *expected_id, const struct session *who,
                const struct provider_tokens *tokens)
{
    /* Never in the table; what who has is borrowed. */
    struct session draft = {
        .table = table,
        .state = SESSION_CLOSING,
        .uid = who->uid,
        .user = who->user,
        .provider = who->provider,
        .service = who->service,
        .opened_at_s = session_now_s(),
        .closed_at_s = session_now_s(),
    };
    const char *refresh_token = tokens->refresh_token.text;
    int error = keyring_open_keep(keep, table->gid, &draft.keys);

    if (error != 0)
        return error;
    if (strcmp(draft.keys.id, expected_id) != 0 ||
        session_find(table, expected_id) != NULL)
        return -EPERM;
    return session_write_private(&draft,
                                 refresh_token == NULL ? "" : refresh_token, "",
                                 tokens->access_token.text, 0);
}

/* A session in K, not saved yet. */
static int
begin_new(struct session_table *table, key_serial_t keep,
          const char *expected_id, const struct session *who,
          const char *subject, struct session **ret_session)
{
    struct keyring_session keys = {0};
    struct session *session;
    int error = keyring_open_keep(keep, table->gid, &keys);

    if (error != 0)
        return error;
    /* K must be the one we gave a place to, in this conversation. */
    if (strcmp(keys.id, expected_id) != 0 ||
        session_find(table, expected_id) != NULL)
        return -EPERM;
    session = session_new(table, expected_id);
    if (session == NULL)
        return -ENOMEM;
    session->keys = keys;
    session->shard = who->shard;
    session->state = SESSION_PENDING;
    session->opened_at_s = session_now_s();
    session->ticket_until_s =
        session->opened_at_s + table->config->unclaimed_ticket_s;
    if ((error = begin_describe(session, who)) == 0 &&
        (error = session_set(&session->subject, subject)) == 0 &&
        (error = keyring_id_make(session->ticket)) == 0)
        error = keyring_id_make(session->secret);
    if (error != 0) {
        session_free(session);
        return error;
    }
    *ret_session = session;
    return 0;
}

/* It has been saved, or not. */
static int
begin_end(struct session *session, int error, struct session **ret_session)
{
    fault_point("sign_in.saved");
    /* From here on we give it up ourselves, by its ticket's time: the module's
     * timeout must not take the tokens away unrevoked. */
    if (error == 0)
        error = keyring_timeout(session->keys.keep, 0);
    if (error != 0) {
        session_free(session);
        return error;
    }
    session_schedule(session);
    *ret_session = session;
    return 0;
}

int
session_begin(struct session_table *table, key_serial_t keep,
              const char *expected_id, const struct session *who,
              const struct provider_tokens *tokens,
              struct session **ret_session)
{
    struct session *session = NULL;
    int error =
        begin_new(table, keep, expected_id, who, tokens->subject, &session);

    if (error != 0)
        return error;
    session->expires_at_s = tokens->expires_at_s;
    session->refreshed_at_s = session->opened_at_s;
    session->lifetime_s = tokens->expires_at_s == 0
                              ? 0
                              : tokens->expires_at_s - session->opened_at_s;
    error =
        begin_end(session, session_save_tokens(session, tokens), ret_session);
    if (error == 0)
        circuit_note(table, who->provider,
                     &(const struct provider_result){.result = WIRE_OK});
    return error;
}

int
session_begin_offline(struct session_table *table, key_serial_t keep,
                      const char *expected_id, const struct session *who,
                      const char *subject, struct secret *password,
                      struct session **ret_session)
{
    struct session *session = NULL;
    int error = begin_new(table, keep, expected_id, who, subject, &session);

    if (error != 0)
        return error;
    session->offline = true;
    session->parked = true;
    session->health = HEALTH_UNAVAILABLE;
    session->health_since_s = session->opened_at_s;
    secret_move(&session->password, password);
    error = session_save_private(session, "", 0);
    if (error == 0)
        error = session_save_record(session, NULL);
    return begin_end(session, error, ret_session);
}

bool
session_discard_in(struct session_table *table, key_serial_t keep,
                   const char *expected_id, const struct session *who,
                   const struct provider_tokens *tokens)
{
    const char *access = tokens->access_token.text;
    const char *refresh = tokens->refresh_token.text;
    struct session *session = NULL;
    int error;

    if (keep == 0 || (access == NULL && refresh == NULL) ||
        begin_new(table, keep, expected_id, who, tokens->subject, &session) !=
            0)
        return false;
    session->state = SESSION_CLOSING;
    session->closed_at_s = session->opened_at_s;
    session->expires_at_s = tokens->expires_at_s;
    error = session_write_private(session, refresh == NULL ? "" : refresh, "",
                                  access == NULL ? "" : access, 0);
    if (error == 0)
        error = keyring_timeout(session->keys.keep, 0);
    if (error != 0) {
        session_free(session);
        return false;
    }
    fault_point("discard.saved");
    session_revoke(session);
    return true;
}

/* refused_id: "", or the session whose K has these tokens too. */
static void
discard_for(struct session_table *table, const char *provider, const char *user,
            const char *refused_id, struct provider_tokens *tokens)
{
    struct session *session;
    char id[KEYRING_ID_LENGTH + 1];

    if (tokens == NULL || (tokens->access_token.text == NULL &&
                           tokens->refresh_token.text == NULL))
        return;
    session = keyring_id_make(id) == 0 ? session_new(table, id) : NULL;
    if (session == NULL || session_set(&session->user, user) != 0 ||
        session_set(&session->provider, provider) != 0 ||
        session_set(&session->subject, tokens->subject) != 0) {
        log_error("tokens of %s at provider %s cannot be revoked: out of "
                  "memory; they live until they expire",
                  user, provider);
        session_free(session);
        return;
    }
    strcpy(session->refused_id, refused_id);
    session->expires_at_s = tokens->expires_at_s;
    session->renewable = tokens->refresh_token.text != NULL;
    secret_move(&session->access_token, &tokens->access_token);
    secret_move(&session->refresh_token, &tokens->refresh_token);
    session_close(session, "its tokens have no session");
}

void
session_discard(struct session_table *table, const char *provider,
                const char *user, struct provider_tokens *tokens)
{
    discard_for(table, provider, user, "", tokens);
}

void
session_discard_refused(const struct session *refused,
                        struct provider_tokens *tokens)
{
    discard_for(refused->table, refused->provider, refused->user,
                refused->keys.id, tokens);
}

enum wire_result
session_live(struct session *session, key_serial_t ring)
{
    struct session_table *table = session->table;
    char name[KEYRING_ID_LENGTH + 16];
    int error;

    memcpy(name, "signin:", 8);
    strcat(name, session->keys.id);
    error = keyring_check(ring, "keyring", name, table->gid);
    if (error == 0)
        error =
            keyring_open_keep(session->keys.keep, table->gid, &session->keys);
    if (error != 0 || session->keys.ring != ring) {
        log_warning("session %.8s of %s: the module's ring is not as the "
                    "layout says (%s): revoking",
                    session->keys.id, session->user,
                    error == 0 ? "not in K" : strerror(-error));
        session_close(session, "its keys could not be placed");
        return WIRE_NO_KEYS;
    }
    fault_point("live.begin");
    /* There is nothing to be read yet. */
    if (session->offline)
        keyring_park(&session->keys);
    session->state = SESSION_LIVE;
    session->ticket[0] = '\0';
    session->opened_at_s = session_now_s();
    error = session_save_private(session, NULL, 0);
    fault_point("live.private");
    if (error == 0)
        error = session_save_record(session, NULL);
    if (error != 0) {
        log_error("session %.8s of %s: cannot be written: %s: revoking",
                  session->keys.id, session->user, strerror(-error));
        session_close(session, "its record could not be written");
        return WIRE_NO_KEYS;
    }
    session_schedule(session);
    return WIRE_OK;
}
