/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake-directory.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signind/provider/answer.h"

static const char *
fake_secret(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "client") == 0)
        return "s3cret & more";
    return strcmp(name, "key") == 0 ? "api-key-1" : NULL;
}

static char *fake_texts[256];
static size_t fake_text_count;

char *
fake_text(const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL || fake_text_count == 256)
        errx(1, "fake_text");
    fake_texts[fake_text_count++] = copy;
    return copy;
}

static struct template *
fake_template(const char *text, enum template_where where)
{
    const char *mistake = NULL;
    struct template *template = template_parse(text, where, &mistake);

    if (template == NULL)
        errx(1, "%s: %s", text, mistake);
    return template;
}

static void
fake_successes(struct status_list *list, uint16_t from, uint16_t to)
{
    list->ranges = calloc(1, sizeof(*list->ranges));
    if (list->ranges == NULL)
        err(1, "fake_successes");
    list->ranges[0] = (struct status_range){from, to};
    list->count = 1;
}

void
fake_directory_start(struct fake_directory *fake, struct fake_idp *idp)
{
    struct directory_config *directory = &fake->directory;

    *fake = (struct fake_directory){.idp = idp};
    fake_idp_reset(idp);
    fake->base = event_base_new();
    fake->context = (struct provider_context){
        .http = http_new(fake->base),
        .host_name = "host.example",
        .secret = fake_secret,
    };
    if (fake->base == NULL || fake->context.http == NULL)
        errx(1, "fake_directory_start");
    directory->name = fake_text("fake");
    directory->type = DIRECTORY_REST;
    directory->base_url = fake_text(fake_idp_url(idp, FAKE_GOOD, ""));
    directory->attribute.name = fake_text("/name");
    directory->attribute.subject = fake_text("/id");
    directory->group.name = fake_text("/name");
    directory->group.id = fake_text("/id");
    directory->tls.ca_file = fake_text(fake_idp_file(idp, "ca.crt"));
    directory->connect_timeout_ms = 10000;
    directory->request_timeout_ms = 20000;
    directory->max_answer = 1 << 20;
    fake_successes(&directory->missing, 404, 404);
}

void
fake_directory_start_scim(struct fake_directory *fake, struct fake_idp *idp)
{
    struct directory_config *directory = &fake->directory;

    fake_directory_start(fake, idp);
    directory->type = DIRECTORY_SCIM;
    directory->attribute.name = fake_text("/userName");
    directory->attribute.enabled = fake_text("/active");
    directory->group.name = fake_text("/displayName");
    directory->group.members = fake_text("/members");
    directory->group.member = fake_text("/value");
    fake_directory_ask(fake, DIRECTORY_USER_BY_NAME,
                       "/Users?filter=userName%20eq%20%22{{login}}%22",
                       "/Resources");
    fake_directory_ask(fake, DIRECTORY_USERS, "/Users", "/Resources");
    fake_directory_ask(fake, DIRECTORY_GROUPS, "/Groups", "/Resources");
    fake_directory_page(&directory->users_page, PAGE_OFFSET, "startIndex",
                        "count", 2);
    directory->users_page.first = 1;
    directory->groups_page = directory->users_page;
}

void
fake_directory_stop(struct fake_directory *fake)
{
    struct directory_config *directory = &fake->directory;

    fetcher_free(fake->fetcher);
    person_done(&fake->person);
    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++) {
        struct request_config *request = &directory->requests[i].request;

        template_free(request->url);
        template_free(request->authorization);
        template_body_free(request->body);
        free(request->success.ranges);
    }
    template_free(directory->login_name);
    free(directory->missing.ranges);
    source_free(directory->users_page.next);
    source_free(directory->groups_page.next);
    http_free(fake->context.http);
    event_base_free(fake->base);
    while (fake_text_count > 0)
        free(fake_texts[--fake_text_count]);
}

void
fake_directory_ask(struct fake_directory *fake, enum directory_request request,
                   const char *url, const char *items)
{
    struct directory_request_config *config =
        &fake->directory.requests[request];
    char whole[1024];

    snprintf(whole, sizeof(whole), "{{base_url}}%s", url);
    template_free(config->request.url);
    free(config->request.success.ranges);
    config->request.configured = true;
    config->request.method = fake_text("GET");
    config->request.url = fake_template(whole, TEMPLATE_URL);
    config->items = items == NULL ? NULL : fake_text(items);
    fake_successes(&config->request.success, 200, 299);
}

void
fake_directory_body(struct fake_directory *fake, enum directory_request request,
                    enum body_format format, const char *body)
{
    struct request_config *config = &fake->directory.requests[request].request;
    const char *mistake = NULL;

    config->method = fake_text("POST");
    config->format = format;
    config->body = template_body_parse(
        body, format == BODY_JSON ? TEMPLATE_JSON : TEMPLATE_FORM, &mistake);
    if (config->body == NULL)
        errx(1, "%s: %s", body, mistake);
}

void
fake_directory_authorization(struct fake_directory *fake,
                             enum directory_request request, const char *value)
{
    fake->directory.requests[request].request.authorization =
        fake_template(value, TEMPLATE_HEADER);
}

