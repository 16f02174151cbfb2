/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch: everybody, page by page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-directory.h"
#include "signind/directory/fetch_private.h"

#define USER(name, id) "{\"name\":\"" name "\",\"id\":\"" id "\"}"
#define A              USER("alice", "1")
#define B              USER("bob", "2")
#define C              USER("carol", "3")

static struct fake_idp *idp;
static struct fake_directory fake;

static void
expect(enum wire_result result, const char *why)
{
    if (fake.result.result != result)
        fail_msg("%s: %s", wire_result_name(fake.result.result),
                 fake.result.why);
    if (why != NULL)
        assert_string_equal(fake.result.why, why);
}

static void
expect_get(unsigned n, const char *target)
{
    const char *request = fake_idp_request(idp, n);
    char line[1024];

    snprintf(line, sizeof(line), "GET %s HTTP/1.1\r\n", target);
    if (strncmp(request, line, strlen(line)) != 0)
        fail_msg("%.*s", (int)strcspn(request, "\r"), request);
}

static void
say(const char *body)
{
    fake_idp_say(idp, 200, "", body);
}

static void
start(const char *url, const char *items)
{
    fake_directory_start(&fake, idp);
    fake_directory_ask(&fake, DIRECTORY_USERS, url, items);
}

static int
stop(void **state)
{
    (void)state;
    fake_directory_stop(&fake);
    return 0;
}

static void
test_all_at_once(void **state)
{
    (void)state;
    start("/users", "");
    say("[" A "," B ",{\"name\":\"Eve!\",\"id\":\"4\"},7,{\"name\":\"x\"}]");
    fake_list(&fake);
    expect(WIRE_OK, "200 users, 3 left out: there is no immutable id at "
                    "attribute.subject");
    assert_string_equal(fake.names, "alice,bob,");
    assert_int_equal(fake.users, 2);
    assert_int_equal(fake.dropped, 3);
    expect_get(0, "/users");
    say("[]");
    fake_list(&fake);
    expect(WIRE_OK, "200 users");
    say("{\"users\":[]}");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, "users: no array (see users.answer)");
}

/* The server caps the size: it is gone on from what came. */
static void
test_offset(void **state)
{
    (void)state;
    start("/users?max=1", "/list");
    fake_directory_page(&fake.directory.users_page, PAGE_OFFSET, "first",
                        "page[size]", 100);
    say("{\"list\":[" A "," B "]}");
    say("{\"list\":[" C "]}");
    say("{\"list\":[]}");
    fake_list(&fake);
    expect(WIRE_OK, NULL);
    assert_string_equal(fake.names, "alice,bob,carol,");
    expect_get(0, "/users?max=1&page%5Bsize%5D=100&first=0");
    expect_get(1, "/users?max=1&page%5Bsize%5D=100&first=2");
    expect_get(2, "/users?max=1&page%5Bsize%5D=100&first=3");
    assert_int_equal(fake_idp_requests(idp), 3);
}

static void
test_number(void **state)
{
    (void)state;
    start("/users", "");
    fake_directory_page(&fake.directory.users_page, PAGE_NUMBER, "page", NULL,
                        2);
    fake.directory.users_page.first = 1;
    say("[" A "," B "]");
    say("[" C "]");
    fake_idp_say(idp, 404, "", "{\"detail\":\"Invalid page.\"}");
    fake_list(&fake);
    expect(WIRE_OK, "200 users");
    assert_string_equal(fake.names, "alice,bob,carol,");
    expect_get(0, "/users?page=1");
    expect_get(2, "/users?page=3");
    /* Not the first one, and not a gateway's words. */
    fake_idp_say(idp, 404, "", "{\"detail\":\"Invalid page.\"}");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, NULL);
    say("[" A "," B "]");
    fake_idp_say(idp, 404, "Content-Type: text/html\r\n", "<h1>Gone</h1>");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, "404 users: a page of HTML");
}

