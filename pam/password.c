/* SPDX-License-Identifier: BSD-2-Clause */
#include "password.h"

#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "wire/wire.h"

bool
password_is_placeholder(const char *password)
{
    static const char filler[] = "\b\n\r\177INCORRECT";
    size_t i;

    for (i = 0; password[i] != '\0'; i++)
        if (password[i] != filler[i % (sizeof(filler) - 1)])
            return false;
    return i > 0;
}

int
password_ask(const struct call *call, const char **ret_password)
{
    const void *item = NULL;
    int code;

    if (call->options.use_first_pass) {
        code = pam_get_item(call->pamh, PAM_AUTHTOK, &item);
        if (code == PAM_SUCCESS && item == NULL) {
            call_log(call, LOG_NOTICE,
                     "use_first_pass, but no earlier module has asked for a "
                     "password");
            return PAM_AUTH_ERR;
        }
        *ret_password = item;
        return code;
    }
    /* Takes what an earlier module has asked for: try_first_pass. */
    code = pam_get_authtok(call->pamh, PAM_AUTHTOK, ret_password,
                           call->options.prompt);
    return code == PAM_CONV_AGAIN ? PAM_INCOMPLETE : code;
}

int
password_get(const struct call *call, const char **ret_password)
{
    const char *password = NULL;
    int code = password_ask(call, &password);

    if (code != PAM_SUCCESS) {
        call_log(call, LOG_DEBUG, "no password: code %d", code);
        return code;
    }
    if (!call_user_unchanged(call)) {
        call_log(call, LOG_NOTICE,
                 "PAM_USER was changed while the password was asked for");
        return PAM_AUTH_ERR;
    }
    if (password == NULL || password[0] == '\0') {
        call_log(call, LOG_NOTICE, "empty password for %s: not sent anywhere",
                 call->service);
        return PAM_AUTH_ERR;
    }
    if (password_is_placeholder(password)) {
        call_log(call, LOG_NOTICE,
                 "sshd itself refuses this user (its log or sshd_config says "
                 "why): not sent anywhere");
        return PAM_AUTH_ERR;
    }
    if (strlen(password) > WIRE_TEXT_MAX) {
        call_log(call, LOG_NOTICE, "password too long: not sent anywhere");
        return PAM_AUTH_ERR;
    }
    *ret_password = password;
    return PAM_SUCCESS;
}
