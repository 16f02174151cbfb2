/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.c against the real kernel, with keys as helper/keyring makes them.
 * Each case runs in a child with a session keyring of its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/record.h"
#include "pam/ring.h"

/* Nobody's on any host: not in a range that is given out. */
#define TEST_GID 2147400123
#define ALICE    2147400001
#define BOB      2147400002
#define CAROL    2147400003

#define ID_ALICE "00000000000000000000000000000001"
#define ID_BOB   "00000000000000000000000000000002"

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__,            \
                    #condition, strerror(errno));                              \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

static void
in_child(void (*work)(void))
{
    int status = 0;
    pid_t child;

    if (geteuid() != 0) {
        print_message("needs root: makes keys of root, changes ids\n");
        skip();
    }
    if (keyctl_get_keyring_ID(KEY_SPEC_SESSION_KEYRING, 0) < 0 &&
        (errno == ENOSYS || errno == EPERM)) {
        print_message("needs kernel keyrings\n");
        skip();
    }
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        CHECK(keyctl_join_session_keyring(NULL) > 0);
        work();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* A session's keys; its ring hangs in @s, its K in a ring of this process. */
static struct keyring_session
make_session(const char *id, uid_t uid)
{
    static struct record record;
    struct keyring_session keys;
    key_serial_t shard = add_key("keyring", "signin:test-shard", NULL, 0,
                                 KEY_SPEC_PROCESS_KEYRING);

    CHECK(shard > 0);
    CHECK(keyring_make_keep(shard, TEST_GID, id, &keys) == 0);
    record_init(&record);
    CHECK(record_put_number(&record, "uid", (int64_t)uid) == 0);
    CHECK(keyring_write(&keys, KEYRING_SESSION, record.text, record.length,
                        0) == 0);
    CHECK(keyring_make_ring(&keys, TEST_GID) == 0);
    return keys;
}

static void
become(uid_t uid)
{
    CHECK(setresgid(uid, uid, uid) == 0);
    CHECK(setresuid(uid, uid, uid) == 0);
}

/* ---- joining
 * ------------------------------------------------------------------ */

static void
join_as_alice(void)
{
    char *text = NULL;
    key_serial_t before = keyctl_get_keyring_ID(KEY_SPEC_SESSION_KEYRING, 0);
    uid_t real, effective, saved;

    CHECK(ring_join(ALICE, ALICE) == 0);
    CHECK(getresuid(&real, &effective, &saved) == 0);
    CHECK(real == 0 && effective == 0 && saved == 0);
    CHECK(getresgid(&real, &effective, &saved) == 0);
    CHECK(real == 0 && effective == 0 && saved == 0);
    CHECK(keyctl_get_keyring_ID(KEY_SPEC_SESSION_KEYRING, 0) != before);
    CHECK(ring_is_private(ALICE));
    CHECK(!ring_is_private(BOB));
    CHECK(!ring_is_private(0));
    /* Her user keyring hangs in it, not root's. */
    CHECK(keyctl_search(KEY_SPEC_SESSION_KEYRING, "keyring", "_uid.2147400001",
                        0) > 0);
    CHECK(keyctl_search(KEY_SPEC_SESSION_KEYRING, "keyring", "_uid.0", 0) < 0);
    CHECK(keyctl_describe_alloc(KEY_SPEC_SESSION_KEYRING, &text) > 0);
    free(text);
    become(ALICE);
    CHECK(add_key("user", "hers", "x", 1, KEY_SPEC_SESSION_KEYRING) > 0);
}

static void
test_join(void **state)
{
    (void)state;
    in_child(join_as_alice);
}

/* su, as alice: ruid alice, euid root. */
static void
join_in_a_setuid_host(void)
{
    uid_t real, effective, saved;

    CHECK(setresuid(ALICE, 0, 0) == 0);
    CHECK(ring_join(BOB, BOB) == 0);
    CHECK(getresuid(&real, &effective, &saved) == 0);
    CHECK(real == ALICE && effective == 0 && saved == 0);
    CHECK(ring_is_private(BOB));
    CHECK(keyctl_search(KEY_SPEC_SESSION_KEYRING, "keyring", "_uid.2147400002",
                        0) > 0);
}

static void
test_join_in_a_setuid_host(void **state)
{
    (void)state;
    in_child(join_in_a_setuid_host);
}

static void
join_as_nobody_in_particular(void)
{
    CHECK(ring_join((uid_t)-1, (gid_t)-1) == 0);
    CHECK(getuid() == 0 && getgid() == 0);
    CHECK(ring_is_private(0));
}

static void
test_join_without_a_user(void **state)
{
    (void)state;
    in_child(join_as_nobody_in_particular);
}

/* A user who has used up the key quota still gets a session keyring. */
static void
fill_quota(void)
{
    pid_t child = fork();
    int status = 0;

    CHECK(child >= 0);
    if (child == 0) {
        char name[32];
        int n;

        become(CAROL);
        for (n = 0; n < 100000; n++) {
            snprintf(name, sizeof(name), "full:%d", n);
            if (add_key("user", name, "x", 1, KEY_SPEC_USER_KEYRING) < 0)
                break;
        }
        _exit(errno == EDQUOT ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

static void
join_at_the_quota(void)
{
    key_serial_t before = keyctl_get_keyring_ID(KEY_SPEC_SESSION_KEYRING, 0);
    key_serial_t hers;
    struct keyring_session keys;
    char text[8];

    fill_quota();
    CHECK(ring_join(CAROL, CAROL) == 0);
    CHECK(getuid() == 0 && geteuid() == 0);
    CHECK(keyctl_get_keyring_ID(KEY_SPEC_SESSION_KEYRING, 0) != before);
    CHECK(ring_is_private(0)); /* root's, and hers to use */
    keys = make_session(ID_ALICE, CAROL);
    CHECK(setresuid(CAROL, -1U, -1U) == 0);
    hers = keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 1);
    CHECK(hers > 0);
    become(CAROL);
    CHECK(keyctl_read(keys.access_token, text, sizeof(text)) == 1);
    CHECK(keyctl_clear(hers) == 0);
}

static void
test_join_at_the_quota(void **state)
{
    (void)state;
    in_child(join_at_the_quota);
}

/* ---- looking
 * -------------------------------------------------------------------- */

static void
survey_own_and_foreign(void)
{
    struct ring_survey survey;
    struct keyring_session keys;

    CHECK(ring_survey(TEST_GID, ALICE, NULL, &survey) == 0);
    CHECK(!survey.strangers && !survey.others && survey.mine.id[0] == '\0');
    keys = make_session(ID_ALICE, ALICE);
    CHECK(ring_survey(TEST_GID, ALICE, ID_ALICE, &survey) == 0);
    CHECK(survey.own && !survey.others && !survey.strangers);
    CHECK(strcmp(survey.mine.id, ID_ALICE) == 0);
    CHECK(survey.mine.ring == keys.ring);
    CHECK(ring_survey(TEST_GID, BOB, NULL, &survey) == 0);
    CHECK(survey.strangers && survey.others && survey.mine.id[0] == '\0');
    /* Of another group: planted, or of another signind. */
    CHECK(ring_survey(TEST_GID + 1, BOB, NULL, &survey) == 0);
    CHECK(!survey.strangers && !survey.others);
    /* Nothing is left once it has ended. */
    CHECK(keyring_end_session(&keys) == 0);
    CHECK(ring_survey(TEST_GID, BOB, NULL, &survey) == 0);
    CHECK(!survey.strangers && !survey.others);
}

static void
test_survey(void **state)
{
    (void)state;
    in_child(survey_own_and_foreign);
}

static void
survey_a_record_that_cannot_be_read(void)
{
    struct ring_survey survey;
    struct keyring_session keys = make_session(ID_ALICE, ALICE);

    CHECK(keyctl_revoke(keys.session) == 0);
    CHECK(ring_survey(TEST_GID, ALICE, NULL, &survey) == 0);
    CHECK(survey.strangers);
}

static void
test_survey_in_doubt(void **state)
{
    (void)state;
    in_child(survey_a_record_that_cannot_be_read);
}

static void
survey_a_revoked_session_keyring(void)
{
    struct ring_survey survey;

    CHECK(keyctl_revoke(KEY_SPEC_SESSION_KEYRING) == 0);
    CHECK(!ring_is_private(0));
    CHECK(ring_survey(TEST_GID, ALICE, NULL, &survey) == 0);
    CHECK(!survey.strangers);
    CHECK(ring_join(ALICE, ALICE) == 0);
    CHECK(ring_is_private(ALICE));
}

static void
test_survey_after_pam_keyinit_has_revoked(void **state)
{
    (void)state;
    in_child(survey_a_revoked_session_keyring);
}

/* ---- what it is for
 * -------------------------------------------------------------- */

static void
bob_after_alice(void)
{
    struct keyring_session keys = make_session(ID_ALICE, ALICE);
    struct ring_survey survey;
    char text[8];
    pid_t child = fork();
    int status = 0;

    CHECK(child >= 0);
    if (child == 0) {
        /* Without isolation bob reads what alice has. */
        become(BOB);
        CHECK(keyctl_read(keys.access_token, text, sizeof(text)) == 1);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(ring_survey(TEST_GID, BOB, NULL, &survey) == 0 && survey.strangers);
    CHECK(ring_join(BOB, BOB) == 0);
    CHECK(ring_survey(TEST_GID, BOB, NULL, &survey) == 0 && !survey.strangers);
    become(BOB);
    CHECK(keyctl_read(keys.access_token, text, sizeof(text)) < 0);
    CHECK(errno == EACCES);
    CHECK(keyctl_search(KEY_SPEC_SESSION_KEYRING, "user", KEYRING_ACCESS_TOKEN,
                        0) < 0);
}

static void
test_bob_reads_nothing_of_alice(void **state)
{
    (void)state;
    in_child(bob_after_alice);
}

static void
user_session_keyring_is_shared(void)
{
    /* A process without a session keyring of its own falls back to it. */
    key_serial_t shared =
        keyctl_get_keyring_ID(KEY_SPEC_USER_SESSION_KEYRING, 1);
    char *text = NULL;

    CHECK(shared > 0);
    CHECK(keyctl_describe_alloc(shared, &text) > 0);
    CHECK(strstr(text, ";_uid_ses.0") != NULL);
    free(text);
    CHECK(keyctl_join_session_keyring("_uid_ses.0") > 0);
    CHECK(!ring_is_private(0));
}

static void
test_the_shared_keyring_is_not_private(void **state)
{
    (void)state;
    in_child(user_session_keyring_is_shared);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_join_in_a_setuid_host),
        cmocka_unit_test(test_join_without_a_user),
        cmocka_unit_test(test_join_at_the_quota),
        cmocka_unit_test(test_survey),
        cmocka_unit_test(test_survey_in_doubt),
        cmocka_unit_test(test_survey_after_pam_keyinit_has_revoked),
        cmocka_unit_test(test_bob_reads_nothing_of_alice),
        cmocka_unit_test(test_the_shared_keyring_is_not_private),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
