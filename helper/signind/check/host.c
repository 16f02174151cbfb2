/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/keyring.h"
#include "signind/log.h"
#include "signind/secrets.h"
#include "wire/memory.h"

#define MACHINE_ID_FILE  "/etc/machine-id"
#define SECRET_DIRECTORY SYSCONFDIR "/signin/secrets"

bool
host_machine_id_valid(const char *path)
{
    char text[KEYRING_ID_LENGTH + 2] = "";
    FILE *file = fopen(path, "re");
    size_t length;

    if (file == NULL)
        return false;
    length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    if (length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
    return keyring_id_valid(text);
}

/* What account_find() says, signind would say too, and not start. */
static void
host_account_line(void *context, int priority, const char *text)
{
    struct check *check = context;

    (void)priority;
    report_warning(&check->report, "account", NULL,
                   "signind will not start here: %s", text);
}

/* One that is there and that signind refuses still owns files. */
static void
host_find_refused_account(struct check *check)
{
    const struct passwd *user = getpwnam(DAEMON_USER);
    const struct group *group = getgrnam(DAEMON_USER);

    if (user != NULL && group != NULL && user->pw_uid != 0)
        check->account = (struct account){user->pw_uid, group->gr_gid};
}

static void
host_find_account(struct check *check)
{
    check->account = (struct account){(uid_t)-1, (gid_t)-1};
    log_divert(host_account_line, check);
    if (account_find(&check->account) != 0)
        host_find_refused_account(check);
    check->reads_secrets = geteuid() == 0 || geteuid() == check->account.uid;
    if (geteuid() == 0 && check->account.uid != (uid_t)-1)
        account_become(&check->account);
    log_divert(NULL, NULL);
}

static void
host_check_secret_directory(struct check *check)
{
    struct stat status;

    if (stat(SECRET_DIRECTORY, &status) != 0)
        return;
    if ((status.st_mode & 0027) != 0 || status.st_uid != 0)
        report_warning(&check->report, "secrets_directory", NULL,
                       "%s is open to others; do: chown root:%s %s; chmod "
                       "0750 %s",
                       SECRET_DIRECTORY, DAEMON_USER, SECRET_DIRECTORY,
                       SECRET_DIRECTORY);
}

void
host_check(struct check *check)
{
    host_find_account(check);
    if (!host_machine_id_valid(MACHINE_ID_FILE))
        report_warning(&check->report, "machine_id", NULL,
                       "signind will not start here: " MACHINE_ID_FILE
                       " holds no machine id; run systemd-machine-id-setup");
    host_check_secret_directory(check);
}

/* "secret /PATH is so": a mistake of that file. */
static void
host_secret_mistake(struct check *check, const char *text)
{
    static const char word[] = "secret ";
    const char *path = text + strlen(word), *rest = strchr(path, ' ');
    cleanup_free char *file = NULL;
    char message[1024];

    if (strncmp(text, "secret /", strlen("secret /")) != 0 || rest == NULL ||
        (file = strndup(path, (size_t)(rest - path))) == NULL) {
        report_mistake(&check->report, NULL, 0, text);
        return;
    }
    /* Or "secret /PATH: why". */
    file[strcspn(file, ":")] = '\0';
    snprintf(message, sizeof(message), "the secret%s%s",
             path[strlen(file)] == ':' ? ":" : "", rest);
    report_mistake(&check->report, file, 0, message);
}

static void
host_secret_line(void *context, int priority, const char *text)
{
    struct check *check = context;

    (void)priority;
    if (check->reads_secrets)
        host_secret_mistake(check, text);
    else
        report_warning(&check->report, "secret", NULL,
                       "as uid %u, who may not read secrets (run this as "
                       "root to check them): %s",
                       geteuid(), text);
}

bool
host_read_secrets(struct check *check, const struct config *config,
                  struct secrets **ret_secrets)
{
    struct secrets *secrets = secrets_new(check->account.gid);
    bool whole;

    if (secrets == NULL) {
        check->report.out_of_memory = true;
        return false;
    }
    log_divert(host_secret_line, check);
    whole = secrets_load(secrets, config) == 0;
    log_divert(NULL, NULL);
    check->context.secret = secrets_get;
    check->context.secret_context = secrets;
    *ret_secrets = secrets;
    return whole;
}
