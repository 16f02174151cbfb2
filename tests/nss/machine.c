/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void
machine_begin(int argc, char **argv)
{
    char *self;

    if (getuid() != 0 || strcmp(STATE, "/var") != 0 ||
        strcmp(RUN, "/run") != 0 || FIXTURE_SANITIZED) {
        puts("1..0 # SKIP needs root, /var, /run, and no sanitizer");
        exit(0);
    }
    if (argc > 1)
        return;
    self = realpath(argv[0], NULL);
    setenv("LD_LIBRARY_PATH", MODULE_FOLDER, 1);
    setenv("LC_ALL", "C", 1);
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    if (self != NULL)
        execl(OWN_ROOT, OWN_ROOT, self, "inside", NULL);
    perror(OWN_ROOT);
    exit(1);
}

static void
write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

void
machine_configure(const char *services)
{
    char text[256];

    snprintf(text, sizeof(text),
             "passwd: %s\ngroup: %s\nshadow: files\ngshadow: files\n"
             "hosts: files\n",
             services, services);
    write_text("/etc/nsswitch.conf", text);
}

/* Run it in a shell; the output, with errors, into output.  Its status. */
int
machine_run(const char *command, char *output)
{
    char line[1024];
    size_t length;
    FILE *pipe;
    int status;

    snprintf(line, sizeof(line), "exec 2>&1; %s", command);
    pipe = popen(line, "re");
    assert_non_null(pipe);
    length = fread(output, 1, MACHINE_OUTPUT_MAX - 1, pipe);
    output[length] = '\0';
    status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
machine_must_run(const char *command)
{
    char output[MACHINE_OUTPUT_MAX];
    int status = machine_run(command, output);

    if (status != 0)
        fail_msg("%s: status %d\n%s", command, status, output);
}

int
machine_enter(void **state)
{
    (void)state;
    umask(022);
    machine_must_run(
        "mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/t && "
        "for d in etc var home; do mkdir /run/t/$d /run/t/w$d && "
        "mount -t overlay -o lowerdir=/$d,upperdir=/run/t/$d,"
        "workdir=/run/t/w$d overlay /$d || exit; done && "
        "rm -rf /var/lib/signin && mkdir -p /var/lib/signin/nss "
        "/run/signin/nss /run/saved && "
        "cp -a /etc/passwd /etc/group /etc/shadow /etc/gshadow /run/saved");
    /* The fixture's relative paths are the real ones from here. */
    return chdir("/");
}

int
machine_leave(void **state)
{
    (void)state;
    signind_stop();
    return 0;
}

int
machine_prepare(void **state)
{
    (void)state;
    signind_stop();
    unlink(PEOPLE_MISSES);
    snapshot_write_usual();
    machine_configure("files systemd signin");
    return 0;
}
