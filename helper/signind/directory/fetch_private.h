/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch_private: what the files behind fetch.h share.
 */
#ifndef SIGNIN_FETCH_PRIVATE_H
#define SIGNIN_FETCH_PRIVATE_H

#include <regex.h>
#include <sys/queue.h>

#include "fetch.h"
#include "signind/json.h"
#include "signind/provider/request.h"

/* ---- fetch_person.c, fetch_groups.c, fetch_keys.c: objects ------------------
 */

/* How objects of a directory are read; made once. */
struct person_reader {
    const struct directory_config *directory;
    bool has_pattern;
    regex_t pattern; /* [accounts] name_pattern, of the whole name */
    /* What login_name puts behind the name, "" without login_name; NULL: a
     * login cannot be turned back into a name. */
    char *suffix;
};

/* host_name may be NULL.  0, -EINVAL (the pattern) or -ENOMEM. */
int person_reader_init(struct person_reader *reader,
                       const struct config *config,
                       const struct directory_config *directory,
                       const char *host_name);
void person_reader_done(struct person_reader *reader);

/* Is it a name that somebody of this directory can have? */
bool person_reader_takes(const struct person_reader *reader, const char *name);

/* The login of a name: wipe_free().  NULL: it cannot be made. */
char *person_login(const struct directory_config *directory,
                   const char *host_name, const char *name);

/*
 * Read one user, as fetch_read_user().  asked: NULL, or the name that was
 * asked for, under which the directory has the login; another than that is
 * -EXDEV.
 */
int person_read(const struct person_reader *reader, const json_t *json,
                const char *asked, const char *login, struct person *ret_person,
                const char **ret_why);

/*
 * The groups at attribute.groups.  A list that is not there is not an empty
 * one, but in SCIM (RFC 7643, 2.5).  One that is too long is as if absent.
 * 0 or -ENOMEM.
 */
int person_read_groups(const struct directory_config *directory,
                       const json_t *json, struct person *person);

/* One group of somebody.  0, -EINVAL (no group), -E2BIG (one too many) or
 * -ENOMEM. */
int person_read_group(const struct directory_config *directory,
                      const json_t *json, struct person *person);

/* A group with members.  0, -EINVAL or -ENOMEM. */
int person_read_team(const struct directory_config *directory,
                     const json_t *json, struct person_team *ret_team);

/* The lines of authorized_keys(5) in a string or an array of strings, into
 * person.  What is none is left out.  0 or -ENOMEM. */
int person_read_keys(const json_t *json, struct person *person);

/* ---- fetch_page.c: from one page to the next --------------------------------
 */

struct page_walk {
    const struct page_config *config;
    uint64_t received; /* items so far */
    unsigned pages;    /* answered so far */
    uint64_t total;    /* as the page before said, if it did */
    char *url;         /* of the next page, where answers name it */
    char *origin;      /* scheme, host and port of the first page */
    json_t *first;     /* what the first page began with */
    json_t *last;      /* ... and the last one */
};

void page_walk_done(struct page_walk *walk);

/* Turn a request's bound URL into the next page's.  0, -EINVAL or -ENOMEM. */
int page_walk_url(struct page_walk *walk, char **url);

/*
 * A page has been read, and its items are counted.  identity: pointer to what
 * tells an item from others, or NULL.  total: how many there are in all, or
 * -1.  1: there is another page; 0: that was all; -EINVAL: *ret_why (static)
 * says what is wrong; -ENOMEM.
 */
int page_walk_next(struct page_walk *walk, const char *requested,
                   const json_t *document, const struct http_answer *http,
                   const json_t *items, const char *identity, int64_t total,
                   const char **ret_why);

/* "https://host:port" in lower case, always with the port.  NULL: it is no
 * such URL, or out of memory.  free(3). */
char *page_origin(const char *url);

/* ---- fetch.c, fetch_token.c, fetch_ask.c ------------------------------------
 */

struct fetcher {
    const struct provider_context *context;
    const struct directory_config *directory;
    struct person_reader reader;
    LIST_HEAD(, fetch) fetches;

    /* The client-credentials token. */
    struct secret token;
    int64_t token_until_ms;          /* CLOCK_BOOTTIME */
    unsigned token_generation;       /* counts up with each */
    struct http_request *token_http; /* on its way */
    struct request_secrets token_secrets;
};

struct fetch {
    struct fetcher *fetcher;
    LIST_ENTRY(fetch) link;
    struct event *later; /* goes on, or ends, from the loop */
    struct http_request *http;
    struct request_secrets secrets;
    struct provider_result result;
    bool ended;           /* result is what it ends with */
    bool waits_for_token; /* until the one on its way has come */
    bool has_token;       /* it came just now: good for one request at least */
    bool asked_again;     /* a new token was fetched for this request */
    unsigned token_used;  /* generation of the one it was sent with */
    bool busy;            /* inside a caller's function ... */
    bool cancelled;       /* ... that gave up */
    char *requested;      /* URL of the request under way */
    enum directory_request request;
    /* A document that the request's success list promised. */
    void (*answered)(struct fetch *fetch, json_t *document,
                     const struct http_answer *http);

    /* One user. */
    char *name, *login;
    struct person person;
    fetch_user_done *user_done;
    void *user_context;

    /* A list. */
    struct page_walk walk;
    struct fetch_list_calls calls;
    bool first_page_only, token_only;
    size_t users, groups, dropped;
    const char *dropped_why; /* of the last one; static */
};

/* NULL: out of memory. */
struct fetch *fetch_new(struct fetcher *fetcher);

/* Send fetch->request soon, from the loop. */
void fetch_go_on(struct fetch *fetch);

/* End with fetch->result, soon, from the loop. */
void fetch_end_later(struct fetch *fetch);

/* End now: done() is called.  Only from the loop. */
void fetch_end(struct fetch *fetch);

/* Set the result to what is wrong, and end. */
void fetch_fail(struct fetch *fetch, enum wire_result what, const char *format,
                ...) __attribute__((format(printf, 3, 4)));

/* Behind a caller's function, before which busy was set: false if it gave the
 * fetch up, which is gone then. */
bool fetch_leave(struct fetch *fetch);

/* Send the request, after a token if one is needed.  If that fails the fetch
 * ends from the loop. */
void fetch_send(struct fetch *fetch);

/* The value that REQUEST.answer points to, or NULL. */
const json_t *fetch_items(const struct fetch *fetch, const json_t *document);

/* How many there are in all, where a directory has to say so (RFC 7644,
 * 3.4.2); -1: it does not. */
int64_t fetch_total(const struct fetch *fetch, const json_t *document);

/* Is there a token?  If not, it is asked for, and the fetch goes on when it
 * has come, or ends. */
bool fetch_token_ready(struct fetch *fetch);

/* The token was refused: forget it, unless there is a newer one. */
void fetch_token_refused(struct fetch *fetch);

/* Milliseconds of CLOCK_BOOTTIME. */
int64_t fetch_now_ms(void);

/*
 * What an answer means: WIRE_OK if its status is in the request's success
 * list.  What the directory says of a failure is told, unless one of the
 * secrets that were sent is in it.
 */
enum wire_result fetch_judge(const struct directory_config *directory,
                             enum directory_request request,
                             const struct http_answer *http,
                             const struct request_secrets *secrets,
                             struct provider_result *result);

/* Values of templates, and who asks, but for what depends on the fetch. */
struct template_values fetch_values(const struct fetcher *fetcher,
                                    struct request_secrets *secrets);
struct request_limits fetch_limits(const struct directory_config *directory);

#endif
