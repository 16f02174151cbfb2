/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake-idp: a provider for unit tests, which answers what the test says
 * (zoo.py), and a provider configuration that points at it.  Everything here
 * ends the test program when it fails.
 */
#ifndef SIGNIN_FAKE_IDP_H
#define SIGNIN_FAKE_IDP_H

#include <event2/event.h>
#include <stddef.h>

#include "signind/config/config.h"
#include "signind/provider/provider.h"

/* Ports of the server, by what is wrong with it. */
enum fake_port {
    FAKE_GOOD,
    FAKE_WRONG_NAME,
    FAKE_UNTRUSTED,
    FAKE_MUTUAL, /* wants a client certificate */
    FAKE_PLAIN,  /* http */
    FAKE_HTTP2,  /* chooses HTTP/2 where that is offered, and cannot speak it */
    FAKE_PORTS
};

struct fake_idp;

struct fake_idp *fake_idp_start(void);
void fake_idp_stop(struct fake_idp *idp);

/* Path of a file the server made: "ca.crt", "good.pin", "client.key".  All
 * strings live until fake_idp_stop(). */
const char *fake_idp_file(const struct fake_idp *idp, const char *name);
const char *fake_idp_url(const struct fake_idp *idp, enum fake_port port,
                         const char *path);

/* Queue an answer; mode as zoo.py has them. */
void fake_idp_answer_bytes(struct fake_idp *idp, const char *mode,
                           const void *bytes, size_t length);
void fake_idp_answer(struct fake_idp *idp, const char *mode, const char *text);
/* ... a whole one: status, headers ("A: b\r\n" or "") and body; keep. */
void fake_idp_say(struct fake_idp *idp, unsigned status, const char *headers,
                  const char *body);

unsigned fake_idp_requests(struct fake_idp *idp);
/* How many answers have been sent once more (mode again). */
unsigned fake_idp_repeats(struct fake_idp *idp);
/* Request n as it came, and the connection it came on. */
const char *fake_idp_request(struct fake_idp *idp, unsigned n);
unsigned fake_idp_connection(struct fake_idp *idp, unsigned n);
void fake_idp_reset(struct fake_idp *idp);

/* What log_line() was last told. */
extern char fake_log[4096];

/* Keeps a string until the program ends its test: see fake_idp_stop(). */
const char *fake_idp_keep(const struct fake_idp *idp, char *text);

#endif
