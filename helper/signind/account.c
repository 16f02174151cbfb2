/* SPDX-License-Identifier: BSD-2-Clause */
#include "account.h"

#include <errno.h>
#include <grp.h>
#include <keyutils.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"

void
account_use_files(void)
{
    static const char *const databases[] = {"passwd", "group", "initgroups"};

    for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++) {
        if (__nss_configure_lookup(databases[i], "files") != 0)
            log_warning("cannot keep NSS to the files for %s: %s", databases[i],
                        strerror(errno));
    }
}

static int
account_find_user(struct account *account)
{
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd *entry;
    bool found = false;

    if (file == NULL)
        return -errno;
    while ((entry = fgetpwent(file)) != NULL) {
        if (strcmp(entry->pw_name, DAEMON_USER) == 0) {
            account->uid = entry->pw_uid;
            found = true;
        }
    }
    fclose(file);
    return found ? 0 : -ENOENT;
}

static int
account_find_group(struct account *account)
{
    FILE *file = fopen("/etc/group", "re");
    struct group *entry;
    int error = -ENOENT;

    if (file == NULL)
        return -errno;
    while (error == -ENOENT && (entry = fgetgrent(file)) != NULL) {
        if (strcmp(entry->gr_name, DAEMON_USER) != 0)
            continue;
        account->gid = entry->gr_gid;
        error = 0;
        if (entry->gr_mem[0] != NULL) {
            log_error("group %s has members (%s): they could read every "
                      "token; remove them",
                      DAEMON_USER, entry->gr_mem[0]);
            error = -EPERM;
        }
    }
    fclose(file);
    return error;
}

/* Nobody else may have the group as primary group. */
static int
account_check_alone(const struct account *account)
{
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd *entry;
    int error = 0;

    if (file == NULL)
        return -errno;
    while (error == 0 && (entry = fgetpwent(file)) != NULL) {
        if (entry->pw_gid != account->gid || entry->pw_uid == account->uid)
            continue;
        log_error("account %s has the group %s: it could read every token; "
                  "give it another group",
                  entry->pw_name, DAEMON_USER);
        error = -EPERM;
    }
    fclose(file);
    return error;
}

int
account_find(struct account *ret_account)
{
    struct account found = {0};
    int error = account_find_user(&found);

    if (error == 0)
        error = account_find_group(&found);
    if (error == -ENOENT)
        log_error("no user and group %s in /etc/passwd and /etc/group; make "
                  "them: useradd --system --user-group --no-create-home "
                  "--shell /usr/sbin/nologin %s",
                  DAEMON_USER, DAEMON_USER);
    if (error == 0 && (found.uid == 0 || found.gid == 0)) {
        log_error("%s must not be root", DAEMON_USER);
        error = -EPERM;
    }
    if (error == 0)
        error = account_check_alone(&found);
    if (error == 0)
        *ret_account = found;
    return error;
}

int
account_become(const struct account *account)
{
    if (setgroups(0, NULL) != 0 ||
        setresgid(account->gid, account->gid, account->gid) != 0 ||
        setresuid(account->uid, account->uid, account->uid) != 0) {
        int error = -errno;

        log_error("cannot become %s: %s", DAEMON_USER, strerror(errno));
        return error;
    }
    if (setuid(0) == 0 || setgid(0) == 0 || getuid() != account->uid ||
        geteuid() != account->uid || getegid() != account->gid) {
        log_error("root was not given up");
        return -EPERM;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    return 0;
}

int
account_drop(const struct account *account)
{
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    int error;

    /* For account_harden(): the last thing that takes a capability. */
    setrlimit(RLIMIT_MEMLOCK, &unlimited);
    error = account_become(account);
    if (error != 0)
        return error;
    /* Whoever started us may read what hangs from our session keyring. */
    if (keyctl_join_session_keyring(NULL) < 0)
        log_warning("cannot join a session keyring of my own: %s",
                    strerror(errno));
    return 0;
}

/*
 * Keep memory out of the swap.  Only under no limit at all: with one,
 * MCL_FUTURE makes a later allocation fail when it is reached.
 */
static void
account_lock_memory(void)
{
    struct rlimit limit = {0, 0};

    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
        limit.rlim_cur == RLIM_INFINITY &&
        mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
        return;
    log_warning("memory is not locked (LimitMEMLOCK is not infinity): a "
                "password or token could reach the swap, unless that is "
                "encrypted");
}

void
account_harden(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        log_warning("cannot forbid core dumps: %s", strerror(errno));
    account_lock_memory();
}
