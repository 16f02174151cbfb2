/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "endpoint.h"
#include "sign_in.h"
#include "signind/directory/fetch.h"

/* One question to a directory. */
struct question {
    struct report *report;
    bool done;
    struct provider_result result;
    size_t users;
};

static void __attribute__((format(printf, 3, 4)))
directory_step(struct report *report, const char *step, const char *format, ...)
{
    char detail[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    report_step(report, step, detail);
}

/* fetch NULL: out of memory. */
static void
question_wait(struct check *check, struct question *question,
              const struct fetch *fetch)
{
    if (fetch == NULL)
        question->result = (struct provider_result){.result = WIRE_INTERNAL,
                                                    .why = "out of memory"};
    while (fetch != NULL && !question->done &&
           event_base_loop(check->base, EVLOOP_ONCE) == 0)
        ;
}

static void
question_end(const struct question *question, enum report_status status)
{
    report_request_end(question->report, status,
                       wire_result_name(question->result.result),
                       question->result.why);
}

/* ---- the token and the list
 * ---------------------------------------------------------------
 */

static void
listed(void *context, const struct provider_result *result, size_t users,
       size_t groups, size_t dropped)
{
    struct question *question = context;

    (void)groups;
    (void)dropped;
    question->done = true;
    question->result = *result;
    question->users = users;
}

static void
directory_token(struct check *check, struct fetcher *fetcher)
{
    struct question question = {.report = &check->report};
    const struct fetch_list_calls calls = {.done = listed,
                                           .context = &question};

    report_request(&check->report, directory_request_name(DIRECTORY_TOKEN));
    question_wait(check, &question, fetch_token(fetcher, &calls));
    question_end(&question, sign_in_status(question.result.result));
}

static void
directory_list(struct check *check, struct fetcher *fetcher)
{
    struct question question = {.report = &check->report};
    const struct fetch_list_calls calls = {.done = listed,
                                           .context = &question};

    report_request(&check->report, directory_request_name(DIRECTORY_USERS));
    question_wait(check, &question, fetch_first_page(fetcher, &calls));
    if (question.result.result == WIRE_OK)
        directory_step(&check->report, "users", "%zu on the first page",
                       question.users);
    question_end(&question, sign_in_status(question.result.result));
}

/* ---- the user ---------------------------------------------------------------
 */

static void
tell_groups(struct report *report, const struct person *person)
{
    if (!person->groups_known)
        report_step(report, "groups", "not said");
    else if (person->group_count == 0)
        report_step(report, "groups", "none");
    for (size_t i = 0; i < person->group_count; i++)
        directory_step(report, "group", "%s, id %s", person->groups[i].name,
                       person->groups[i].id);
}

static void
found(void *context, const struct provider_result *result,
      struct person *person)
{
    struct question *question = context;
    struct report *report = question->report;

    question->done = true;
    question->result = *result;
    if (person == NULL)
        return;
    report_step(report, "name", person->name);
    report_step(report, "subject", person->subject);
    report_step(report, "enabled",
                person->enabled ? "yes" : "no: may not sign in");
    if (person->uid != 0)
        directory_step(report, "uid", "%" PRIu32, person->uid);
    if (person->gecos != NULL)
        report_step(report, "gecos", person->gecos);
    if (person->home != NULL)
        report_step(report, "home", person->home);
    if (person->shell != NULL)
        report_step(report, "shell", person->shell);
    if (person->ssh_key_count > 0)
        directory_step(report, "ssh keys", "%zu", person->ssh_key_count);
    tell_groups(report, person);
}

static void
directory_find_user(struct check *check, struct fetcher *fetcher)
{
    struct question question = {.report = &check->report};
    bool elsewhere;

    report_request(&check->report,
                   directory_request_name(DIRECTORY_USER_BY_NAME));
    question_wait(check, &question,
                  fetch_user(fetcher, check->user, found, &question));
    /* Another directory may have the user, or /etc/passwd. */
    elsewhere = question.result.result == WIRE_UNKNOWN_USER;
    question_end(&question, elsewhere ? REPORT_WELL
                                      : sign_in_status(question.result.result));
}

/* ---- the whole --------------------------------------------------------------
 */

static bool
directory_reach(struct check *check, const struct directory_config *directory)
{
    struct endpoint_place place = {
        .name = directory->name,
        .base_url = directory->base_url,
        .tls = &directory->tls,
        .connect_timeout_ms = directory->connect_timeout_ms,
        .request_timeout_ms = directory->request_timeout_ms,
        .request_count = DIRECTORY_REQUESTS,
    };

    _Static_assert(DIRECTORY_REQUESTS <= ENDPOINT_REQUESTS, "room for each");
    for (size_t i = 0; i < DIRECTORY_REQUESTS; i++)
        place.requests[i] = &directory->requests[i].request;
    return endpoint_check(check, &place);
}

static void
directory_ask(struct check *check, const struct config *config,
              const struct directory_config *directory)
{
    struct fetcher *fetcher = fetcher_new(&check->context, config, directory);

    if (fetcher == NULL) {
        report_not_tried(&check->report, REPORT_MISTAKE, "out of memory");
        return;
    }
    if (directory->auth == DIRECTORY_AUTH_CLIENT_CREDENTIALS)
        directory_token(check, fetcher);
    if (fetch_can_list(directory))
        directory_list(check, fetcher);
    if (check->user != NULL && fetch_can_find(directory))
        directory_find_user(check, fetcher);
    fetcher_free(fetcher);
}

void
directory_check_config(struct check *check, const struct config *config,
                       const struct directory_config *directory, bool secrets)
{
    bool well;

    if (!fetch_can_list(directory) && !fetch_can_find(directory))
        return;
    report_directory(&check->report, directory->name);
    well = directory_reach(check, directory);
    report_directory_asked(&check->report);
    if (!secrets)
        report_not_tried(&check->report, REPORT_MISTAKE,
                         check->reads_secrets
                             ? "a secret is missing, see above"
                             : "secrets cannot be read: run this as root");
    else if (!well)
        report_not_tried(&check->report, REPORT_UNREACHABLE,
                         "the directory cannot be reached, see above");
    else
        directory_ask(check, config, directory);
}
