/* SPDX-License-Identifier: BSD-2-Clause */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "enforce/enforce.h"
#include "log.h"
#include "wire/channel.h"
#include "wire/enforce.h"
#include "wire/memory.h"
#include "wire/people.h"

#define ANCHOR_FILE     CHANNEL_DIRECTORY "/anchor"
#define MACHINE_ID_FILE "/etc/machine-id"

/* The first 32 characters of machine-id(5).  Empty or "uninitialized" is an
 * error: containers share root's keyrings, and the name tells them apart. */
static int
prepare_machine_id(char ret_id[KEYRING_ID_LENGTH + 1])
{
    char text[KEYRING_ID_LENGTH + 2] = "";
    FILE *file = fopen(MACHINE_ID_FILE, "re");
    size_t length = 0;

    if (file != NULL) {
        length = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
    }
    text[length] = '\0';
    if (length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
    if (!keyring_id_valid(text)) {
        log_error("%s holds no machine id; run systemd-machine-id-setup, or "
                  "write 32 random hexadecimal digits into it",
                  MACHINE_ID_FILE);
        return -EINVAL;
    }
    memcpy(ret_id, text, KEYRING_ID_LENGTH + 1);
    return 0;
}

/* A directory of this owner.  Never by way of a link, which _signin could have
 * put into what is its own. */
static int
prepare_directory(const char *path, uid_t owner, gid_t group, mode_t mode)
{
    cleanup_close int fd = -1;
    int error = 0;

    if (mkdir(path, mode) != 0 && errno != EEXIST)
        error = -errno;
    if (error == 0) {
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fchown(fd, owner, group) != 0 || fchmod(fd, mode) != 0)
            error = -errno;
    }
    if (error != 0)
        log_error("cannot prepare %s: %s", path, strerror(-error));
    return error;
}

/* RUNSTATEDIR/signin is root's, and the group's to be told apart by (the
 * command takes the gid from it). */
static int
prepare_directories(const struct account *account)
{
    const struct {
        const char *path;
        bool root; /* whose it is */
        mode_t mode;
    } directories[] = {
        {CHANNEL_NSS_DIRECTORY, false, 0755}, {ENFORCE_SESSIONS, true, 0755},
        {ENFORCE_REQUESTS, false, 0700},      {ENFORCE_LOCKED, false, 0700},
        {PEOPLE_STATE, false, 0755},          {PEOPLE_DIRECTORY, false, 0755}};
    int error = prepare_directory(CHANNEL_DIRECTORY, 0, account->gid, 0755);

    for (size_t i = 0;
         error == 0 && i < sizeof(directories) / sizeof(directories[0]); i++)
        error = prepare_directory(
            directories[i].path, directories[i].root ? 0 : account->uid,
            directories[i].root ? 0 : account->gid, directories[i].mode);
    if (error == 0)
        enforce_sweep_sessions();
    return error;
}

static int
prepare_replace(const char *path, const char *text, size_t length)
{
    char new_path[256];
    cleanup_close int fd = -1;

    if (snprintf(new_path, sizeof(new_path), "%s.new", path) >=
        (int)sizeof(new_path))
        return -ENAMETOOLONG;
    fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
              0644);
    /* Others read it, without privilege: whatever the umask is. */
    if (fd < 0 || fchmod(fd, 0644) != 0 ||
        write(fd, text, length) != (ssize_t)length ||
        rename(new_path, path) != 0) {
        int error = -errno;

        log_error("cannot write %s: %s", path, strerror(errno));
        return error;
    }
    return 0;
}

/* The gid of a group in /etc/group itself. */
static int
prepare_find_group(const char *name, gid_t *ret_gid)
{
    FILE *file = fopen("/etc/group", "re");
    struct group *entry;
    int error = -ENOENT;

    if (file == NULL)
        return -errno;
    while (error == -ENOENT && (entry = fgetgrent(file)) != NULL) {
        if (strcmp(entry->gr_name, name) == 0) {
            *ret_gid = entry->gr_gid;
            error = 0;
        }
    }
    fclose(file);
    return error;
}

int
prepare_local_groups(const struct account *account, const struct config *config,
                     const char *path)
{
    const struct text_list *names = &config->accounts.local_groups;
    cleanup_free char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    size_t count = 0;

    if (memory == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        gid_t gid = 0;

        if (!people_name_valid(name) || prepare_find_group(name, &gid) != 0)
            log_warning("[accounts] local_groups: there is no group %s in "
                        "/etc/group; nobody is put into it",
                        name);
        else if (gid == account->gid)
            log_error("[accounts] local_groups: group %s is signind's own: its "
                      "members could read every token; nobody is put into it",
                      name);
        else if (count == PEOPLE_LOCAL_GROUPS_MAX)
            log_warning("[accounts] local_groups: group %s is one too many, "
                        "at most %d are possible; nobody is put into it",
                        name, PEOPLE_LOCAL_GROUPS_MAX);
        else if (fprintf(memory, "%s:%u\n", name, gid) > 0)
            count++;
    }
    if (fclose(memory) != 0)
        return -ENOMEM;
    return prepare_replace(path, text, size);
}

