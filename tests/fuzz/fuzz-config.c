/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration file: it loads, or says why not; nothing in between. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "signind/config/config.h"

static unsigned complaints;

static void
complain(void *context, const char *file, unsigned line, const char *message)
{
    (void)context;
    (void)line;
    MUST(file != NULL && message != NULL && message[0] != '\0');
    complaints++;
}

/* One file for all runs of this process. */
static const char *
config_path(void)
{
    static char path[64];

    if (path[0] == '\0') {
        snprintf(path, sizeof(path), "/tmp/signin-fuzz-%d.conf", (int)getpid());
        unlink(path);
    }
    return path;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct config_paths paths = {.vendor = "/nonexistent/vendor",
                                       .vendor_dropins = "/nonexistent/v.d",
                                       .main = config_path(),
                                       .dropins = "/nonexistent/d",
                                       .presets = FUZZ_PRESETS,
                                       .owner = geteuid()};
    struct config *config;
    int fd = open(paths.main,
                  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
    complaints = 0;
    config = config_load(&paths, complain, NULL);
    MUST((config == NULL) == (complaints > 0));
    if (config != NULL) {
        MUST(config->provider_count > 0);
        config_choose(config, NULL, "alice");
        config_access(config, "sshd", "alice");
        config_local_user(config, "alice");
    }
    config_free(config);
    unlink(paths.main);
    return 0;
}
