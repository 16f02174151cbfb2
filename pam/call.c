/* SPDX-License-Identifier: BSD-2-Clause */
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

/*
 * PAM_RHOST may be a name from the other side's DNS: nothing but printable
 * ASCII without blanks reaches a log line or signind.
 */
static void
call_copy_item(const pam_handle_t *pamh, int type,
               char ret_text[CALL_ITEM_MAX + 1])
{
    const void *item = NULL;
    const char *text = "";
    size_t i;

    if (pam_get_item(pamh, type, &item) == PAM_SUCCESS && item != NULL)
        text = item;
    for (i = 0; i < CALL_ITEM_MAX && text[i] != '\0'; i++)
        ret_text[i] = text[i] > ' ' && text[i] < 0x7f ? text[i] : '?';
    ret_text[i] = '\0';
}

void
call_begin(struct call *call, pam_handle_t *pamh, int flags, int argc,
           const char **argv)
{
    call->pamh = pamh;
    call->flags = (unsigned)flags;
    options_parse(pamh, argc, argv, &call->options);
    call_copy_item(pamh, PAM_SERVICE, call->service);
    call_copy_item(pamh, PAM_RHOST, call->rhost);
    call_copy_item(pamh, PAM_TTY, call->tty);
    call->user =
        (struct user){.uid = USER_NO_UID, .gid = USER_NO_GID, .name = ""};
}

int
call_end(const struct call *call, const char *entry, int code)
{
    call_log(call, LOG_DEBUG, "%s returns %d", entry, code);
    return code;
}

static const char *
call_read_user(const struct call *call)
{
    const void *name = NULL;

    if (pam_get_item(call->pamh, PAM_USER, &name) != PAM_SUCCESS)
        return NULL;
    return name;
}

void
call_find_user(struct call *call)
{
    user_check(call->pamh, &call->options, call_read_user(call), &call->user);
}

int
call_ask_user(struct call *call)
{
    const char *name = NULL;
    int code = pam_get_user(call->pamh, &name, NULL);

    if (code == PAM_CONV_AGAIN)
        return PAM_INCOMPLETE; /* an event-driven host calls again */
    if (code != PAM_SUCCESS)
        return code;
    user_check(call->pamh, &call->options, name, &call->user);
    return PAM_SUCCESS;
}

bool
call_user_unchanged(const struct call *call)
{
    const char *name = call_read_user(call);

    return name != NULL && strcmp(name, call->user.name) == 0;
}

void
call_log(const struct call *call, int priority, const char *format, ...)
{
    char text[512];
    va_list arguments;

    if (priority == LOG_DEBUG && !call->options.debug)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    /* A name outside the grammar may be a password typed too early. */
    pam_syslog(call->pamh, priority, "user %s%s%s: %s",
               call->user.name[0] != '\0' ? call->user.name : "(not shown)",
               call->rhost[0] != '\0' ? ", rhost " : "", call->rhost, text);
}

void
call_tell(const struct call *call, int style, const char *text)
{
    if ((call->flags & PAM_SILENT) == 0)
        pam_prompt(call->pamh, style, NULL, "%s", text);
}
