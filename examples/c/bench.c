/* What one typed call costs from C over Rust's own: nanoseconds for each of a million pairs of up to a week, medians of alternating
 * rounds. Rust's own is its loop over the same arrays, in one call. */
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
    static int64_t from[PAIRS], to[PAIRS], out[PAIRS];
    const char *hours = "Mon-Fri 09:00-17:00", *zone = "America/New_York";
    helpdesk_calendar *office = NULL;
    uint64_t state = 7;
    double calls[ROUNDS], batch[ROUNDS], more[ROUNDS];
    int64_t begin = instant("2026-01-05T00:00:00Z");
    int i, round;
    check_version();
    MUST(helpdesk_calendar_parse(hours, strlen(hours), zone, strlen(zone), &office, &error));
    for (i = 0; i < PAIRS; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        from[i] = begin + (int64_t)((state >> 33) % 31536000) * 1000000;
        to[i] = from[i] + (int64_t)((state >> 20) % 604800) * 1000000;
    }
    for (round = 0; round < ROUNDS; round++) {
        double begun = now_ns(), between;
        int64_t sum = 0, sum_of_batch = 0;
        for (i = 0; i < PAIRS; i++) {
            int64_t one = 0;
            if (helpdesk_calendar_elapsed(office, from[i], to[i], &one, NULL) == HELPDESK_OK) sum ^= one;
        }
        between = now_ns();
        MUST(helpdesk_calendar_elapsed_batch(office, from, to, out, PAIRS, NULL, &error));
        batch[round] = (now_ns() - between) / PAIRS;
        calls[round] = (between - begun) / PAIRS;
        more[round] = calls[round] - batch[round];
        for (i = 0; i < PAIRS; i++) sum_of_batch ^= out[i];
        if (sum != sum_of_batch) return 1;
    }
    qsort(calls, ROUNDS, sizeof *calls, ascending);
    qsort(batch, ROUNDS, sizeof *batch, ascending);
    qsort(more, ROUNDS, sizeof *more, ascending);
    printf("helpdesk_calendar_elapsed from C: %.1f ns a call; Rust's own loop %.1f ns; a call adds %.1f ns (least %.1f, most %.1f)\n",
           calls[ROUNDS / 2], batch[ROUNDS / 2], more[ROUNDS / 2], more[0], more[ROUNDS - 1]);
    helpdesk_calendar_free(office);
    return 0;
}
