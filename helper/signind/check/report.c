/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "wire/memory.h"

/* Longest text of a warning, in bytes. */
#define REPORT_TEXT_MAX 1024

/* ---- text -----------------------------------------------------------------
 */

/*
 * A JSON string of any bytes: control characters become \xNN, and in what is
 * not UTF-8 all bytes from 0x80 on.  NULL: out of memory.
 */
static json_t *
report_string(const char *text)
{
    size_t length = strlen(text);
    cleanup_free char *clean = malloc(length * 4 + 1);
    json_t *whole = json_string(text);
    bool utf8 = whole != NULL;
    char *to = clean;

    json_decref(whole);
    if (clean == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8))
            to += sprintf(to, "\\x%02x", (unsigned)byte);
        else
            *to++ = *text;
    }
    *to = '\0';
    return json_string(clean);
}

static void
report_set(struct report *report, json_t *object, const char *name,
           json_t *value)
{
    if (object == NULL || value == NULL ||
        json_object_set_new(object, name, value) < 0)
        report->out_of_memory = true;
}

static void
report_set_text(struct report *report, json_t *object, const char *name,
                const char *text)
{
    report_set(report, object, name,
               text == NULL ? json_null() : report_string(text));
}

/* Append an object to a list.  Borrowed; NULL: out of memory. */
static json_t *
report_append(struct report *report, json_t *list)
{
    json_t *object = json_object();

    if (list == NULL || object == NULL ||
        json_array_append_new(list, object) < 0) {
        report->out_of_memory = true;
        return NULL;
    }
    return object;
}

/* The text of a member, as it is to be shown. */
static const char *
report_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

static void __attribute__((format(printf, 2, 3)))
report_print(struct report *report, const char *format, ...)
{
    va_list arguments;

    if (report->json)
        return;
    va_start(arguments, format);
    vfprintf(report->out, format, arguments);
    va_end(arguments);
    /* The next line may take a while, or be a prompt. */
    fflush(report->out);
}

static void
report_fail(struct report *report, enum report_status status)
{
    report->mistake |= status == REPORT_MISTAKE;
    report->usage |= status == REPORT_USAGE;
    report->unreachable |= status == REPORT_UNREACHABLE;
    report->refused |= status == REPORT_REFUSED;
}

/* ---- configuration --------------------------------------------------------
 */

void
report_open(struct report *report, bool json, FILE *out)
{
    json_t *configuration = json_object();

    *report = (struct report){.out = out, .json = json, .root = json_object()};
    /* Set first and last, so that it stands in front. */
    report_set(report, report->root, "ok", json_false());
    report_set(report, configuration, "errors", json_array());
    report_set(report, report->root, "config", configuration);
    report_set(report, report->root, "warnings", json_array());
    report_set(report, report->root, "providers", json_array());
    report_set(report, report->root, "directories", json_array());
}

void
report_mistake(struct report *report, const char *file, unsigned line,
               const char *message)
{
    json_t *list =
        json_object_get(json_object_get(report->root, "config"), "errors");
    json_t *object = report_append(report, list);

    report->mistakes++;
    report_fail(report, REPORT_MISTAKE);
    report_set_text(report, object, "file", file);
    report_set(report, object, "line",
               line == 0 ? json_null() : json_integer((json_int_t)line));
    report_set_text(report, object, "message", message);
    report_print(report, "%s", report_text(object, "file"));
    if (line != 0)
        report_print(report, ":%u", line);
    report_print(report, "%s%s\n", file == NULL ? "" : ": ",
                 report_text(object, "message"));
}

void
report_usage(struct report *report, const char *message)
{
    report_fail(report, REPORT_USAGE);
    report_set_text(report, report->root, "usage", message);
    report_print(report, "%s\n", message);
}

void
report_configured(struct report *report, size_t providers)
{
    if (report->mistakes != 0)
        report_print(report, "configuration: %u mistake%s\n", report->mistakes,
                     report->mistakes == 1 ? "" : "s");
    else
        report_print(report, "configuration: no mistake, %zu provider%s\n",
                     providers, providers == 1 ? "" : "s");
}

