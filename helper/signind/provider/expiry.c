/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When an access token expires: in the many ways providers say it, by our
 * own clock.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "trace.h"

/* A life longer than ten years is taken for ten years. */
#define EXPIRY_LIFE_MAX ((int64_t)10 * 366 * 86400)

/* Epoch values above these are milliseconds (as seconds, the year 5138),
 * microseconds (as milliseconds, the year 33658) and nanoseconds. */
#define EXPIRY_SECONDS_MAX INT64_C(100000000000)
#define EXPIRY_MS_MAX      INT64_C(1000000000000000)
#define EXPIRY_US_MAX      INT64_C(1000000000000000000)

/* The provider's clock may differ so much without being corrected for: its
 * Date is whole seconds, and the answer took time to come. */
#define EXPIRY_SKEW_FREE 10

/* ... and so much without a note. */
#define EXPIRY_SKEW_QUIET 300

/* Read exactly count digits.  0 or -EINVAL. */
static int
expiry_digits(const char **text, unsigned count, int *ret_value)
{
    int value = 0;

    for (; count > 0; count--, (*text)++) {
        if (**text < '0' || **text > '9')
            return -EINVAL;
        value = value * 10 + (**text - '0');
    }
    *ret_value = value;
    return 0;
}

/* Date and time up to the seconds; "T" may be "t" or a space (5.6, note). */
static int
expiry_parse_stamp(const char **text, struct tm *tm)
{
    static const char marks[] = "--T::";
    int *const parts[] = {&tm->tm_year, &tm->tm_mon, &tm->tm_mday,
                          &tm->tm_hour, &tm->tm_min, &tm->tm_sec};

    for (size_t i = 0; i < 6; i++) {
        if (expiry_digits(text, i == 0 ? 4 : 2, parts[i]) < 0)
            return -EINVAL;
        if (i == 5)
            break;
        if (**text != marks[i] &&
            !(marks[i] == 'T' && (**text == 't' || **text == ' ')))
            return -EINVAL;
        (*text)++;
    }
    if (tm->tm_mon < 1 || tm->tm_mon > 12 || tm->tm_mday < 1 ||
        tm->tm_mday > 31 || tm->tm_hour > 23 || tm->tm_min > 59 ||
        tm->tm_sec > 60)
        return -EINVAL;
    tm->tm_year -= 1900;
    tm->tm_mon--;
    return 0;
}

int
expiry_parse_date(const char *text, int64_t *ret_s)
{
    struct tm tm = {0};
    int hours = 0, minutes = 0;
    int sign = 0;
    int day, second;
    int64_t seconds;

    if (expiry_parse_stamp(&text, &tm) < 0)
        return -EINVAL;
    if (*text == '.') {
        if (text[1] < '0' || text[1] > '9')
            return -EINVAL;
        text++;
        text += strspn(text, "0123456789");
    }
    if (*text == 'Z' || *text == 'z') {
        text++;
    } else {
        sign = *text == '+' ? 1 : -1;
        if (*text != '+' && *text != '-')
            return -EINVAL;
        text++;
        if (expiry_digits(&text, 2, &hours) < 0 || *text++ != ':' ||
            expiry_digits(&text, 2, &minutes) < 0 || hours > 23 || minutes > 59)
            return -EINVAL;
    }
    if (*text != '\0')
        return -EINVAL;
    day = tm.tm_mday;
    second = tm.tm_sec;
    seconds = (int64_t)timegm(&tm);
    /* timegm() turns 31 April into 1 May; a leap second may do so. */
    if (tm.tm_mday != day && second != 60)
        return -EINVAL;
    *ret_s = seconds - sign * (hours * INT64_C(3600) + minutes * 60);
    return 0;
}

/* A decimal number of at most 18 digits, as providers put it in a string. */
static int
expiry_parse_number(const char *text, int64_t *ret_value)
{
    size_t length = strspn(text, "0123456789");
    char *end;

    if (length == 0 || length > 18)
        return -EINVAL;
    if (text[length] != '\0' &&
        !(text[length] == '.' &&
          text[length + 1 + strspn(text + length + 1, "0123456789")] == '\0'))
        return -EINVAL;
    *ret_value = strtoll(text, &end, 10);
    return 0;
}

/*
 * The number at a source.  0; -ENOENT: nothing there; -EINVAL: something
 * that is no number (then *ret_text, if not NULL on return, is its text).
 */
