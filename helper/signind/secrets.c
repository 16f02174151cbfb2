/* SPDX-License-Identifier: BSD-2-Clause */
#include "secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "wire/memory.h"

#define SECRET_MAX       16384
#define SECRET_DIRECTORY SYSCONFDIR "/signin/secrets"

struct entry {
    SLIST_ENTRY(entry) link;
    struct secret value;
    char name[];
};

struct secrets {
    gid_t gid;
    SLIST_HEAD(, entry) entries;
};

struct secrets *
secrets_new(gid_t gid)
{
    struct secrets *secrets = calloc(1, sizeof(*secrets));

    if (secrets == NULL)
        return NULL;
    secrets->gid = gid;
    SLIST_INIT(&secrets->entries);
    return secrets;
}

void
secrets_free(struct secrets *secrets)
{
    struct entry *entry;

    if (secrets == NULL)
        return;
    while ((entry = SLIST_FIRST(&secrets->entries)) != NULL) {
        SLIST_REMOVE_HEAD(&secrets->entries, link);
        secret_done(&entry->value);
        free(entry);
    }
    free(secrets);
}

/* Names become parts of paths. */
static bool
secrets_name_valid(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strlen(name) <= 128 &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                             "WXYZ0123456789._-")] == '\0';
}

/* A file in /etc/signin/secrets must be root's, and readable by root and the
 * group alone. */
static bool
secrets_file_safe(const struct secrets *secrets, const char *path,
                  const struct stat *status)
{
    if (!S_ISREG(status->st_mode)) {
        log_error("secret %s is not a plain file", path);
        return false;
    }
    if (status->st_uid != 0 || (status->st_mode & 07137) != 0 ||
        (status->st_gid != secrets->gid && status->st_gid != 0)) {
        log_error("secret %s may be read or written by others; do: chown "
                  "root:%s %s; chmod 0640 %s",
                  path, DAEMON_USER, path, path);
        return false;
    }
    return true;
}

static int
secrets_read(int fd, const char *path, struct secret *ret_value)
{
    char *buffer = malloc(SECRET_MAX + 1);
    size_t length = 0;
    ssize_t got = 0;
    int error = 0;

    if (buffer == NULL)
        return -ENOMEM;
    while (length <= SECRET_MAX &&
           (got = read(fd, buffer + length, SECRET_MAX + 1 - length)) > 0)
        length += (size_t)got;
    if (length > 0 && buffer[length - 1] == '\n')
        length--;
    if (got < 0 || length > SECRET_MAX || length == 0)
        error = -EINVAL;
    else
        error = secret_set(ret_value, buffer, length);
    if (error != 0)
        log_error("secret %s: empty, unreadable, longer than %d bytes, or not "
                  "a text",
                  path, SECRET_MAX);
    explicit_bzero(buffer, SECRET_MAX + 1);
    free(buffer);
    return error;
}

static int
secrets_open(const struct secrets *secrets, const char *name,
             struct secret *ret_value)
{
    const char *credentials = secure_getenv("CREDENTIALS_DIRECTORY");
    char path[4096];
    struct stat status;
    cleanup_close int fd = -1;

    if (credentials != NULL && credentials[0] == '/') {
        snprintf(path, sizeof(path), "%s/%s", credentials, name);
        fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        /* systemd made that directory, for us alone. */
        if (fd >= 0)
            return secrets_read(fd, path, ret_value);
    }
    snprintf(path, sizeof(path), SECRET_DIRECTORY "/%s", name);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int error = -errno;

        log_error("secret %s cannot be read: %s; write it there (directory "
                  "0750, file 0640, root:%s) or give it with LoadCredential=",
                  path, strerror(errno), DAEMON_USER);
        return error;
    }
    if (!secrets_file_safe(secrets, path, &status))
        return -EPERM;
    return secrets_read(fd, path, ret_value);
}

const char *
secrets_get(void *context, const char *name)
{
    struct secrets *secrets = context;
    struct entry *entry;

    SLIST_FOREACH(entry, &secrets->entries, link)
    {
        if (strcmp(entry->name, name) == 0)
            return entry->value.text;
    }
    if (!secrets_name_valid(name)) {
        log_error("secret \"%s\": a name is letters, digits, '.', '_', '-'",
                  name);
        return NULL;
    }
    entry = calloc(1, sizeof(*entry) + strlen(name) + 1);
    if (entry == NULL)
        return NULL;
    strcpy(entry->name, name);
    if (secrets_open(secrets, name, &entry->value) != 0) {
        free(entry);
        return NULL;
    }
    SLIST_INSERT_HEAD(&secrets->entries, entry, link);
    return entry->value.text;
}

struct load {
    struct secrets *secrets;
    int error;
};

static void
load_one(const char *name, void *context)
{
    struct load *load = context;

    if (name != NULL && secrets_get(load->secrets, name) == NULL)
        load->error = -ENOENT;
}

static void
load_request(const struct request_config *request, struct load *load)
{
    if (!request->configured)
        return;
    template_each_secret(request->url, load_one, load);
    if (request->authorization != NULL)
        template_each_secret(request->authorization, load_one, load);
    if (request->body != NULL)
        template_body_each_secret(request->body, load_one, load);
    for (size_t i = 0; i < request->header_count; i++)
        template_each_secret(request->headers[i].value, load_one, load);
}

static void
load_provider(const struct provider_config *provider, struct load *load)
{
    load_one(provider->client_secret, load);
    load_one(provider->tls.client_key_secret, load);
    if (provider->login_name != NULL)
        template_each_secret(provider->login_name, load_one, load);
    for (size_t kind = 0; kind < REQUEST_KINDS; kind++)
        load_request(&provider->requests[kind], load);
}

static void
load_directory(const struct directory_config *directory, struct load *load)
{
    /* Others ask nobody, and need none. */
    if (directory->type != DIRECTORY_SCIM && directory->type != DIRECTORY_REST)
        return;
    load_one(directory->client_secret, load);
    load_one(directory->tls.client_key_secret, load);
    for (size_t i = 0; i < DIRECTORY_REQUESTS; i++)
        load_request(&directory->requests[i].request, load);
}

int
secrets_load(struct secrets *secrets, const struct config *config)
{
    struct load load = {.secrets = secrets};

    for (size_t i = 0; i < config->provider_count; i++)
        load_provider(&config->providers[i], &load);
    for (size_t i = 0; i < config->directory_count; i++)
        load_directory(&config->directories[i], &load);
    return load.error;
}
