/* Answers golden cases: each line of the input asks one question (`cargo run --example vectors -- FILE.json --asked`), each line
 * of the output is the case, the question and the answer. */
#include "client.h"

static void show_code(helpdesk_error *error) {
    printf("!%s\n", helpdesk_error_code(error, NULL));
    helpdesk_error_free(error);
}

typedef helpdesk_status (*asked_at)(const helpdesk_calendar *, int64_t, int64_t *, helpdesk_error **);
typedef helpdesk_status (*asked_for)(const helpdesk_calendar *, int64_t, int64_t, int64_t *, helpdesk_error **);

static const struct { const char *name; asked_at ask; } AT[] = {
    {"next_open", helpdesk_calendar_next_open},
    {"next_opening", helpdesk_calendar_next_opening},
    {"next_close", helpdesk_calendar_next_close},
    {"previous_open", helpdesk_calendar_previous_open},
    {"previous_opening", helpdesk_calendar_previous_opening},
    {"previous_close", helpdesk_calendar_previous_close},
};
static const struct { const char *name; asked_for ask; const char *first, *second; } FOR[] = {
    {"elapsed", helpdesk_calendar_elapsed, "from", "to"},
    {"add", helpdesk_calendar_add, "from", "time"},
    {"add_latest", helpdesk_calendar_add_latest, "from", "time"},
    {"subtract", helpdesk_calendar_subtract, "from", "time"},
    {"subtract_earliest", helpdesk_calendar_subtract_earliest, "from", "time"},
};

static void windows(const helpdesk_calendar *calendar, const char *line) {
    size_t room = (size_t)number(line, "count"), n = 0, i;
    int64_t *pairs = (int64_t *)malloc((2 * room + 1) * sizeof *pairs);
    char *backward = copied(line, "backward");
    helpdesk_error *error = NULL;
    helpdesk_status status;
    if (!pairs) exit(1);
    status = helpdesk_calendar_windows(calendar, number(line, "from"), number(line, "to"), strcmp(backward, "true") == 0, pairs, room, &n, &error);
    if (status == HELPDESK_OK) {
        for (i = 0; i < n; i++) printf("%s%" PRId64 "-%" PRId64, i ? "," : "", pairs[2 * i], pairs[2 * i + 1]);
        printf("\n");
    } else {
        show_code(error);
    }
    free(pairs);
    free(backward);
}

static void calendar_case(const char *line, const char *ask) {
    helpdesk_calendar *calendar = NULL;
    helpdesk_error *error = NULL;
    size_t len = 0, i;
    const char *written = field(line, "calendar", &len);
    int64_t n = 0;
    int32_t day = 0;
    bool yes = false;
    helpdesk_status status = helpdesk_calendar_from_json(written, len, &calendar, &error);
    if (status != HELPDESK_OK) {
        show_code(error);
        return;
    }
    for (i = 0; i < sizeof AT / sizeof *AT; i++) {
        if (strcmp(ask, AT[i].name) == 0) {
            status = AT[i].ask(calendar, number(line, "at"), &n, &error);
            if (status == HELPDESK_OK) printf("%" PRId64 "\n", n);
            goto done;
        }
    }
    for (i = 0; i < sizeof FOR / sizeof *FOR; i++) {
        if (strcmp(ask, FOR[i].name) == 0) {
            status = FOR[i].ask(calendar, number(line, FOR[i].first), number(line, FOR[i].second), &n, &error);
            if (status == HELPDESK_OK) printf("%" PRId64 "\n", n);
            goto done;
        }
    }
    if (strcmp(ask, "is_open") == 0) {
        status = helpdesk_calendar_is_open(calendar, number(line, "at"), &yes, &error);
        if (status == HELPDESK_OK) printf("%s\n", yes ? "true" : "false");
    } else if (strcmp(ask, "is_business_day") == 0) {
        status = helpdesk_calendar_is_business_day(calendar, (int32_t)number(line, "day"), &yes, &error);
        if (status == HELPDESK_OK) printf("%s\n", yes ? "true" : "false");
    } else if (strcmp(ask, "business_day") == 0) {
        status = helpdesk_calendar_business_day(calendar, (int32_t)number(line, "day"), number(line, "n"), &day, &error);
        if (status == HELPDESK_OK) printf("%" PRId32 "\n", day);
    } else if (strcmp(ask, "count_business_days") == 0) {
        status = helpdesk_calendar_count_business_days(calendar, (int32_t)number(line, "from"), (int32_t)number(line, "to"), &n, &error);
        if (status == HELPDESK_OK) printf("%" PRId64 "\n", n);
    } else if (strcmp(ask, "windows") == 0) {
        windows(calendar, line);
    } else {
        printf("?\n");
    }
done:
    if (status != HELPDESK_OK) show_code(error);
    helpdesk_calendar_free(calendar);
}

static void clock_case(const char *line) {
    helpdesk_rulebook *rules = NULL;
    helpdesk_rulebooks *books = NULL;
    helpdesk_ticket *ticket = NULL;
    helpdesk_buffer *buffer = NULL;
    size_t len = 0;
    const char *rulebook = field(line, "rulebook", &len), *history, *events;
    char *imported;
    MUST(helpdesk_rulebook_from_json(rulebook, len, &rules, &error));
    MUST(helpdesk_rulebooks_new(rules, &books, &error));
    history = field(line, "history", &len);
    MUST(helpdesk_import(books, NULL, history, len, &buffer, &error));
    imported = taken(buffer);
    events = field(imported, "events", &len);
    MUST(helpdesk_ticket_replay(books, NULL, events, len, &ticket, &error));
    MUST(helpdesk_ticket_periods(ticket, (int32_t)number(line, "agreement"), (int32_t)number(line, "metric"), number(line, "now"), &buffer, &error));
    free(imported);
    imported = taken(buffer);
    printf("%s\n", imported);
    free(imported);
    helpdesk_ticket_free(ticket);
    helpdesk_rulebooks_free(books);
    helpdesk_rulebook_free(rules);
}

int main(void) {
    size_t room = 1 << 20;
    char *line = (char *)malloc(room);
    check_version();
    if (!line) return 1;
    while (fgets(line, (int)room, stdin)) {
        char *id, *ask;
        line[strcspn(line, "\n")] = 0;
        id = copied(line, "id");
        ask = copied(line, "ask");
        printf("%s %s ", id, ask);
        if (strcmp(ask, "periods") == 0) {
            clock_case(line);
        } else {
            calendar_case(line, ask);
        }
        free(id);
        free(ask);
    }
    free(line);
    return 0;
}
