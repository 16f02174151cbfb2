/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "keyring.h"

const char *
keyring_error_text(int error)
{
    const char *text;

    if (error == -EDQUOT)
        return "root's key quota is full: see /proc/key-users, raise "
               "kernel.keys.root_maxkeys and kernel.keys.root_maxbytes (in a "
               "user namespace: maxkeys and maxbytes)";
    if (error == -ENOSYS)
        return "no keyrings in this kernel, or a seccomp filter around this "
               "container";
    text = strerrordesc_np(-error);
    return text != NULL ? text : "unknown error";
}
