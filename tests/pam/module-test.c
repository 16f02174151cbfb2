/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The built module in the real libpam: what a stack makes of its codes, most
 * of all in setcred, where libpam replays what authenticate froze.
 *
 * No signind is asked for anything here: the user exists only in this
 * process, so a signind that runs on the host does not know it either.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <security/pam_appl.h>

#define USER "signin-module-test"

static char directory[] = "/tmp/signin-pam-XXXXXX";

/* libpam's lookups end here: an executable's own symbols come first. */
__attribute__((visibility("default"))) int
getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
           struct passwd **result)
{
    *result = NULL;
    if (strcmp(name, USER) != 0 && strcmp(name, "root") != 0)
        return 0;
    if (strlen(name) >= size)
        return ERANGE;
    strcpy(buffer, name);
    *entry = (struct passwd){.pw_name = buffer,
                             .pw_passwd = buffer,
                             .pw_gecos = buffer,
                             .pw_dir = buffer,
                             .pw_shell = buffer};
    if (strcmp(name, USER) == 0)
        entry->pw_uid = entry->pw_gid = 2000000123;
    *result = entry;
    return 0;
}

/* ---- a stack ----------------------------------------------------------------
 */

struct talk {
    unsigned prompts;
    char text[256];
};

static int
converse(int count, const struct pam_message **messages,
         struct pam_response **ret_responses, void *data)
{
    struct talk *talk = data;
    struct pam_response *responses = calloc((size_t)count, sizeof(*responses));

    if (responses == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF) {
            talk->prompts++;
            responses[i].resp = strdup("wrong");
        }
        snprintf(talk->text, sizeof(talk->text), "%s", messages[i]->msg);
    }
    *ret_responses = responses;
    return PAM_SUCCESS;
}

/* libpam waits two seconds after a failure, but not if the host does. */
static void
no_delay(int code, unsigned delay_us, void *data)
{
    (void)code;
    (void)delay_us;
    (void)data;
}

/* One line of a service file per argument; MODULE stands for the path. */
static void
write_service(const char *text)
{
    static const char word[] = "MODULE";
    char path[64];
    const char *at;
    FILE *file;

    snprintf(path, sizeof(path), "%s/stack", directory);
    file = fopen(path, "we");
    assert_non_null(file);
    while ((at = strstr(text, word)) != NULL) {
        fprintf(file, "%.*s%s", (int)(at - text), text, PAM_MODULE);
        text = at + strlen(word);
    }
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* One handle for the calls of a case. */
struct stack {
    pam_handle_t *handle;
    struct pam_conv conversation;
    struct talk talk;
    int code;
};

static struct stack *
start(const char *user, const char *text)
{
    static struct stack stack;

    memset(&stack, 0, sizeof(stack));
    stack.conversation =
        (struct pam_conv){.conv = converse, .appdata_ptr = &stack.talk};
    write_service(text);
    stack.code = pam_start_confdir("stack", user, &stack.conversation,
                                   directory, &stack.handle);
    assert_int_equal(stack.code, PAM_SUCCESS);
    assert_int_equal(pam_set_item(stack.handle, PAM_FAIL_DELAY,
                                  (const void *)(uintptr_t)no_delay),
                     PAM_SUCCESS);
    return &stack;
}

static void
end(struct stack *stack)
{
    assert_int_equal(pam_end(stack->handle, stack->code), PAM_SUCCESS);
}

#define FORM_JUMP                                                              \
    "auth [success=1 default=ignore] MODULE\n"                                 \
    "auth requisite pam_deny.so\n"                                             \
    "auth required pam_permit.so\n"
#define FORM_SOLE       "auth required MODULE\n"
#define FORM_SUFFICIENT "auth sufficient MODULE\nauth required pam_deny.so\n"
#define FORM_REQUISITE  "auth requisite MODULE\nauth optional pam_permit.so\n"

static const char *const forms[] = {FORM_JUMP, FORM_SOLE, FORM_SUFFICIENT,
                                    FORM_REQUISITE};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* ---- authenticate ----------------------------------------------------------
 */

static void
test_authenticate_fails_closed(void **state)
{
    static const char *const users[] = {USER, "root", "nosuch", "A\nb"};

    (void)state;
    for (size_t form = 0; form < FORMS; form++) {
        for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
            struct stack *stack = start(users[i], forms[form]);

            stack->code = pam_authenticate(stack->handle, PAM_SILENT);
            assert_int_not_equal(stack->code, PAM_SUCCESS);
            assert_null(pam_getenv(stack->handle, "SIGNIN_TICKET"));
            end(stack);
        }
    }
}

