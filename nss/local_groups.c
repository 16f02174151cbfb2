/* SPDX-License-Identifier: BSD-2-Clause */
#include "local_groups.h"

#include "file.h"
#include "wire/memory.h"

/* A line that is being read: NAME, ':' and so far the digits of a number. */
struct line {
    bool in_number, broken;
    unsigned digits;
    gid_t gid;
};

/* Take one byte; true at the end of a good line. */
static bool
line_take(struct line *line, char byte)
{
    if (byte == '\n')
        return line->in_number && !line->broken && line->digits > 0;
    if (!line->in_number) {
        line->in_number = byte == ':';
    } else if (byte >= '0' && byte <= '9' && line->gid < PEOPLE_ID_FLOOR) {
        line->gid = line->gid * 10 + (gid_t)(byte - '0');
        line->digits++;
    } else {
        line->broken = true;
    }
    return false;
}

/* A last line without its newline does not count: its number may go on. */
static void
read_list(struct local_groups *groups)
{
    cleanup_close int fd = -1;
    struct line line = {0};
    struct stat status;
    char bytes[256];
    off_t at = 0;

    groups->read = true;
    if (file_open(PEOPLE_LOCAL_GROUPS, 0, &fd, &status) < 0)
        return;
    while (at < status.st_size) {
        size_t length = sizeof(bytes);

        if (status.st_size - at < (off_t)length)
            length = (size_t)(status.st_size - at);
        if (file_read(fd, bytes, length, (uint64_t)at) < 0)
            return;
        for (size_t i = 0; i < length; i++) {
            if (groups->count == PEOPLE_LOCAL_GROUPS_MAX)
                return;
            if (line_take(&line, bytes[i]) && line.gid < PEOPLE_ID_FLOOR)
                groups->gids[groups->count++] = line.gid;
            if (bytes[i] == '\n')
                line = (struct line){0};
        }
        at += (off_t)length;
    }
}

bool
local_groups_allow(struct local_groups *groups, gid_t gid)
{
    if (gid >= PEOPLE_ID_FLOOR)
        return people_id_valid(gid);
    if (!groups->read)
        read_list(groups);
    for (size_t i = 0; i < groups->count; i++)
        if (groups->gids[i] == gid)
            return true;
    return false;
}
