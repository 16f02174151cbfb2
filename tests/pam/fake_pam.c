/* SPDX-License-Identifier: BSD-2-Clause */
/* libpam, as far as the module uses it. */
#include "fake.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_ext.h>
#include <security/pam_modutil.h>

/* Opaque to the module, so it may be this. */
struct pam_handle {
    char user[64];
    char authtok[8192];
    bool has_authtok;
    char env[128];
    void *data;
    void (*data_cleanup)(pam_handle_t *, void *, int);
    char data_name[64];
    unsigned delay_us;
    char told[2048];
    struct passwd passwd;
    char passwd_name[64];
    struct group group;
    char group_name[16];
    char member[16];
    char *members[2];
};

struct fake fake;
static struct pam_handle handle;

static const struct fake_account accounts[] = {
    {"alice", NULL, FAKE_UID, FAKE_USER_GID},
    {"bob", NULL, 30005, 30005},
    {"root", NULL, 0, 0},
    {"daemon", NULL, 1, 1},
    {"low", NULL, 999, 999},
    {"first", NULL, 1000, 1000},
    {"dynamic", NULL, 61184, 61184},
    {"dynamic-last", NULL, 65519, 65519},
    {"between", NULL, 65520, 65520},
    {"nobody", NULL, 65534, 65534},
    {"minus-one16", NULL, 65535, 65535},
    {"after", NULL, 65536, 65536},
    {"minus-two", NULL, 4294967294U, 100},
    {"minus-three", NULL, 4294967293U, 65536},
    {"foreign", NULL, 2147352576U, 30006},
    {"rooted", NULL, 30006, 0},
    {"staff", NULL, 30006, 50},
    {"gid999", NULL, 30006, 999},
    {"gid1000", NULL, 30006, 1000},
    {"gid65534", NULL, 30006, 65534},
    {"no-gid", NULL, 30006, 4294967295U},
    {"folded", "alice", FAKE_UID, FAKE_USER_GID},
    {"local", NULL, 1500, 4},
    {"twin", NULL, 1500, 1500},
    {"Upper", NULL, 30006, 30006},
    {NULL, NULL, 0, 0},
};

void
fake_reset(void)
{
    fake_end();
    fake = (struct fake){
        .user = "alice",
        .service = "sshd",
        .rhost = "192.0.2.7",
        .tty = "ssh",
        .typed = "correct horse",
        .accounts = accounts,
        .passwd = "root:x:0:0:root:/root:/bin/sh\n"
                  "local:x:1500:1500::/home/local:/bin/sh\n",
        .stat = "4711 (a) (b c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 "
                "18 987654 20 21\n",
        .group_gid = FAKE_GID,
        .pid = 4711,
        .shard_name = "signin:shard:41",
        .keep_id = FAKE_ID,
        .session_keyring = "keyring;30001;30002;3f030000;_ses",
    };
}

pam_handle_t *
fake_handle(void)
{
    return &handle;
}

void
fake_end(void)
{
    if (handle.data_cleanup != NULL)
        handle.data_cleanup(&handle, handle.data, PAM_SUCCESS);
    memset(&handle, 0, sizeof(handle));
    fake_forget_journal();
}

const char *
fake_told(void)
{
    return handle.told;
}

const char *
fake_env(void)
{
    return handle.env[0] == '\0' ? NULL : handle.env;
}

void
fake_set_env(const char *value)
{
    snprintf(handle.env, sizeof(handle.env), "%s", value);
}

bool
fake_has_data(void)
{
    return handle.data != NULL;
}

unsigned
fake_delay_us(void)
{
    return handle.delay_us;
}

/* ---- items ----------------------------------------------------------------
 */

static const char *
current_user(void)
{
    return handle.user[0] != '\0' ? handle.user : fake.user;
}

int
pam_get_item(const pam_handle_t *pamh, int type, const void **item)
{
    (void)pamh;
    switch (type) {
    case PAM_USER:
        *item = current_user();
        return PAM_SUCCESS;
    case PAM_SERVICE:
        *item = fake.service;
        return PAM_SUCCESS;
    case PAM_RHOST:
        *item = fake.rhost;
        return PAM_SUCCESS;
    case PAM_TTY:
        *item = fake.tty;
        return PAM_SUCCESS;
    case PAM_AUTHTOK:
        *item = fake.authtok;
        return PAM_SUCCESS;
    default:
        return PAM_BAD_ITEM;
    }
}

int
pam_get_user(pam_handle_t *pamh, const char **user, const char *prompt)
{
    (void)pamh;
    (void)prompt;
    if (fake.user_conversation != PAM_SUCCESS)
        return fake.user_conversation;
    if (current_user() == NULL) {
        fake_note("ask user");
        fake.user = fake.asked_user;
    }
    *user = current_user();
    return *user == NULL ? PAM_CONV_ERR : PAM_SUCCESS;
}

