/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_modutil.h>

#include "verdict.h"

int
daemon_open(const struct call *call, const char *path, int budget_ms,
            struct daemon *ret_daemon)
{
    struct daemon daemon = DAEMON_INIT;
    const struct passwd *entry = pam_modutil_getpwnam(call->pamh, DAEMON_USER);
    int error;

    /* Without that account only a socket that root listens on will do. */
    error = channel_open(path, entry == NULL ? 0 : entry->pw_uid, &daemon.fd);
    if (error != 0)
        return error;
    daemon.deadline_ms = channel_now_ms() + budget_ms;
    *ret_daemon = daemon;
    return 0;
}

void
daemon_done(struct daemon *daemon)
{
    if (daemon->fd >= 0)
        close(daemon->fd);
    daemon->fd = -1;
}

int
daemon_ask(struct daemon *daemon, const struct message *request,
           enum wire_type expected, struct message *ret_answer)
{
    int error, sent;

    message_init(ret_answer, WIRE_NONE);
    sent = channel_send(daemon->fd, request, daemon->deadline_ms);
    if (sent != 0 && sent != -EPIPE)
        return sent;
    daemon->asked = sent == 0;
    /* A signind that closed without listening may have said why. */
    error = channel_receive(daemon->fd, ret_answer, daemon->deadline_ms);
    if (error != 0)
        return sent != 0 ? sent : error;
    daemon->asked = false;
    if (ret_answer->type == expected || (ret_answer->type == WIRE_VERDICT &&
                                         verdict_result(ret_answer) != WIRE_OK))
        return 0;
    message_done(ret_answer);
    return -EPROTO;
}

static const char *
daemon_explain(int error)
{
    switch (-error) {
    case ENOENT:
    case ECONNREFUSED:
        return "signind is not running; systemctl status signind";
    case EAGAIN:
        return "signind is busy";
    case EACCES:
        return "this program may not use signind's socket";
    case EPERM:
        return "somebody else listens on signind's socket";
    case ETIMEDOUT:
        return "signind has not answered in time";
    case EPIPE:
    case ECONNRESET:
        return "signind has closed the connection; its log says why";
    case EPROTO:
    case EPROTONOSUPPORT:
        return "signind and pam_signin.so do not understand each other; "
               "restart signind after an upgrade";
    default:
        return strerrordesc_np(-error);
    }
}

void
daemon_log_error(const struct call *call, const char *asked, int error)
{
    const char *reason = daemon_explain(error);

    call_log(call, LOG_ERR, "%s for %s: %s", asked, call->service,
             reason != NULL ? reason : "unknown error");
}

int
daemon_find_group(const struct call *call, gid_t *ret_gid, bool *ret_closed)
{
    const struct group *group = pam_modutil_getgrnam(call->pamh, DAEMON_USER);

    if (group == NULL)
        return -ENOENT;
    *ret_gid = group->gr_gid;
    *ret_closed = group->gr_mem == NULL || group->gr_mem[0] == NULL;
    return 0;
}

int
daemon_read_serial(const struct message *answer, enum wire_field field,
                   key_serial_t *ret_serial)
{
    uint64_t number = 0;

    if (!message_number(answer, field, &number) || number == 0 ||
        number > INT32_MAX)
        return -EPROTO;
    *ret_serial = (key_serial_t)number;
    return 0;
}
