/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin status: the session and its token, from the kernel alone.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "signin/command.h"
#include "signin/daemon.h"
#include "signin/find.h"
#include "signin/json.h"
#include "signin/token.h"
#include "wire/memory.h"

#define SHORT_ID_LENGTH 8
#define KEEP_PREFIX     "keep."

struct view {
    const struct session *session;
    char id[SHORT_ID_LENGTH + 1];
    char *user, *provider, *subject, *state, *reason; /* NULL: not there */
    char *offline; /* signed in offline: "waiting" for tokens, or "lost" */
    int64_t opened_at, refreshed_at, expires_at, state_since;
    bool valid; /* the kernel hands out a token */
    int64_t now;
};

static void
view_done(struct view *view)
{
    wipe_free(view->user);
    wipe_free(view->provider);
    wipe_free(view->subject);
    wipe_free(view->state);
    wipe_free(view->reason);
    wipe_free(view->offline);
}
#define cleanup_view __attribute__((cleanup(view_done)))

static void
fill_view(struct view *view, const struct session *session)
{
    cleanup_token struct token token = {0};

    view->session = session;
    memcpy(view->id, session->keys.id, SHORT_ID_LENGTH);
    view->user = session_text(session, "user");
    view->provider = session_text(session, "provider");
    view->subject = session_text(session, "subject");
    view->state = session_text(session, "state");
    view->reason = session_text(session, "state_reason");
    view->offline = session_text(session, "offline");
    view->opened_at = session_number(session, "opened_at");
    view->refreshed_at = session_number(session, "refreshed_at");
    view->expires_at = session_number(session, "expires_at");
    view->state_since = session_number(session, "state_since");
    view->now = time(NULL);
    view->valid = token_read(session, &token) &&
                  token_lasts(view->expires_at, view->now, 0);
}

static bool
in_state(const struct view *view, const char *state)
{
    return view->state != NULL && strcmp(view->state, state) == 0;
}

static void
add_label(struct text *text, const char *label)
{
    text_add_column(text, label, 12);
}

static void
add_line(struct text *text, const char *label, const char *value)
{
    add_label(text, label);
    text_add_clean(text, value == NULL ? "unknown" : value);
    text_add(text, "\n");
}

static void
add_time_line(struct text *text, const char *label, int64_t epoch_s)
{
    add_label(text, label);
    text_add_time(text, epoch_s);
    text_add(text, "\n");
}

static void
add_token_line(struct text *text, const struct view *view)
{
    add_label(text, "token");
    if (view->valid && view->expires_at == 0) {
        text_add(text, "valid; the provider did not say until when");
    } else if (view->valid) {
        text_add(text, "valid until ");
        text_add_time(text, view->expires_at);
        text_add(text, " (");
        text_add_duration(text, view->expires_at - view->now);
        text_add(text, " left)");
    } else if (view->expires_at != 0 && view->expires_at <= view->now) {
        text_add(text, "expired at ");
        text_add_time(text, view->expires_at);
    } else {
        text_add(text, "none");
    }
    text_add(text, "\n");
}

static void
add_state_line(struct text *text, const struct view *view)
{
    add_label(text, "state");
    if (view->offline != NULL && strcmp(view->offline, "waiting") == 0) {
        text_add(text, "signed in offline; tokens come when provider ");
        text_add_clean(text, view->provider == NULL ? "" : view->provider);
        text_add(text, " answers");
    } else if (view->offline != NULL) {
        text_add(text, "signed in offline; sign in again for tokens");
    } else if (in_state(view, "unavailable")) {
        text_add(text, "provider unreachable since ");
        text_add_time(text, view->state_since);
        text_add(text, "; signind keeps trying");
    } else if (in_state(view, "refused")) {
        text_add(text, "refused by the provider since ");
        text_add_time(text, view->state_since);
        if (view->reason != NULL) {
            text_add(text, ": ");
            text_add_clean(text, view->reason);
        }
        text_add(text, "; sign in again");
    } else {
        text_add_clean(text, view->state == NULL ? "unknown" : view->state);
    }
    text_add(text, "\n");
}

static void
show(struct text *text, const struct view *view)
{
    add_line(text, "user", view->user);
    add_line(text, "provider", view->provider);
    add_line(text, "subject", view->subject);
    add_line(text, "session", view->id);
    add_time_line(text, "signed in", view->opened_at);
    add_token_line(text, view);
    if (view->refreshed_at == 0)
        add_line(text, "refreshed", "not yet");
    else
        add_time_line(text, "refreshed", view->refreshed_at);
    add_state_line(text, view);
}

static void
show_json(struct text *text, const struct view *view)
{
    struct json json = {.out = text};
    char name[sizeof(KEEP_PREFIX) + 64];
    size_t position = 0;

    json_open(&json, '{');
    json_key(&json, "session");
    json_string(&json, view->id);
    json_key(&json, "user");
    json_string(&json, view->user);
    json_key(&json, "uid");
    json_number(&json, session_number(view->session, "uid"));
    json_key(&json, "provider");
    json_string(&json, view->provider);
    json_key(&json, "subject");
    json_string(&json, view->subject);
    json_key(&json, "opened_at");
    json_time(&json, view->opened_at);
    json_key(&json, "refreshed_at");
    json_time(&json, view->refreshed_at);
    json_key(&json, "token_valid");
    json_bool(&json, view->valid);
    json_key(&json, "expires_at");
    json_time(&json, view->expires_at);
    json_key(&json, "lifetime");
    json_time(&json, session_number(view->session, "lifetime"));
    json_key(&json, "state");
    json_string(&json, view->state);
    json_key(&json, "state_since");
    json_time(&json, view->state_since);
    json_key(&json, "state_reason");
    json_string(&json, view->reason);
    json_key(&json, "offline");
    json_string(&json, view->offline);
    json_key(&json, "kept");
    json_open(&json, '[');
    while (record_next(view->session->record, &position, name, sizeof(name)))
        if (strncmp(name, KEEP_PREFIX, strlen(KEEP_PREFIX)) == 0)
            json_string(&json, name + strlen(KEEP_PREFIX));
    json_close(&json, ']');
    json_close(&json, '}');
    text_add(text, "\n");
}

enum status
command_status(const struct arguments *arguments)
{
    cleanup_session struct session session = {0};
    cleanup_view struct view view = {0};
    cleanup_text struct text text = {0};
    enum status status = session_find(&session);

    if (status != STATUS_OK)
        return status;
    fill_view(&view, &session);
    if (arguments->json)
        show_json(&text, &view);
    else
        show(&text, &view);
    status = command_print(&text);
    if (status != STATUS_OK)
        return status;
    if (in_state(&view, "refused")) {
        text_complain("%s", verdict_of_result(WIRE_REFUSED).sentence);
        return STATUS_REFUSED;
    }
    if (view.offline != NULL)
        return daemon_complain_offline(&session);
    if (!view.valid) {
        text_complain("there is no valid token now; \"signin refresh\" asks "
                      "for one");
        return STATUS_EXPIRED;
    }
    return STATUS_OK;
}