int
pam_get_authtok(pam_handle_t *pamh, int item, const char **authtok,
                const char *prompt)
{
    (void)pamh;
    (void)item;
    if (fake.authtok != NULL) {
        *authtok = fake.authtok;
        return PAM_SUCCESS;
    }
    fake_note("ask %s", prompt);
    if (fake.conversation != PAM_SUCCESS)
        return fake.conversation;
    if (fake.user_afterwards != NULL)
        snprintf(handle.user, sizeof(handle.user), "%s", fake.user_afterwards);
    if (fake.typed == NULL)
        return PAM_CONV_ERR;
    snprintf(handle.authtok, sizeof(handle.authtok), "%s", fake.typed);
    *authtok = handle.authtok;
    return PAM_SUCCESS;
}

int
pam_prompt(pam_handle_t *pamh, int style, char **response, const char *format,
           ...)
{
    size_t used = strlen(handle.told);
    va_list arguments;

    (void)pamh;
    (void)response;
    used += (size_t)snprintf(handle.told + used, sizeof(handle.told) - used,
                             "%s ", style == PAM_TEXT_INFO ? "info" : "error");
    va_start(arguments, format);
    vsnprintf(handle.told + used, sizeof(handle.told) - used, format,
              arguments);
    va_end(arguments);
    strncat(handle.told, "\n", sizeof(handle.told) - strlen(handle.told) - 1);
    return PAM_SUCCESS;
}

void
pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
    va_list arguments;

    (void)pamh;
    va_start(arguments, format);
    fake_log_line(priority, format, arguments);
    va_end(arguments);
}

int
pam_fail_delay(pam_handle_t *pamh, unsigned int delay_us)
{
    pamh->delay_us = delay_us;
    return PAM_SUCCESS;
}

/* ---- environment and data --------------------------------------------------
 */

const char *
pam_getenv(pam_handle_t *pamh, const char *name)
{
    return strcmp(name, "SIGNIN_TICKET") == 0 && pamh->env[0] != '\0'
               ? pamh->env
               : NULL;
}

int
pam_putenv(pam_handle_t *pamh, const char *variable)
{
    const char *value = strchr(variable, '=');

    if (value == NULL) {
        fake_note("unset ticket");
        pamh->env[0] = '\0';
        return PAM_SUCCESS;
    }
    if (fake.putenv_code != PAM_SUCCESS)
        return fake.putenv_code;
    fake_note("set ticket");
    snprintf(pamh->env, sizeof(pamh->env), "%s", value + 1);
    return PAM_SUCCESS;
}

int
pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
    if (strcmp(pamh->data_name, name) != 0)
        return PAM_NO_MODULE_DATA;
    *data = pamh->data;
    return PAM_SUCCESS;
}

int
pam_set_data(pam_handle_t *pamh, const char *name, void *data,
             void (*cleanup)(pam_handle_t *, void *, int))
{
    if (fake.set_data_code != PAM_SUCCESS)
        return fake.set_data_code;
    if (pamh->data_cleanup != NULL)
        pamh->data_cleanup(pamh, pamh->data, PAM_DATA_REPLACE);
    snprintf(pamh->data_name, sizeof(pamh->data_name), "%s", name);
    pamh->data = data;
    pamh->data_cleanup = cleanup;
    return PAM_SUCCESS;
}

/* ---- accounts ---------------------------------------------------------------
 */

struct passwd *
pam_modutil_getpwnam(pam_handle_t *pamh, const char *name)
{
    const struct fake_account *account;

    for (account = fake.accounts; account->name != NULL; account++) {
        if (strcmp(account->name, name) != 0)
            continue;
        snprintf(pamh->passwd_name, sizeof(pamh->passwd_name), "%s",
                 account->canonical != NULL ? account->canonical
                                            : account->name);
        pamh->passwd = (struct passwd){.pw_name = pamh->passwd_name,
                                       .pw_uid = account->uid,
                                       .pw_gid = account->gid};
        return &pamh->passwd;
    }
    return NULL;
}

struct group *
pam_modutil_getgrnam(pam_handle_t *pamh, const char *name)
{
    if (fake.group_missing || strcmp(name, DAEMON_USER) != 0)
        return NULL;
    snprintf(pamh->member, sizeof(pamh->member), "mallory");
    pamh->members[0] = fake.group_has_member ? pamh->member : NULL;
    snprintf(pamh->group_name, sizeof(pamh->group_name), "%s", name);
    pamh->group = (struct group){.gr_name = pamh->group_name,
                                 .gr_gid = fake.group_gid,
                                 .gr_mem = pamh->members};
    return &pamh->group;
}
