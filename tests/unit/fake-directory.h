/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake-directory: a [directory] that points at a fake-idp, and fetches run to
 * their end.  Ends the test program where something fails that no test is
 * about.
 */
#ifndef SIGNIN_FAKE_DIRECTORY_H
#define SIGNIN_FAKE_DIRECTORY_H

#include "fake-idp.h"
#include "signind/directory/fetch.h"

struct fake_directory {
    struct fake_idp *idp;
    struct event_base *base;
    struct provider_context context;
    struct config config;
    struct directory_config directory;
    struct fetcher *fetcher;

    /* What came of the last fetch. */
    bool done;
    struct provider_result result;
    struct person person;
    char names[4096]; /* of a list, each with a comma; "..." when it is full */
    char members[4096]; /* of its groups: "NAME=SUBJECT SUBJECT;" */
    size_t users, groups, dropped;
    size_t seen;      /* calls of on_user */
    size_t cancel_at; /* give the list up at that many; 0: never */
    struct fetch *fetch;
    void (*on_user)(struct fake_directory *fake);
};

/* A REST directory with attributes /name and /id, and nothing to ask yet. */
void fake_directory_start(struct fake_directory *fake, struct fake_idp *idp);
/* One of SCIM, with the built-in requests of config.h. */
void fake_directory_start_scim(struct fake_directory *fake,
                               struct fake_idp *idp);
void fake_directory_stop(struct fake_directory *fake);

/* A string that lives until the program ends. */
char *fake_text(const char *text);

/* url: behind {{base_url}}.  GET, without a body. */
void fake_directory_ask(struct fake_directory *fake,
                        enum directory_request request, const char *url,
                        const char *items);
/* POST with a body. */
void fake_directory_body(struct fake_directory *fake,
                         enum directory_request request,
                         enum body_format format, const char *body);
void fake_directory_authorization(struct fake_directory *fake,
                                  enum directory_request request,
                                  const char *value);
void fake_directory_login(struct fake_directory *fake, const char *login_name);
/* auth = client_credentials, at /token. */
void fake_directory_client(struct fake_directory *fake, enum client_auth auth);
void fake_directory_page(struct page_config *page, enum page_kind kind,
                         const char *parameter, const char *size_parameter,
                         unsigned size);
void fake_directory_next(struct page_config *page, const char *source);

/* What is configured goes into force with the first of these. */
void fake_find(struct fake_directory *fake, const char *name);
void fake_list(struct fake_directory *fake);
/* Start without waiting. */
struct fetch *fake_find_start(struct fake_directory *fake, const char *name);
struct fetch *fake_list_start(struct fake_directory *fake);
void fake_wait(struct fake_directory *fake);

#endif
