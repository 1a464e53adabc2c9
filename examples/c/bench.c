/* What one typed call costs from C: nanoseconds for each of a million pairs of up to a week, the median of nine rounds. */
#define _POSIX_C_SOURCE 199309L
#include <time.h>

#include "client.h"

enum { PAIRS = 1000000, ROUNDS = 9 };

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void) {
    static int64_t from[PAIRS], to[PAIRS];
    const char *hours = "Mon-Fri 09:00-17:00", *zone = "America/New_York";
    helpdesk_calendar *office = NULL;
    uint64_t state = 7;
    double rounds[ROUNDS];
    int64_t sum = 0, begin = instant("2026-01-05T00:00:00Z");
    int i, round;
    check_version();
    MUST(helpdesk_calendar_parse(hours, strlen(hours), zone, strlen(zone), &office, &error));
    for (i = 0; i < PAIRS; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        from[i] = begin + (int64_t)((state >> 33) % 31536000) * 1000000;
        to[i] = from[i] + (int64_t)((state >> 20) % 604800) * 1000000;
    }
    for (round = 0; round < ROUNDS; round++) {
        double begun = now_ns();
        for (i = 0; i < PAIRS; i++) {
            int64_t out = 0;
            if (helpdesk_calendar_elapsed(office, from[i], to[i], &out, NULL) == HELPDESK_OK) sum ^= out;
        }
        rounds[round] = (now_ns() - begun) / PAIRS;
    }
    qsort(rounds, ROUNDS, sizeof *rounds, ascending);
    printf("helpdesk_calendar_elapsed from C: %.1f ns a call (least %.1f, most %.1f; sum %" PRId64 ")\n", rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1], sum);
    helpdesk_calendar_free(office);
    return 0;
}
