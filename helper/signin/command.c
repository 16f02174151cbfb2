/* SPDX-License-Identifier: BSD-2-Clause */
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#define OPTION_MIN_VALID 1U
#define OPTION_JSON      2U
#define OPTION_SESSION   4U
#define TAKES_NAME       8U
#define OPTION_USER      16U
#define OPTION_PROVIDER  32U
#define OPTION_REFRESH   64U
#define OPTION_FORGET    128U

static const struct command {
    const char *name, *usage, *summary;
    unsigned takes;
    enum status (*run)(const struct arguments *arguments);
} commands[] = {
    {"token", "token [--min-valid SECONDS]", "print the session's access token",
     OPTION_MIN_VALID, command_token},
    {"header", "header [--min-valid SECONDS]",
     "print it as an HTTP Authorization header", OPTION_MIN_VALID,
     command_header},
    {"get", "get NAME", "print a further field that the session keeps",
     TAKES_NAME, command_get},
    {"status", "status [--json]", "show the session and its token", OPTION_JSON,
     command_status},
    {"refresh", "refresh", "renew the token now", 0, command_refresh},
    {"logout", "logout [--session]",
     "end the session's tokens; with --session, the login too", OPTION_SESSION,
     command_logout},
    {"sessions", "sessions [--json]", "list this host's sessions (root)",
     OPTION_JSON, command_sessions},
    {"users", "users [--refresh] [--json] | --forget NAME",
     "list the directories' users (root)",
     OPTION_REFRESH | OPTION_JSON | OPTION_FORGET, command_users},
    {"user", "user NAME [--json]", "show where a user's data came from (root)",
     TAKES_NAME | OPTION_JSON, command_user},
    {"groups", "groups [--json]", "list the directories' groups (root)",
     OPTION_JSON, command_groups},
    {"ssh-keys", "ssh-keys USER", "print a user's keys, for sshd(8)",
     TAKES_NAME, command_ssh_keys},
    {"check", "check [--user NAME] [--provider NAME] [--json]",
     "check the configuration and its providers",
     OPTION_USER | OPTION_PROVIDER | OPTION_JSON, command_check},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

enum status
command_print(const struct text *text)
{
    int r = text_print(text, STDOUT_FILENO);

    if (r == 0)
        return STATUS_OK;
    text_complain("cannot write to standard output: %s; do not use what came "
                  "out before",
                  strerror(-r));
    return STATUS_FAILURE;
}

static enum status
print_help(void)
{
    cleanup_text struct text text = {0};

    text_add(&text, "usage: signin COMMAND [OPTION...]\n\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        text_add(&text, "  ");
        text_add_column(&text, commands[i].usage, 31);
        /* What is too long for its column has a line of its own. */
        if (strlen(commands[i].usage) >= 31) {
            text_add(&text, "\n  ");
            text_add_column(&text, "", 31);
        }
        text_format(&text, "%s\n", commands[i].summary);
    }
    text_add(&text, "\nExit status: 0 done, 1 failure, 2 usage, 3 no session, "
                    "4 expired (try again),\n5 refused (sign in again), 6 "
                    "signind not reachable, 7 not permitted, 8 too\nshort for "
                    "--min-valid, 9 unknown user; check has others.  More in "
                    "signin(1).\n");
    return command_print(&text);
}

static enum status
print_version(void)
{
    cleanup_text struct text text = {0};

    text_add(&text, "signin " PACKAGE_VERSION "\n");
    return command_print(&text);
}

/* Decimal digits alone, 0 to MIN_VALID_MAX_S. */
static bool
parse_seconds(const char *text, int64_t *ret_seconds)
{
    int64_t seconds = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        seconds = seconds * 10 + (*text - '0');
        if (seconds > MIN_VALID_MAX_S)
            return false;
    }
    *ret_seconds = seconds;
    return true;
}

static enum status
complain_usage(const struct command *command)
{
    text_complain("usage: signin %s", command->usage);
    return STATUS_USAGE;
}