static void
test_scim(void **state)
{
    (void)state;
    fake_directory_start_scim(&fake, idp);
    say("{\"totalResults\":3,\"Resources\":[{\"userName\":\"alice\",\"id\":"
        "\"1\"},{\"userName\":\"bob\",\"id\":\"2\"}]}");
    say("{\"totalResults\":3,\"Resources\":[{\"userName\":\"carol\",\"id\":"
        "\"3\"}]}");
    say("{\"totalResults\":1,\"Resources\":[{\"displayName\":\"staff\",\"id\":"
        "\"g\",\"members\":[{\"value\":\"1\"},{\"value\":\"3\"},\"2\",{}]}]}");
    fake_list(&fake);
    expect(WIRE_OK, "200 groups");
    assert_string_equal(fake.names, "alice,bob,carol,");
    assert_string_equal(fake.members, "staff=1 3 2;");
    assert_int_equal(fake.groups, 1);
    expect_get(0, "/Users?count=2&startIndex=1");
    expect_get(1, "/Users?count=2&startIndex=3");
    expect_get(2, "/Groups?count=2&startIndex=1");
    assert_int_equal(fake_idp_requests(idp), 3);
    /* Nobody, and a list that stops too early. */
    say("{\"totalResults\":0}");
    say("{\"totalResults\":0}");
    fake_list(&fake);
    expect(WIRE_OK, NULL);
    say("{\"totalResults\":3,\"Resources\":[{\"userName\":\"alice\",\"id\":"
        "\"1\"}]}");
    say("{\"totalResults\":3,\"Resources\":[]}");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, "users: the list ends before totalResults");
    /* Alice is deleted behind the first page: carol is on none of them. */
    say("{\"totalResults\":4,\"Resources\":[{\"userName\":\"alice\",\"id\":"
        "\"1\"},{\"userName\":\"bob\",\"id\":\"2\"}]}");
    say("{\"totalResults\":3,\"Resources\":[{\"userName\":\"dave\",\"id\":"
        "\"4\"}]}");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, "users: the list got shorter while it was read");
    say("{\"totalResults\":1,\"Resources\":[{\"userName\":\"alice\",\"id\":"
        "\"1\"},{\"userName\":\"bob\",\"id\":\"2\"}]}");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, "users: the list is longer than totalResults");
}

static void
test_next_pointer(void **state)
{
    (void)state;
    start("/api/users/?active=1", "/value");
    fake_directory_next(&fake.directory.users_page, "/@odata.nextLink");
    fake.directory.users_page.size_parameter = fake_text("$top");
    fake.directory.users_page.size = 999;
    say("{\"value\":[" A "],\"@odata.nextLink\":\"?skip=a%20b#top\"}");
    say("{\"value\":[],\"@odata.nextLink\":\"more?skip=b:c\"}");
    say("{\"value\":[" B "],\"@odata.nextLink\":\"/root?x=/y\"}");
    say("{\"value\":[" C "],\"@odata.nextLink\":\"\"}");
    fake_list(&fake);
    expect(WIRE_OK, NULL);
    assert_string_equal(fake.names, "alice,bob,carol,");
    expect_get(0, "/api/users/?active=1&$top=999");
    expect_get(1, "/api/users/?skip=a%20b");
    expect_get(2, "/api/users/more?skip=b:c");
    expect_get(3, "/root?x=/y");
    assert_int_equal(fake_idp_requests(idp), 4);
}

static void
test_next_header(void **state)
{
    char header[512];

    (void)state;
    start("/users", "");
    fake_directory_next(&fake.directory.users_page, "header:Link");
    snprintf(header, sizeof(header),
             "Link: <%s>; rel=\"self\"; title=\"a, <b>; rel=next\"\r\n"
             "Link: <%s>; rel=prev , <%s>;title=x; rel=\"last NEXT\"\r\n",
             fake_idp_url(idp, FAKE_GOOD, "/1"),
             fake_idp_url(idp, FAKE_GOOD, "/0"),
             fake_idp_url(idp, FAKE_GOOD, "/users?after=1"));
    fake_idp_say(idp, 200, header, "[" A "]");
    fake_idp_say(idp, 200, "Link: </users>; rel=\"prev\"\r\n", "[" B "]");
    fake_list(&fake);
    expect(WIRE_OK, NULL);
    assert_string_equal(fake.names, "alice,bob,");
    expect_get(1, "/users?after=1");
}

