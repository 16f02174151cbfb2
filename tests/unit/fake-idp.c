/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake-idp.h"

#include <err.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signind/log.h"

struct fake_text {
    char *text;
    struct fake_text *next;
};

struct fake_idp {
    pid_t pid;
    FILE *to, *from;
    char directory[64];
    unsigned port[FAKE_PORTS];
    struct fake_text *texts;
};

char fake_log[4096];

/* The daemon's own log is not linked: a test looks at the words alone. */
void
log_line(int priority, const char *format, ...)
{
    va_list arguments;

    (void)priority;
    va_start(arguments, format);
    vsnprintf(fake_log, sizeof(fake_log), format, arguments);
    va_end(arguments);
}

const char *
fake_idp_keep(const struct fake_idp *idp, char *text)
{
    struct fake_text *kept = calloc(1, sizeof(*kept));
    struct fake_idp *owner;

    if (text == NULL || kept == NULL)
        err(1, "fake_idp_keep");
    /* Only the list changes: not what a caller can see. */
    memcpy(&owner, &idp, sizeof(owner));
    kept->text = text;
    kept->next = owner->texts;
    owner->texts = kept;
    return text;
}

static const char *__attribute__((format(printf, 2, 3)))
fake_idp_print(const struct fake_idp *idp, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        err(1, "fake_idp_print");
    va_end(arguments);
    return fake_idp_keep(idp, text);
}

static void
fake_idp_spawn(struct fake_idp *idp)
{
    int in[2], out[2];

    if (pipe(in) < 0 || pipe(out) < 0)
        err(1, "pipe");
    idp->pid = fork();
    if (idp->pid < 0)
        err(1, "fork");
    if (idp->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        closefrom(3);
        execlp("python3", "python3", ZOO, idp->directory, NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    idp->to = fdopen(in[1], "w");
    idp->from = fdopen(out[0], "r");
    if (idp->to == NULL || idp->from == NULL)
        err(1, "fdopen");
}

struct fake_idp *
fake_idp_start(void)
{
    struct fake_idp *idp = calloc(1, sizeof(*idp));
    unsigned *port;

    if (idp == NULL)
        err(1, "fake_idp_start");
    signal(SIGPIPE, SIG_IGN);
    strcpy(idp->directory, "/tmp/signin-zoo-XXXXXX");
    if (mkdtemp(idp->directory) == NULL)
        err(1, "mkdtemp");
    fake_idp_spawn(idp);
    port = idp->port;
    if (fscanf(idp->from, "ready %u %u %u %u %u %u", &port[FAKE_GOOD],
               &port[FAKE_WRONG_NAME], &port[FAKE_UNTRUSTED],
               &port[FAKE_MUTUAL], &port[FAKE_PLAIN], &port[FAKE_HTTP2]) != 6 ||
        fgetc(idp->from) != '\n')
        errx(1, "zoo.py did not start: it needs python3 and openssl");
    return idp;
}

void
fake_idp_stop(struct fake_idp *idp)
{
    int status;

    if (idp == NULL)
        return;
    fclose(idp->to);
    fclose(idp->from);
    /* It sees the end of its input, and removes the directory. */
    waitpid(idp->pid, &status, 0);
    while (idp->texts != NULL) {
        struct fake_text *next = idp->texts->next;

        free(idp->texts->text);
        free(idp->texts);
        idp->texts = next;
    }
    free(idp);
}

const char *
fake_idp_file(const struct fake_idp *idp, const char *name)
{
    return fake_idp_print(idp, "%s/%s", idp->directory, name);
}

const char *
fake_idp_url(const struct fake_idp *idp, enum fake_port port, const char *path)
{
    return fake_idp_print(idp, "%s://localhost:%u%s",
                          port == FAKE_PLAIN ? "http" : "https",
                          idp->port[port], path);
}

/* One line of answer, which is a number unless it is "ok". */
static size_t
fake_idp_reply(struct fake_idp *idp)
{
    char line[64];

    if (fgets(line, sizeof(line), idp->from) == NULL)
        errx(1, "zoo.py has gone");
    return (size_t)strtoul(line, NULL, 10);
}

static size_t __attribute__((format(printf, 2, 3)))
fake_idp_ask(struct fake_idp *idp, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(idp->to, format, arguments);
    va_end(arguments);
    fflush(idp->to);
    return fake_idp_reply(idp);
}

void
fake_idp_answer_bytes(struct fake_idp *idp, const char *mode, const void *bytes,
                      size_t length)
{
    fprintf(idp->to, "answer %s %zu\n", mode, length);
    fwrite(bytes, 1, length, idp->to);
    fflush(idp->to);
    fake_idp_reply(idp);
}

void
fake_idp_answer(struct fake_idp *idp, const char *mode, const char *text)
{
    fake_idp_answer_bytes(idp, mode, text, strlen(text));
}

void
fake_idp_say(struct fake_idp *idp, unsigned status, const char *headers,
             const char *body)
{
    fake_idp_answer(idp, "keep",
                    fake_idp_print(idp,
                                   "HTTP/1.1 %u Said\r\n%s"
                                   "Content-Length: %zu\r\n\r\n%s",
                                   status, headers, strlen(body), body));
}

unsigned
fake_idp_requests(struct fake_idp *idp)
{
    return (unsigned)fake_idp_ask(idp, "requests\n");
}

unsigned
fake_idp_repeats(struct fake_idp *idp)
{
    return (unsigned)fake_idp_ask(idp, "repeats\n");
}

const char *
fake_idp_request(struct fake_idp *idp, unsigned n)
{
    size_t length = fake_idp_ask(idp, "request %u\n", n);
    char *text = calloc(1, length + 1);

    if (text == NULL || fread(text, 1, length, idp->from) != length)
        errx(1, "zoo.py has gone");
    return fake_idp_keep(idp, text);
}

unsigned
fake_idp_connection(struct fake_idp *idp, unsigned n)
{
    return (unsigned)fake_idp_ask(idp, "connection %u\n", n);
}

void
fake_idp_reset(struct fake_idp *idp)
{
    fake_idp_ask(idp, "reset\n");
}
