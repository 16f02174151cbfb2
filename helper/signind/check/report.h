/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: what a check finds, for people as it goes along, or as one JSON
 * object at the end.
 *
 * Everything told is shown: no secret may be.  Control characters are written
 * \xNN.  When memory runs out the report remembers so, and report_close()
 * says it.
 */
#ifndef SIGNIN_REPORT_H
#define SIGNIN_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit statuses, in the order in which they win. */
enum report_status {
    REPORT_WELL = 0,        /* warnings allowed */
    REPORT_MISTAKE = 1,     /* in the configuration */
    REPORT_USAGE = 2,       /* the command line */
    REPORT_UNREACHABLE = 4, /* a provider, or its certificate is refused */
    REPORT_REFUSED = 5      /* the sign-in, or what followed it */
};

struct report {
    FILE *out;
    bool json; /* print nothing but the object */
    bool out_of_memory;
    bool mistake, usage, unreachable, refused;
    unsigned mistakes;
    const char *place; /* "provider" or "directory" */
    json_t *root;      /* owned */
    json_t *provider;  /* or directory; the rest is borrowed from root */
    json_t *sign_in;   /* what has requests: a sign-in, or the directory */
    json_t *request;
};

/* out is borrowed. */
void report_open(struct report *report, bool json, FILE *out);

/* A mistake in the configuration.  file may be NULL, line 0: not known. */
void report_mistake(struct report *report, const char *file, unsigned line,
                    const char *message);

/* The command line asks for what is not there. */
void report_usage(struct report *report, const char *message);

/* The configuration has been read. */
void report_configured(struct report *report, size_t providers);

/* name: short and stable, such as "password_grant".  provider may be NULL. */
void report_warning(struct report *report, const char *name,
                    const char *provider, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What follows is about this provider. */
void report_provider(struct report *report, const char *name);
void report_endpoint(struct report *report, const char *origin, bool ok,
                     const char *detail);

/* What follows is about this directory: its endpoints as a provider's, then
 * report_directory_asked(), and requests, each with its steps. */
void report_directory(struct report *report, const char *name);
void report_directory_asked(struct report *report);

/* Of the provider told of last.  Requests follow, each with its steps. */
void report_sign_in(struct report *report, const char *user);
void report_request(struct report *report, const char *name);
void report_step(struct report *report, const char *step, const char *detail);
/* How the request ended: status is REPORT_WELL or what it means. */
void report_request_end(struct report *report, enum report_status status,
                        const char *result, const char *why);
/* The sign-in was not tried, the directory was not asked. */
void report_not_tried(struct report *report, enum report_status status,
                      const char *why);

/* Print what is left to print, free all, return the exit status. */
enum report_status report_close(struct report *report);

#endif