static int
expiry_value(const struct answer *answer, const struct source *source,
             int64_t *ret_value, char **ret_text)
{
    const json_t *json;
    int r;

    if (source == NULL)
        return -ENOENT;
    json = answer_json(answer, source);
    if (json_is_integer(json)) {
        *ret_value = (int64_t)json_integer_value(json);
        return 0;
    }
    if (json_is_real(json)) {
        double real = json_real_value(json);

        /* RFC 7519, 2: a NumericDate may have a fraction. */
        if (!(real > -1e18 && real < 1e18))
            return -EINVAL;
        *ret_value = (int64_t)real;
        return 0;
    }
    r = answer_text(answer, source, ret_text);
    if (r < 0)
        return r;
    return expiry_parse_number(*ret_text, ret_value);
}

/* A life in units of a thousandth or one second: to seconds from now. */
static int64_t
expiry_from_life(const struct answer *answer, const struct source *source,
                 int64_t unit, int64_t now_s, struct provider_result *result)
{
    cleanup_wipe char *text = NULL;
    int64_t life = 0;
    int r = expiry_value(answer, source, &life, &text);

    if (r == -ENOENT)
        return 0;
    if (r < 0 || life <= 0) {
        why_add(result, ", no usable lifetime at %s", source->text);
        return 0;
    }
    if (unit > 1)
        life = life / unit > 0 ? life / unit : 1;
    if (life > EXPIRY_LIFE_MAX) {
        why_add(result, ", %s cut to ten years", source->text);
        life = EXPIRY_LIFE_MAX;
    }
    return now_s + life;
}

/*
 * Translate the provider's time to ours.  The Date of its answer is its
 * clock's word for "now": with that, neither clock need be right.
 */
static int64_t
expiry_by_our_clock(const struct answer *answer, int64_t at_s, int64_t now_s,
                    struct provider_result *result)
{
    int64_t skew = answer->date_s == 0 ? 0 : answer->date_s - now_s;

    if (skew >= -EXPIRY_SKEW_FREE && skew <= EXPIRY_SKEW_FREE)
        return at_s;
    if (skew < -EXPIRY_SKEW_QUIET || skew > EXPIRY_SKEW_QUIET)
        why_add(result, ", the provider's clock differs by %" PRId64 " s",
                skew);
    return at_s - skew;
}

/* In what part of a second is this epoch value? */
static int64_t
expiry_unit(int64_t at)
{
    if (at > EXPIRY_US_MAX)
        return 1000000000;
    if (at > EXPIRY_MS_MAX)
        return 1000000;
    return at > EXPIRY_SECONDS_MAX ? 1000 : 1;
}

static int64_t
expiry_from_time(const struct answer *answer, const struct source *source,
                 int64_t now_s, struct provider_result *result)
{
    cleanup_wipe char *text = NULL;
    int64_t at = 0;
    int r = expiry_value(answer, source, &at, &text);

    if (r == -ENOENT)
        return 0;
    if (r < 0 && text != NULL)
        r = expiry_parse_date(text, &at);
    else if (r == 0)
        at /= expiry_unit(at);
    if (r < 0 || at <= 0) {
        why_add(result, ", no usable time at %s", source->text);
        return 0;
    }
    at = expiry_by_our_clock(answer, at, now_s, result);
    if (at > now_s + EXPIRY_LIFE_MAX) {
        why_add(result, ", %s cut to ten years", source->text);
        at = now_s + EXPIRY_LIFE_MAX;
    }
    if (at <= now_s) {
        /* It was issued just now: the clocks differ, or the value means
         * something else.  Taken at its word the token would be renewed
         * again and again, and each new one would be as old. */
        why_add(result, ", %s is %" PRId64 " s in the past: check the clocks",
                source->text, now_s - at);
        return 0;
    }
    return at;
}

int64_t
expiry_find(const struct answer *answer, const struct answer_config *config,
            int64_t now_s, struct provider_result *result)
{
    const struct source *source = config->expires_in;
    int64_t at;

    at = expiry_from_life(answer, source, 1, now_s, result);
    if (at == 0) {
        source = config->expires_in_ms;
        at = expiry_from_life(answer, source, 1000, now_s, result);
    }
    if (at == 0) {
        source = config->expires_at;
        at = expiry_from_time(answer, source, now_s, result);
    }
    if (at != 0)
        trace_say(answer->context, "expires", "in %" PRId64 " s: %s",
                  at - now_s, source->text);
    return at;
}