static void
test_next_elsewhere(void **state)
{
    static const char wrong[] = "users: the next page is no URL of the same "
                                "host";
    static const char *const nexts[] = {
        "https://evil.example/users",
        "//evil.example/users",
        "http://localhost/users",
        "https://localhost/users", /* another port */
        "https://localhost:1@evil.example/users",
        "ftp://localhost/users",
        "javascript:alert(1)",
        "https://",
        "/a b",
        "\\\\\\\\evil\\\\x",
        "/x\\r\\nHost: y",
    };
    char body[512];

    (void)state;
    start("/users", "/value");
    fake_directory_next(&fake.directory.users_page, "/next");
    for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
        snprintf(body, sizeof(body), "{\"value\":[" A "],\"next\":\"%s\"}",
                 nexts[i]);
        say(body);
        fake_list(&fake);
        expect(WIRE_MISCONFIGURED, wrong);
    }
    assert_int_equal(fake_idp_requests(idp), sizeof(nexts) / sizeof(nexts[0]));
    say("{\"value\":[" A "],\"next\":\"/users\"}");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, "users: the next page is the same page again");
    say("{\"value\":[" A "],\"next\":true}");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, wrong);
}

/* References add up: page after page the URL would grow, and with it the time
 * that it takes to go on from there. */
static void
test_next_grows(void **state)
{
    char path[2001], body[2200];

    (void)state;
    start("/users", "/value");
    fake_directory_next(&fake.directory.users_page, "/next");
    memset(path, '/', sizeof(path));
    path[0] = 'x';
    path[sizeof(path) - 1] = '\0';
    for (unsigned i = 0; i < 5; i++) {
        snprintf(body, sizeof(body),
                 "{\"value\":[" USER("alice", "%u") "],\"next\":\"%s\"}", i,
                 path);
        say(body);
    }
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, "users: the next page is no URL of the same "
                               "host");
    assert_int_equal(fake_idp_requests(idp), 5);
}

static void
test_pages_that_repeat(void **state)
{
    static const char repeats[] = "users: a page repeats another (see page "
                                  "and page_parameter)";

    (void)state;
    start("/users", "");
    fake_directory_page(&fake.directory.users_page, PAGE_NUMBER, "page", NULL,
                        2);
    say("[" A "," B "]");
    say("[" A "," B "]");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, repeats);
    assert_int_equal(fake.seen, 2);
    /* What changes at every look does not hide it; nor does a round trip. */
    say("[{\"id\":\"1\",\"name\":\"alice\",\"at\":1}]");
    say("[{\"id\":\"2\",\"name\":\"bob\",\"at\":2}]");
    say("[{\"id\":\"1\",\"name\":\"alice\",\"at\":3}]");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, repeats);
}

static void
test_a_page_that_fails(void **state)
{
    (void)state;
    start("/users", "");
    fake_directory_page(&fake.directory.users_page, PAGE_OFFSET, "o", NULL, 2);
    say("[" A "]");
    fake_idp_say(idp, 429, "Retry-After: 12\r\n", "");
    fake_list(&fake);
    expect(WIRE_SLOW_DOWN, "429 users");
    assert_int_equal(fake.result.retry_after_s, 12);
    assert_int_equal(fake.users, 1);
    say("[" A "]");
    say("[" B);
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, "200 users: cut off in the middle");
    /* At the end of the list, too. */
    fake_directory_ask(&fake, DIRECTORY_GROUPS, "/groups", "");
    say("[]");
    fake_idp_say(idp, 502, "", "");
    fake_list(&fake);
    expect(WIRE_UNAVAILABLE, "502 groups");
    fake.directory.max_answer = 100;
    fake_idp_answer(idp, "endless", "HTTP/1.1 200 OK\r\n\r\n[");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, "users: answer too large (see max_answer)");
}