void
report_warning(struct report *report, const char *name, const char *provider,
               const char *format, ...)
{
    json_t *object =
        report_append(report, json_object_get(report->root, "warnings"));
    char text[REPORT_TEXT_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    report_set_text(report, object, "name", name);
    report_set_text(report, object, "provider", provider);
    report_set_text(report, object, "message", text);
    report_print(report, "warning: %s%s%s%s\n",
                 provider == NULL ? "" : "provider ",
                 report_text(object, "provider"), provider == NULL ? "" : ": ",
                 report_text(object, "message"));
}

/* ---- providers ------------------------------------------------------------
 */

void
report_provider(struct report *report, const char *name)
{
    report->place = "provider";
    report->provider =
        report_append(report, json_object_get(report->root, "providers"));
    report_set_text(report, report->provider, "name", name);
    report_set(report, report->provider, "endpoints", json_array());
    report_set(report, report->provider, "sign_in", json_null());
}

void
report_directory(struct report *report, const char *name)
{
    report->place = "directory";
    report->provider =
        report_append(report, json_object_get(report->root, "directories"));
    report->sign_in = report->provider;
    report_set_text(report, report->provider, "name", name);
    report_set(report, report->provider, "endpoints", json_array());
    report_set(report, report->provider, "ok", json_true());
    report_set(report, report->provider, "requests", json_array());
}

void
report_directory_asked(struct report *report)
{
    report_print(report, "questions to directory %s:\n",
                 report_text(report->provider, "name"));
}

void
report_endpoint(struct report *report, const char *origin, bool ok,
                const char *detail)
{
    json_t *object =
        report_append(report, json_object_get(report->provider, "endpoints"));

    if (!ok)
        report_fail(report, REPORT_UNREACHABLE);
    report_set_text(report, object, "url_origin", origin);
    report_set(report, object, "ok", json_boolean(ok));
    report_set_text(report, object, "detail", detail);
    report_print(report, "%s %s: %s: %s: %s\n", report->place,
                 report_text(report->provider, "name"),
                 report_text(object, "url_origin"), ok ? "ok" : "failed",
                 report_text(object, "detail"));
}

void
report_sign_in(struct report *report, const char *user)
{
    report->sign_in = json_object();
    report_set(report, report->provider, "sign_in", report->sign_in);
    report_set_text(report, report->sign_in, "user", user);
    report_set(report, report->sign_in, "ok", json_true());
    report_set(report, report->sign_in, "requests", json_array());
    report_print(report, "sign-in of %s at %s:\n",
                 report_text(report->sign_in, "user"),
                 report_text(report->provider, "name"));
}

void
report_request(struct report *report, const char *name)
{
    report->request =
        report_append(report, json_object_get(report->sign_in, "requests"));
    report_set_text(report, report->request, "request", name);
    report_set(report, report->request, "steps", json_array());
    report_print(report, "  %s\n", report_text(report->request, "request"));
}

void
report_step(struct report *report, const char *step, const char *detail)
{
    json_t *object =
        report_append(report, json_object_get(report->request, "steps"));

    report_set_text(report, object, "step", step);
    report_set_text(report, object, "detail", detail);
    report_print(report, "    %s: %s\n", report_text(object, "step"),
                 report_text(object, "detail"));
}

static void
report_sign_in_failed(struct report *report, enum report_status status)
{
    report_fail(report, status);
    if (status != REPORT_WELL)
        report_set(report, report->sign_in, "ok", json_false());
}

void
report_request_end(struct report *report, enum report_status status,
                   const char *result, const char *why)
{
    report_sign_in_failed(report, status);
    report_set(report, report->request, "ok",
               json_boolean(status == REPORT_WELL));
    report_set_text(report, report->request, "result", result);
    report_set_text(report, report->request, "why", why);
    report_print(report, "    -> %s: %s\n",
                 report_text(report->request, "result"),
                 report_text(report->request, "why"));
}

void
report_not_tried(struct report *report, enum report_status status,
                 const char *why)
{
    report_sign_in_failed(report, status);
    report_set_text(report, report->sign_in, "not_tried", why);
    report_print(report, "  not tried: %s\n",
                 report_text(report->sign_in, "not_tried"));
}

enum report_status
report_close(struct report *report)
{
    enum report_status status = REPORT_WELL;

    if (report->mistake || report->out_of_memory)
        status = REPORT_MISTAKE;
    else if (report->usage)
        status = REPORT_USAGE;
    else if (report->unreachable)
        status = REPORT_UNREACHABLE;
    else if (report->refused)
        status = REPORT_REFUSED;
    if (status == REPORT_WELL)
        report_set(report, report->root, "ok", json_true());
    report_print(report, "%s\n",
                 status == REPORT_WELL ? "all is well" : "not well: see above");
    if (report->json &&
        (json_dumpf(report->root, report->out, JSON_INDENT(2)) < 0 ||
         fputc('\n', report->out) == EOF))
        status = REPORT_MISTAKE;
    if (report->out_of_memory)
        fputs("signind: out of memory: this report is not whole\n", stderr);
    if (fflush(report->out) != 0 || ferror(report->out)) {
        fputs("signind: cannot write to standard output\n", stderr);
        status = REPORT_MISTAKE;
    }
    json_decref(report->root);
    *report = (struct report){0};
    return status;
}