static void
prepare_complain(void *context, const char *file, unsigned line,
                 const char *message)
{
    (void)context;
    (void)file;
    (void)line;
    (void)message;
}

/* Mistakes in the configuration are reported by signind itself, which is
 * started or reloaded next: the list stays as it was. */
static int
prepare_configured(const struct account *account)
{
    struct config *config =
        config_load(&config_default_paths, prepare_complain, NULL);
    int error = 0;

    if (config != NULL)
        error = prepare_local_groups(account, config, PEOPLE_LOCAL_GROUPS);
    config_free(config);
    return error;
}

/* The serial that --prepare has left; 0: none, or nothing to be believed. */
static key_serial_t
prepare_read(void)
{
    char text[32] = "";
    struct stat status;
    int anchor = 0;
    cleanup_close int fd =
        open(ANCHOR_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0 || status.st_uid != 0 ||
        read(fd, text, sizeof(text) - 1) <= 0 ||
        sscanf(text, "%d", &anchor) != 1)
        return 0;
    return anchor;
}

static int
prepare_write(key_serial_t anchor)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%d\n", anchor);

    return prepare_replace(ANCHOR_FILE, text, (size_t)length);
}

/* A key that expired while nobody was there to park it has been collected:
 * make a new one, which only root can. */
static int
prepare_mend(key_serial_t keep, key_serial_t shard, void *context)
{
    const struct account *account = context;
    struct keyring_session keys = {0};
    int error;

    (void)shard;
    if (keyring_open_keep(keep, account->gid, &keys) != 0 ||
        (keys.access_token != 0 && keys.session != 0 && keys.private_key != 0))
        return 0;
    error = keyring_mend(&keys, account->gid);
    if (error == 0)
        log_notice("session %.8s: made its collected keys again", keys.id);
    else
        log_warning("session %.8s: cannot make its collected keys again: %s",
                    keys.id, strerror(-error));
    return 0;
}

/* One at a time: two that find no anchor would make two, and the second link
 * of that name would push out the first with all that hangs from it. */
static int
prepare_lock(void)
{
    int fd = open(CHANNEL_DIRECTORY "/prepare.lock",
                  O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        int error = -errno;

        close(fd);
        fd = error;
    } else if (fd < 0) {
        fd = -errno;
    }
    if (fd < 0)
        log_error("cannot lock %s: %s", CHANNEL_DIRECTORY, strerror(-fd));
    return fd;
}

int
prepare_run(const struct account *account)
{
    cleanup_close int lock = -1;
    struct account mend_for = *account;
    struct keyring_anchor anchor;
    char machine_id[KEYRING_ID_LENGTH + 1];
    int error = prepare_machine_id(machine_id);

    if (error == 0)
        error = prepare_directories(account);
    if (error != 0)
        return error;
    lock = prepare_lock();
    if (lock < 0)
        return lock;
    error = prepare_configured(account);
    if (error != 0)
        return error;
    /* The one that a running signind still holds goes before a new one. */
    keyring_anchor_relink(prepare_read(), machine_id, account->gid);
    error = keyring_anchor_make(machine_id, account->gid, &anchor);
    if (error != 0) {
        log_error("cannot make the keyrings: %s", keyring_error_text(error));
        return error;
    }
    keyring_anchor_walk(&anchor, prepare_mend, &mend_for);
    return prepare_write(anchor.anchor);
}

int
prepare_open_anchor(const struct account *account,
                    struct keyring_anchor *ret_anchor)
{
    char machine_id[KEYRING_ID_LENGTH + 1];
    key_serial_t anchor = prepare_read();
    int error = prepare_machine_id(machine_id);

    if (error != 0)
        return error;
    if (anchor == 0) {
        log_error("%s cannot be read; run signind --prepare as root first",
                  ANCHOR_FILE);
        return -ENOENT;
    }
    error = keyring_anchor_open(anchor, machine_id, account->gid, ret_anchor);
    if (error != 0)
        log_error("the keyring that %s names is not ours (%s); run signind "
                  "--prepare as root",
                  ANCHOR_FILE, strerror(-error));
    return error;
}