/* One option of those that the command takes; optarg is its value. */
static enum status
take_option(unsigned option, struct arguments *ret_arguments)
{
    switch (option) {
    case OPTION_JSON:
        ret_arguments->json = true;
        return STATUS_OK;
    case OPTION_SESSION:
        ret_arguments->session = true;
        return STATUS_OK;
    case OPTION_USER:
        ret_arguments->user = optarg;
        return STATUS_OK;
    case OPTION_PROVIDER:
        ret_arguments->provider = optarg;
        return STATUS_OK;
    case OPTION_REFRESH:
        ret_arguments->refresh = true;
        return STATUS_OK;
    case OPTION_FORGET:
        ret_arguments->forget = optarg;
        return STATUS_OK;
    case OPTION_MIN_VALID:
        ret_arguments->min_valid_given = true;
        if (parse_seconds(optarg, &ret_arguments->min_valid_s))
            return STATUS_OK;
        text_complain("--min-valid takes whole seconds, 0 to 31536000,"
                      " not \"%s\"",
                      optarg);
        return STATUS_USAGE;
    default:
        return STATUS_USAGE;
    }
}

/* The options up to the next other word. */
static enum status
parse_options(const struct command *command, int argc, char **argv,
              struct arguments *ret_arguments, bool *ret_help)
{
    static const struct option options[] = {
        {"min-valid", required_argument, NULL, OPTION_MIN_VALID},
        {"json", no_argument, NULL, OPTION_JSON},
        {"session", no_argument, NULL, OPTION_SESSION},
        {"user", required_argument, NULL, OPTION_USER},
        {"provider", required_argument, NULL, OPTION_PROVIDER},
        {"refresh", no_argument, NULL, OPTION_REFRESH},
        {"forget", required_argument, NULL, OPTION_FORGET},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    enum status status = STATUS_OK;
    int option;

    while (status == STATUS_OK && !*ret_help &&
           (option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
        if (option == 'h')
            *ret_help = true;
        else if (option == '?' || option == ':' ||
                 (command->takes & (unsigned)option) == 0)
            return complain_usage(command);
        else
            status = take_option((unsigned)option, ret_arguments);
    }
    return status;
}

/* argv[0] is the subcommand.  STATUS_OK: *ret_arguments is filled. */
static enum status
parse_arguments(const struct command *command, int argc, char **argv,
                struct arguments *ret_arguments, bool *ret_help)
{
    bool takes_name = (command->takes & TAKES_NAME) != 0;
    enum status status;

    optind = 0; /* glibc: begin anew */
    opterr = 0; /* its messages are not ours */
    status = parse_options(command, argc, argv, ret_arguments, ret_help);
    if (status == STATUS_OK && !*ret_help && takes_name && optind < argc) {
        ret_arguments->name = argv[optind++];
        /* Options may stand behind the name as well. */
        status = parse_options(command, argc, argv, ret_arguments, ret_help);
    }
    if (status != STATUS_OK || *ret_help)
        return status;
    if (optind < argc || (takes_name && ret_arguments->name == NULL) ||
        (ret_arguments->forget != NULL &&
         (ret_arguments->refresh || ret_arguments->json)))
        return complain_usage(command);
    return STATUS_OK;
}

static enum status
run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {0};
    bool help = false;
    enum status status =
        parse_arguments(command, argc, argv, &arguments, &help);

    if (status != STATUS_OK)
        return status;
    return help ? print_help() : command->run(&arguments);
}

enum status
command_main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;

    if (name == NULL) {
        text_complain("say what to do, such as \"signin status\"; signin "
                      "--help lists it all");
        return STATUS_USAGE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return print_help();
    if (strcmp(name, "--version") == 0)
        return print_version();
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return run(&commands[i], argc - 1, argv + 1);
    text_complain("there is no command \"%s\"; signin --help lists them all",
                  name);
    return STATUS_USAGE;
}
