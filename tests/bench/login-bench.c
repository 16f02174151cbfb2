/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * login-bench: what one PAM login costs, for each of some PAM services side
 * by side.  tests/bench/login runs it where a signind and its provider are.
 *
 *   login-bench --provider PORT               be that provider, on loopback
 *   login-bench USER PASSWORD SERVICE...      measure; the first is the floor
 *
 * A login is a process of its own: start, authenticate, account, setcred,
 * open, close, setcred, end; from fork to exit.  Printed are the median of the
 * rounds' medians of one login after the other, and logins a second with two
 * at once.  The services take turns.  Asserts nothing.
 *
 * The provider answers at once and always the same, in plain HTTP over
 * connections that are kept: its own time is no part of the question.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

enum {
    ROUNDS = 5,
    RUNS = 100,
    AT_ONCE = 2,
    RUNS_AT_ONCE = 200, /* of each of the two */
    SERVICES_MAX = 8,
    TOKEN_LENGTH = 1500,
    REQUEST_MAX = 65536
};

/* ---- the provider ---------------------------------------------------------
 */

static char answer[4096];
static size_t answer_length;

static void
make_answer(void)
{
    char token[TOKEN_LENGTH + 1], body[3000];

    memset(token, 't', TOKEN_LENGTH);
    token[TOKEN_LENGTH] = '\0';
    snprintf(body, sizeof(body),
             "{\"access_token\":\"%s\",\"refresh_token\":\"r\","
             "\"expires_in\":3600,\"user\":\"alice\"}",
             token);
    answer_length = (size_t)snprintf(answer, sizeof(answer),
                                     "HTTP/1.1 200 OK\r\nContent-Type: "
                                     "application/json\r\nContent-Length: "
                                     "%zu\r\n\r\n%s",
                                     strlen(body), body);
}

/* The length of the first request in text, or 0: not all of it is there. */
static size_t
request_length(const char *text, size_t have)
{
    static const char header[] = "\r\nContent-Length: ";
    const char *end = strstr(text, "\r\n\r\n"), *at = strstr(text, header);
    size_t length;

    if (end == NULL)
        return 0;
    length = (size_t)(end - text) + 4;
    if (at != NULL && at < end)
        length += strtoul(at + sizeof(header) - 1, NULL, 10);
    return length <= have ? length : 0;
}

static void *
serve(void *argument)
{
    char *text = calloc(1, REQUEST_MAX + 1);
    int fd = *(int *)argument;
    size_t have = 0, length;
    ssize_t n;

    free(argument);
    while (text != NULL &&
           (n = read(fd, text + have, REQUEST_MAX - have)) > 0) {
        have += (size_t)n;
        text[have] = '\0';
        while ((length = request_length(text, have)) > 0) {
            if (write(fd, answer, answer_length) < 0)
                have = length;
            memmove(text, text + length, have - length + 1);
            have -= length;
        }
    }
    close(fd);
    free(text);
    return NULL;
}

static _Noreturn void
be_provider(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port =
                                      htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

    make_answer();
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(door, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(door, SOMAXCONN) < 0)
        error(1, errno, "cannot listen at port %s", port);
    for (;;) {
        int *fd = malloc(sizeof(*fd));
        pthread_t thread;

        if (fd == NULL)
            error(1, errno, "no memory");
        *fd = accept(door, NULL, NULL);
        if (*fd < 0)
            error(1, errno, "cannot accept");
        setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        if (pthread_create(&thread, NULL, serve, fd) != 0)
            error(1, 0, "cannot make a thread");
        pthread_detach(thread);
    }
}

/* ---- a login --------------------------------------------------------------
 */

static int
converse(int count, const struct pam_message **messages,
         struct pam_response **ret_answers, void *password)
{
    struct pam_response *answers = calloc((size_t)count, sizeof(*answers));

    if (answers == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++)
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            answers[i].resp = strdup(password);
    *ret_answers = answers;
    return PAM_SUCCESS;
}

static int
log_in_and_out(const char *service, const char *user, char *password)
{
    const struct pam_conv conversation = {converse, password};
    pam_handle_t *handle;
    int r, opened;

    r = pam_start(service, user, &conversation, &handle);
    if (r != PAM_SUCCESS)
        return r;
    r = pam_authenticate(handle, 0);
    if (r == PAM_SUCCESS)
        r = pam_acct_mgmt(handle, 0);
    if (r == PAM_SUCCESS)
        r = pam_setcred(handle, PAM_ESTABLISH_CRED);
    if (r == PAM_SUCCESS) {
        opened = pam_open_session(handle, 0);
        r = opened;
        if (opened == PAM_SUCCESS)
            r = pam_close_session(handle, 0);
        pam_setcred(handle, PAM_DELETE_CRED);
    }
    pam_end(handle, r);
    return r;
}

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* In a process of its own.  Returns the seconds it took. */
static double
time_login(const char *service, const char *user, char *password)
{
    double begun = now_s();
    pid_t child = fork();
    int status, r;

    if (child < 0)
        error(1, errno, "cannot fork");
    if (child == 0) {
        r = log_in_and_out(service, user, password);
        if (r != PAM_SUCCESS)
            fprintf(stderr, "login of %s by %s: %s\n", user, service,
                    pam_strerror(NULL, r));
        _exit(r == PAM_SUCCESS ? 0 : 1);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        error(1, 0, "a login by %s failed", service);
    return now_s() - begun;
}

/* Returns logins a second. */
static double
time_at_once(const char *service, const char *user, char *password)
{
    pid_t children[AT_ONCE];
    double begun = now_s();
    int status;

    for (size_t i = 0; i < AT_ONCE; i++) {
        children[i] = fork();
        if (children[i] < 0)
            error(1, errno, "cannot fork");
        if (children[i] == 0) {
            for (size_t run = 0; run < RUNS_AT_ONCE; run++)
                time_login(service, user, password);
            _exit(0);
        }
    }
    for (size_t i = 0; i < AT_ONCE; i++)
        if (waitpid(children[i], &status, 0) != children[i] || status != 0)
            error(1, 0, "logins at once by %s failed", service);
    return AT_ONCE * RUNS_AT_ONCE / (now_s() - begun);
}

/* ---- the table ------------------------------------------------------------
 */

static int
compare(const void *left, const void *right)
{
    const double *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static double
median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

int
main(int argc, char **argv)
{
    static double one[SERVICES_MAX][RUNS], medians[SERVICES_MAX][ROUNDS];
    static double rates[SERVICES_MAX][ROUNDS];
    size_t services = (size_t)argc - 3;
    double result[SERVICES_MAX];

    if (argc == 3 && strcmp(argv[1], "--provider") == 0)
        be_provider(argv[2]);
    if (argc < 4 || services > SERVICES_MAX)
        error(2, 0, "usage: --provider PORT | USER PASSWORD SERVICE...");
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t run = 0; run < RUNS; run++)
            for (size_t i = 0; i < services; i++)
                one[i][run] = time_login(argv[3 + i], argv[1], argv[2]);
        for (size_t i = 0; i < services; i++) {
            medians[i][round] = median(one[i], RUNS);
            rates[i][round] = time_at_once(argv[3 + i], argv[1], argv[2]);
        }
    }
    printf("%-16s %8s %10s %16s\n", "stack", "ms", "- floor", "2 at once, 1/s");
    for (size_t i = 0; i < services; i++) {
        result[i] = median(medians[i], ROUNDS) * 1e3;
        printf("%-16s %8.2f %10.2f %16.0f\n", argv[3 + i], result[i],
               result[i] - result[0], median(rates[i], ROUNDS));
    }
    return 0;
}
