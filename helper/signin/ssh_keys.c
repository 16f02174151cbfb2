/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin ssh-keys: what the directory lists as a user's keys, for sshd's
 * AuthorizedKeysCommand.  sshd logs a status other than 0, and every word on
 * stderr, at each attempt: without keys there is nothing to say.
 */
#include <string.h>

#include "signin/command.h"
#include "signin/daemon.h"
#include "wire/memory.h"

/* One line of authorized_keys(5) cannot hold another. */
static bool
is_line(const char *value)
{
    for (; *value != '\0'; value++)
        if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7f)
            return false;
    return true;
}

static void
add_line(const struct message *item, void *context)
{
    struct text *text = context;
    const char *name = message_text(item, WIRE_NAME),
               *value = message_text(item, WIRE_VALUE);

    if (strcmp(name, "key") != 0 || value == NULL || !is_line(value))
        return;
    text_add(text, value);
    text_add(text, "\n");
}

enum status
command_ssh_keys(const struct arguments *arguments)
{
    cleanup_text struct text text = {0};
    struct answer answer =
        daemon_people(WIRE_KEYS, arguments->name, add_line, &text);

    /* Nobody's keys, and no trouble: disabled, or not allowed in here. */
    if (answer.result == WIRE_UNKNOWN_USER ||
        answer.result == WIRE_ACCOUNT_DISABLED || answer.result == WIRE_DENIED)
        return STATUS_OK;
    /* Some keys of a list that did not end are no answer. */
    if (answer.status != STATUS_OK)
        return daemon_complain(&answer);
    return command_print(&text);
}