void
fake_directory_login(struct fake_directory *fake, const char *login_name)
{
    fake->directory.login_name = fake_template(login_name, TEMPLATE_PLAIN);
}

void
fake_directory_client(struct fake_directory *fake, enum client_auth auth)
{
    struct directory_config *directory = &fake->directory;

    directory->auth = DIRECTORY_AUTH_CLIENT_CREDENTIALS;
    directory->client_id = fake_text("dir&1");
    directory->client_secret = fake_text("client");
    directory->client_auth = auth;
    directory->scope = fake_text("read all");
    fake_directory_ask(fake, DIRECTORY_TOKEN, "/token", NULL);
    fake_directory_body(fake, DIRECTORY_TOKEN, BODY_FORM,
                        "grant_type=client_credentials&scope={{scope}}");
}

void
fake_directory_page(struct page_config *page, enum page_kind kind,
                    const char *parameter, const char *size_parameter,
                    unsigned size)
{
    *page = (struct page_config){
        .kind = kind,
        .parameter = parameter == NULL ? NULL : fake_text(parameter),
        .size_parameter =
            size_parameter == NULL ? NULL : fake_text(size_parameter),
        .size = size,
    };
}

void
fake_directory_next(struct page_config *page, const char *source)
{
    const char *mistake = NULL;

    page->kind = PAGE_NEXT;
    page->next = source_parse(source, &mistake);
    if (page->next == NULL)
        errx(1, "%s: %s", source, mistake);
}

/* ---- fetches ----------------------------------------------------------------
 */

static void
fake_on_done(struct fake_directory *fake, const struct provider_result *result)
{
    if (fake->done)
        errx(1, "done() was called twice");
    fake->done = true;
    fake->result = *result;
    fake->fetch = NULL;
}

static void
fake_user_done(void *context, const struct provider_result *result,
               struct person *person)
{
    struct fake_directory *fake = context;

    fake_on_done(fake, result);
    if ((person != NULL) != (result->result == WIRE_OK))
        errx(1, "a person comes with WIRE_OK and with it alone");
    if (person != NULL) {
        fake->person = *person;
        *person = (struct person){0};
    }
}

static void __attribute__((format(printf, 3, 4)))
fake_note(char *notes, size_t size, const char *format, ...)
{
    size_t length = strlen(notes);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(notes + length, size - length, format, arguments);
    va_end(arguments);
}

static void
fake_list_user(void *context, struct person *person)
{
    struct fake_directory *fake = context;

    fake->seen++;
    fake_note(fake->names, sizeof(fake->names), "%s,", person->name);
    if (fake->on_user != NULL)
        fake->on_user(fake);
    if (fake->seen == fake->cancel_at)
        fetch_cancel(fake->fetch);
}

static void
fake_list_group(void *context, struct person_team *team)
{
    struct fake_directory *fake = context;

    fake_note(fake->members, sizeof(fake->members), "%s=", team->group.name);
    for (size_t i = 0; i < team->member_count; i++)
        fake_note(fake->members, sizeof(fake->members), "%s%s",
                  i == 0 ? "" : " ", team->members[i]);
    fake_note(fake->members, sizeof(fake->members), ";");
}

static void
fake_list_done(void *context, const struct provider_result *result,
               size_t users, size_t groups, size_t dropped)
{
    struct fake_directory *fake = context;

    fake_on_done(fake, result);
    fake->users = users;
    fake->groups = groups;
    fake->dropped = dropped;
}

/* Forget the last fetch. */
static void
fake_begin(struct fake_directory *fake)
{
    if (fake->fetcher == NULL)
        fake->fetcher =
            fetcher_new(&fake->context, &fake->config, &fake->directory);
    if (fake->fetcher == NULL)
        errx(1, "no fetcher");
    person_done(&fake->person);
    fake->person = (struct person){0};
    fake->done = false;
    fake->result = (struct provider_result){0};
    fake->names[0] = fake->members[0] = '\0';
    fake->seen = fake->users = fake->groups = fake->dropped = 0;
}

struct fetch *
fake_find_start(struct fake_directory *fake, const char *name)
{
    fake_begin(fake);
    fake->fetch = fetch_user(fake->fetcher, name, fake_user_done, fake);
    return fake->fetch;
}

struct fetch *
fake_list_start(struct fake_directory *fake)
{
    const struct fetch_list_calls calls = {.on_user = fake_list_user,
                                           .on_group = fake_list_group,
                                           .done = fake_list_done,
                                           .context = fake};

    fake_begin(fake);
    fake->fetch = fetch_list(fake->fetcher, &calls);
    return fake->fetch;
}

void
fake_wait(struct fake_directory *fake)
{
    if (fake->fetch == NULL)
        errx(1, "no fetch, or done() was called too early");
    while (!fake->done)
        if (event_base_loop(fake->base, EVLOOP_ONCE) != 0)
            errx(1, "nothing left to wait for");
}

void
fake_find(struct fake_directory *fake, const char *name)
{
    fake_find_start(fake, name);
    fake_wait(fake);
}

void
fake_list(struct fake_directory *fake)
{
    fake_list_start(fake);
    fake_wait(fake);
}
