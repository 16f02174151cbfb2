/* SPDX-License-Identifier: BSD-2-Clause */
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "directory.h"
#include "endpoint.h"
#include "host.h"
#include "sign_in.h"
#include "signind/directory/directory.h"
#include "signind/secrets.h"
#include "warnings.h"

static void
check_complain(void *context, const char *file, unsigned line,
               const char *message)
{
    struct check *check = context;

    report_mistake(&check->report, file, line, message);
}

/* The provider that a user's password would go to.  NULL: said why not. */
static const struct provider_config *
check_choose(struct check *check, const struct config *config)
{
    const struct provider_config *provider =
        config_choose(config, check->provider, check->user);

    if (provider == NULL)
        report_usage(&check->report,
                     "no provider is responsible for this user: set "
                     "default_provider, or name one with --provider");
    return provider;
}

static void
check_provider(struct check *check, const struct config *config,
               const struct provider_config *provider, bool signs_in,
               bool secrets)
{
    bool well;

    report_provider(&check->report, provider->name);
    well = endpoint_check_provider(check, provider);
    if (!signs_in)
        return;
    warnings_of_user(&check->report, config, check->user);
    report_sign_in(&check->report, check->user);
    if (!secrets)
        report_not_tried(&check->report, REPORT_MISTAKE,
                         check->reads_secrets
                             ? "a secret is missing, see above"
                             : "secrets cannot be read: run this as root");
    else if (!well)
        report_not_tried(&check->report, REPORT_UNREACHABLE,
                         "the provider cannot be reached, see above");
    else
        sign_in_check(check, provider);
}

static void
check_providers(struct check *check, const struct config *config, bool secrets)
{
    const struct provider_config *chosen =
        check->user == NULL ? NULL : check_choose(check, config);

    for (size_t i = 0; i < config->provider_count; i++) {
        const struct provider_config *provider = &config->providers[i];

        if (check->provider == NULL ||
            strcmp(check->provider, provider->name) == 0)
            check_provider(check, config, provider, provider == chosen,
                           secrets);
    }
}

static void
check_directories(struct check *check, const struct config *config,
                  bool secrets)
{
    for (size_t i = 0; i < config->directory_count; i++) {
        const struct directory_config *directory = &config->directories[i];
        const struct provider_config *provider =
            config_directory_provider(config, directory);

        if (check->provider == NULL ||
            (provider != NULL && strcmp(check->provider, provider->name) == 0))
            directory_check_config(check, config, directory, secrets);
    }
}

/* false: out of memory. */
static bool
check_start(struct check *check, char *host_name, size_t size)
{
    check->base = event_base_new();
    if (check->base == NULL)
        return false;
    check->context.http = http_new(check->base);
    if (gethostname(host_name, size - 1) != 0)
        strcpy(host_name, "localhost");
    check->context.host_name = host_name;
    return check->context.http != NULL;
}

static void
check_config(struct check *check, const struct config *config)
{
    struct secrets *secrets = NULL;
    char host_name[256] = "";
    bool whole = host_read_secrets(check, config, &secrets);

    report_configured(&check->report, config->provider_count);
    warnings_of_config(&check->report, config, "/etc/passwd");
    if (secrets == NULL || !check_start(check, host_name, sizeof(host_name))) {
        check->report.out_of_memory = true;
    } else if (check->provider != NULL &&
               config_provider(config, check->provider) == NULL) {
        report_usage(&check->report,
                     "--provider: there is no [provider] of that name");
    } else {
        check_providers(check, config, whole);
        check_directories(check, config, whole);
    }
    http_free(check->context.http);
    if (check->base != NULL)
        event_base_free(check->base);
    secrets_free(secrets);
}

static int
check_usage(const char *words)
{
    if (words != NULL)
        fprintf(stderr, "signind: %s\n", words);
    fputs("usage: signin check [--user NAME] [--provider NAME] [--json]\n",
          stderr);
    return REPORT_USAGE;
}

/* 0, or the exit status: said what is wrong. */
static int
check_options(struct check *check, bool *ret_json, int count, char **arguments)
{
    static const struct option options[] = {
        {"user", required_argument, NULL, 'u'},
        {"provider", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0}};
    int option;

    optind = 0; /* glibc: begin anew */
    opterr = 0;
    while ((option = getopt_long(count, arguments, "+:", options, NULL)) !=
           -1) {
        if (option == 'u')
            check->user = optarg;
        else if (option == 'p')
            check->provider = optarg;
        else if (option == 'j')
            *ret_json = true;
        else
            return check_usage(NULL);
    }
    if (optind < count)
        return check_usage(NULL);
    if (check->user != NULL && !directory_name_valid(check->user))
        return check_usage("--user: a name is 1 to 32 of a-z, 0-9, '_' and "
                           "'-', and begins with a letter or '_'");
    return 0;
}

int
check_run(int count, char **arguments)
{
    const struct rlimit none = {0, 0};
    struct check check = {0};
    struct config *config;
    bool json = false;
    int status = check_options(&check, &json, count, arguments);

    if (status != 0)
        return status;
    /* A password and tokens pass through. */
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    report_open(&check.report, json, stdout);
    host_check(&check);
    config = config_load(&config_default_paths, check_complain, &check);
    if (config != NULL)
        check_config(&check, config);
    else
        report_configured(&check.report, 0);
    config_free(config);
    return (int)report_close(&check.report);
}