static void
test_token_in_the_middle(void **state)
{
    (void)state;
    start("/users", "");
    fake_directory_client(&fake, CLIENT_AUTH_BASIC);
    fake_directory_page(&fake.directory.users_page, PAGE_OFFSET, "o", NULL, 2);
    say("{\"access_token\":\"t-1\",\"expires_in\":99}");
    say("[" A "]");
    fake_idp_say(idp, 401, "", "");
    say("{\"access_token\":\"t-2\",\"expires_in\":99}");
    say("[" B "]");
    fake_idp_say(idp, 401, "", "");
    say("{\"access_token\":\"t-3\",\"expires_in\":99}");
    say("[]");
    fake_list(&fake);
    expect(WIRE_OK, NULL);
    assert_string_equal(fake.names, "alice,bob,");
    expect_get(4, "/users?o=1");
    assert_non_null(strstr(fake_idp_request(idp, 7), "Bearer t-3\r\n"));
}

static void
test_logins_become_names(void **state)
{
    (void)state;
    start("/users", "");
    fake_directory_login(&fake, "{{user}}@corp.example");
    say("[" USER("alice@corp.example", "1") "," USER("bob", "2") "," USER(
        "eve@evil.example", "3") "," USER("@corp.example", "4") "]");
    fake_list(&fake);
    expect(WIRE_OK, NULL);
    assert_string_equal(fake.names, "alice,");
    assert_int_equal(fake.dropped, 3);
}

static void
test_logins_that_do_not(void **state)
{
    (void)state;
    start("/users", "");
    fake_directory_login(&fake, "CORP\\{{user}}");
    fake_list(&fake);
    expect(WIRE_MISCONFIGURED, NULL);
    assert_int_equal(fake_idp_requests(idp), 0);
}

static void
test_given_up_inside(void **state)
{
    (void)state;
    start("/users", "");
    fake_directory_page(&fake.directory.users_page, PAGE_OFFSET, "o", NULL, 2);
    say("[" A "," B "," C "]");
    fake.cancel_at = 2;
    assert_non_null(fake_list_start(&fake));
    while (fake.seen < 2)
        assert_int_equal(event_base_loop(fake.base, EVLOOP_ONCE), 0);
    event_base_loop(fake.base, EVLOOP_NONBLOCK);
    assert_false(fake.done);
    assert_int_equal(fake.seen, 2);
    assert_int_equal(fake_idp_requests(idp), 1);
}

static void
free_inside(struct fake_directory *one)
{
    fetcher_free(one->fetcher);
    one->fetcher = NULL;
    one->on_user = NULL;
}

static void
test_fetcher_freed_inside(void **state)
{
    (void)state;
    start("/users", "");
    say("[" A "," B "]");
    fake.on_user = free_inside;
    assert_non_null(fake_list_start(&fake));
    while (fake.seen < 1)
        assert_int_equal(event_base_loop(fake.base, EVLOOP_ONCE), 0);
    assert_false(fake.done);
    assert_int_equal(fake.seen, 1);
}

/* ---- many -------------------------------------------------------------------
 */

#define MANY      100000
#define MANY_PAGE 1000

static size_t many_used[2];

static void
many_on_user(struct fake_directory *one)
{
    if (one->seen == 10 * MANY_PAGE)
        many_used[0] = mallinfo2().uordblks;
    if (one->seen == MANY - MANY_PAGE)
        many_used[1] = mallinfo2().uordblks;
    one->names[0] = '\0';
}