static void
test_refused_stays_refused(void **state)
{
    (void)state;
    for (size_t form = 0; form < FORMS; form++) {
        struct stack *stack = start(USER, forms[form]);

        assert_int_not_equal(pam_authenticate(stack->handle, PAM_SILENT),
                             PAM_SUCCESS);
        stack->code = pam_setcred(stack->handle, PAM_ESTABLISH_CRED);
        assert_int_not_equal(stack->code, PAM_SUCCESS);
        end(stack);
    }
}

static void
test_prompt(void **state)
{
    struct stack *stack;

    (void)state;
    if (geteuid() != 0) {
        print_message("another user's password is asked for by root only\n");
        skip();
    }
    stack = start(USER, "auth required MODULE [prompt=Corp password: ]\n");
    stack->code = pam_authenticate(stack->handle, PAM_SILENT);
    assert_int_not_equal(stack->code, PAM_SUCCESS);
    assert_int_equal(stack->talk.prompts, 1);
    assert_string_equal(stack->talk.text, "Corp password: ");
    end(stack);
    stack = start(USER, "auth required MODULE use_first_pass\n");
    stack->code = pam_authenticate(stack->handle, PAM_SILENT);
    assert_int_equal(stack->code, PAM_AUTH_ERR);
    assert_int_equal(stack->talk.prompts, 0);
    end(stack);
}

/* ---- setcred: the frozen chain ----------------------------------------------
 */

static void
test_setcred_without_authenticate(void **state)
{
    static const char *const working[] = {FORM_JUMP, FORM_SOLE, FORM_SUFFICIENT,
                                          FORM_REQUISITE};
    static const int flags[] = {PAM_ESTABLISH_CRED, PAM_REINITIALIZE_CRED,
                                PAM_REFRESH_CRED, PAM_DELETE_CRED};

    (void)state;
    /* sshd with a public key, or with keyboard-interactive. */
    for (size_t form = 0; form < sizeof(working) / sizeof(working[0]); form++) {
        struct stack *stack = start(USER, working[form]);

        for (size_t i = 0; i < 4; i++) {
            stack->code = pam_setcred(stack->handle, flags[i]);
            assert_int_equal(stack->code, PAM_SUCCESS);
        }
        end(stack);
    }
}

static void
test_setcred_after_another_module(void **state)
{
    struct stack *stack = start(
        "root", "auth [success=2 default=ignore] pam_permit.so\n" FORM_JUMP);

    (void)state;
    assert_int_equal(pam_authenticate(stack->handle, PAM_SILENT), PAM_SUCCESS);
    stack->code = pam_setcred(stack->handle, PAM_ESTABLISH_CRED);
    assert_int_equal(stack->code, PAM_SUCCESS);
    end(stack);
}

static void
test_setcred_after_an_ignored_failure(void **state)
{
    struct stack *stack = start("root", "auth optional MODULE\n"
                                        "auth required pam_permit.so\n");

    (void)state;
    assert_int_equal(pam_authenticate(stack->handle, PAM_SILENT), PAM_SUCCESS);
    stack->code = pam_setcred(stack->handle, PAM_ESTABLISH_CRED);
    assert_int_equal(stack->code, PAM_SUCCESS);
    end(stack);
}

/* ---- account, session, password
 * ---------------------------------------------- */

