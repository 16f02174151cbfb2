/* SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Is this link a ring "signin:<id>" of ours?  Then its id is in ret_id. */
static bool
find_is_ring(key_serial_t link, gid_t gid, char ret_id[KEYRING_ID_LENGTH + 1])
{
    struct layout_description found;
    const char *id = found.name + strlen(LAYOUT_PREFIX);

    if (layout_describe(link, &found) != 0 || !layout_is_ours(&found, gid) ||
        strcmp(found.type, "keyring") != 0 ||
        strncmp(found.name, LAYOUT_PREFIX, strlen(LAYOUT_PREFIX)) != 0 ||
        !keyring_id_valid(id))
        return false;
    strcpy(ret_id, id);
    return true;
}

/* Learn the pockets that a ring links. */
static int
find_pockets(key_serial_t ring, gid_t gid, struct keyring_session *keys)
{
    key_serial_t *links = NULL;
    size_t count = 0;
    int error = layout_links(ring, &links, &count);

    if (error != 0)
        return error;
    for (size_t i = 0; i < count; i++) {
        struct layout_description found;
        int described = layout_describe(links[i], &found);

        if (described == -EKEYEXPIRED)
            keys->access_token = links[i];
        if (described != 0 || !layout_is_ours(&found, gid) ||
            strcmp(found.type, "user") != 0)
            continue;
        if (strcmp(found.name, KEYRING_ACCESS_TOKEN) == 0)
            keys->access_token = links[i];
        else if (strcmp(found.name, KEYRING_SESSION) == 0)
            keys->session = links[i];
    }
    free(links);
    return 0;
}

int
keyring_walk_session(gid_t gid,
                     int (*each)(const struct keyring_session *keys,
                                 void *context),
                     void *context)
{
    key_serial_t *links = NULL;
    size_t count = 0;
    int result = layout_links(KEY_SPEC_SESSION_KEYRING, &links, &count);

    if (result != 0)
        return result;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct keyring_session keys = {.ring = links[i]};

        if (!find_is_ring(links[i], gid, keys.id))
            continue;
        /* One that cannot be looked into is there all the same: whether it
         * is a stranger's is for each() to doubt. */
        find_pockets(links[i], gid, &keys);
        result = each(&keys, context);
    }
    free(links);
    return result;
}