static void
test_many(void **state)
{
    size_t size = MANY_PAGE * 64;
    char *page = malloc(size);

    (void)state;
    assert_non_null(page);
    start("/users", "");
    fake_directory_page(&fake.directory.users_page, PAGE_OFFSET, "o", "n",
                        MANY_PAGE);
    for (unsigned i = 0; i <= MANY; i += MANY_PAGE) {
        size_t length = (size_t)snprintf(page, size, "[");

        for (unsigned j = i; i < MANY && j < i + MANY_PAGE; j++)
            length += (size_t)snprintf(page + length, size - length,
                                       "%s{\"name\":\"u%u\",\"id\":\"id-%u\"}",
                                       j == i ? "" : ",", j, j);
        snprintf(page + length, size - length, "]");
        say(page);
    }
    free(page);
    fake.on_user = many_on_user;
    fake_list(&fake);
    expect(WIRE_OK, NULL);
    assert_int_equal(fake.users, MANY);
    assert_int_equal(fake_idp_requests(idp), MANY / MANY_PAGE + 1);
    /* No more after the 99th page than after the 10th, but for what a page
     * itself may differ in. */
    assert_true(many_used[1] < many_used[0] + 100000);
}

static void
test_lists_without_end(void **state)
{
    const struct page_config config = {.kind = PAGE_OFFSET};
    struct page_walk walk = {.config = &config};
    const struct http_answer http = {0};
    const char *why = "";
    unsigned pages = 0;
    int r;

    (void)state;
    do {
        json_t *items = json_pack("[{s:i}]", "id", (int)pages);

        r = page_walk_next(&walk, "https://h/", NULL, &http, items, "/id", -1,
                           &why);
        json_decref(items);
        pages++;
    } while (r == 1);
    assert_int_equal(r, -EINVAL);
    assert_string_equal(why, "the list does not end");
    assert_int_equal(pages, FETCH_PAGES_MAX);
    walk.received = FETCH_ITEMS_MAX;
    walk.pages = 1;
    r = page_walk_next(&walk, "https://h/", NULL, &http, NULL, "/id", -1, &why);
    assert_int_equal(r, 0);
    walk.received = FETCH_ITEMS_MAX + 1;
    r = page_walk_next(&walk, "https://h/", NULL, &http, NULL, "/id", -1, &why);
    assert_int_equal(r, -EINVAL);
    page_walk_done(&walk);
}

static void
test_origins(void **state)
{
    static const char *const rows[][2] = {
        {"https://H.Example/x", "https://h.example:443"},
        {"HTTPS://h:8443", "https://h:8443"},
        {"http://h?x", "http://h:80"},
        {"https://[::1]/x:y", "https://[::1]:443"},
        {"https://[::1]:4/x", "https://[::1]:4"},
        {"https://h:443@evil/", "https://h:443@evil"},
        {"ftp://h/", NULL},
        {"/x", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *origin = page_origin(rows[i][0]);

        if (rows[i][1] == NULL)
            assert_null(origin);
        else
            assert_string_equal(origin, rows[i][1]);
        free(origin);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_all_at_once, stop),
        cmocka_unit_test_teardown(test_offset, stop),
        cmocka_unit_test_teardown(test_number, stop),
        cmocka_unit_test_teardown(test_scim, stop),
        cmocka_unit_test_teardown(test_next_pointer, stop),
        cmocka_unit_test_teardown(test_next_header, stop),
        cmocka_unit_test_teardown(test_next_elsewhere, stop),
        cmocka_unit_test_teardown(test_next_grows, stop),
        cmocka_unit_test_teardown(test_pages_that_repeat, stop),
        cmocka_unit_test_teardown(test_a_page_that_fails, stop),
        cmocka_unit_test_teardown(test_token_in_the_middle, stop),
        cmocka_unit_test_teardown(test_logins_become_names, stop),
        cmocka_unit_test_teardown(test_logins_that_do_not, stop),
        cmocka_unit_test_teardown(test_given_up_inside, stop),
        cmocka_unit_test_teardown(test_fetcher_freed_inside, stop),
        cmocka_unit_test_teardown(test_many, stop),
        cmocka_unit_test(test_lists_without_end),
        cmocka_unit_test(test_origins),
    };
    int failed;

    idp = fake_idp_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_idp_stop(idp);
    return failed;
}