static void
test_account(void **state)
{
    struct stack *stack = start("root", "account required MODULE\n"
                                        "account required pam_permit.so\n");

    (void)state;
    stack->code = pam_acct_mgmt(stack->handle, 0);
    assert_int_equal(stack->code, PAM_SUCCESS);
    end(stack);
    /* Ours, and nobody can say yes; the usual form lets unknown users by. */
    stack = start(USER, "account [default=bad success=ok user_unknown=ignore] "
                        "MODULE\naccount required pam_permit.so\n");
    stack->code = pam_acct_mgmt(stack->handle, 0);
    assert_int_not_equal(stack->code, PAM_SUCCESS);
    end(stack);
    /* A module that only ignores lets nobody in. */
    stack = start("root", "account required MODULE\n");
    stack->code = pam_acct_mgmt(stack->handle, 0);
    assert_int_not_equal(stack->code, PAM_SUCCESS);
    end(stack);
}

static void
test_session(void **state)
{
    static const char *const users[] = {USER, "root"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct stack *stack = start(users[i], "session required MODULE\n");

        assert_int_equal(pam_open_session(stack->handle, 0), PAM_SUCCESS);
        stack->code = pam_close_session(stack->handle, 0);
        assert_int_equal(stack->code, PAM_SUCCESS);
        end(stack);
    }
}

static void
test_password(void **state)
{
    struct stack *stack = start(USER, "password required MODULE\n"
                                      "password required pam_permit.so\n");

    (void)state;
    stack->code = pam_chauthtok(stack->handle, 0);
    assert_int_equal(stack->code, PAM_AUTHTOK_ERR);
    assert_non_null(strstr(stack->talk.text, "change it there"));
    end(stack);
    stack = start("root", "password required MODULE\n"
                          "password required pam_permit.so\n");
    stack->code = pam_chauthtok(stack->handle, 0);
    assert_int_equal(stack->code, PAM_SUCCESS);
    end(stack);
}

static void
test_unknown_option_is_not_fatal(void **state)
{
    struct stack *stack = start("root", "session required MODULE colour=red\n"
                                        "auth required MODULE colour=red\n");

    (void)state;
    assert_int_equal(pam_open_session(stack->handle, 0), PAM_SUCCESS);
    stack->code = pam_setcred(stack->handle, PAM_ESTABLISH_CRED);
    assert_int_equal(stack->code, PAM_SUCCESS);
    end(stack);
}

/* ---- the object
 * --------------------------------------------------------------- */

static void
test_load_and_unload(void **state)
{
    static const char *const there[] = {
        "pam_sm_authenticate", "pam_sm_setcred",       "pam_sm_acct_mgmt",
        "pam_sm_open_session", "pam_sm_close_session", "pam_sm_chauthtok"};
    static const char *const hidden[] = {"nonexistent",   "call_begin",
                                         "keyring_check", "message_decode",
                                         "channel_open",  "secret_set"};
    void *module;

    (void)state;
    for (int round = 0; round < 3; round++) {
        module = dlopen(PAM_MODULE, RTLD_NOW | RTLD_LOCAL);
        assert_non_null(module);
        for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
            assert_non_null(dlsym(module, there[i]));
        for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
            assert_null(dlsym(module, hidden[i]));
        assert_int_equal(dlclose(module), 0);
    }
}

static int
make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int
remove_directory(void **state)
{
    char path[64];

    (void)state;
    snprintf(path, sizeof(path), "%s/stack", directory);
    unlink(path);
    return rmdir(directory);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authenticate_fails_closed),
        cmocka_unit_test(test_refused_stays_refused),
        cmocka_unit_test(test_prompt),
        cmocka_unit_test(test_setcred_without_authenticate),
        cmocka_unit_test(test_setcred_after_another_module),
        cmocka_unit_test(test_setcred_after_an_ignored_failure),
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_unknown_option_is_not_fatal),
        cmocka_unit_test(test_load_and_unload),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
