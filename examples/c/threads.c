/* Eight threads over one desk, and what a C program can do wrong: every mistake is a status. */
#include <pthread.h>

#include "client.h"

enum { THREADS = 8, TICKETS = 50 };

static helpdesk_desk *desk;

static void *work(void *argument) {
    unsigned char thread = *(unsigned char *)argument;
    int i;
    for (i = 0; i < TICKETS; i++) {
        helpdesk_uuid id;
        helpdesk_call call;
        helpdesk_open open;
        helpdesk_outcome outcome;
        helpdesk_error *error = NULL;
        memset(&id, 0, sizeof id);
        memset(&call, 0, sizeof call);
        memset(&open, 0, sizeof open);
        memset(&outcome, 0, sizeof outcome);
        id.bytes[14] = (unsigned char)(thread + 1);
        id.bytes[15] = (unsigned char)i;
        call.size = sizeof call;
        call.role = HELPDESK_ROLE_AGENT;
        call.at = instant("2026-03-05T09:00:00Z");
        call.id = &id;
        open.size = sizeof open;
        open.subject = "x";
        open.subject_len = 1;
        open.address = "a@b";
        open.address_len = 3;
        outcome.size = sizeof outcome;
        MUST(helpdesk_desk_open(desk, &call, &open, &outcome, &error));
        MUST(helpdesk_desk_note(desk, &call, &outcome.ticket, "seen", 4, &outcome, &error));
        if (helpdesk_desk_do(desk, &call, "{", 1, NULL, &error) != HELPDESK_INVALID) exit(1);
        if (strcmp(helpdesk_error_code(error, NULL), "null") != 0) exit(1);
        helpdesk_error_free(error);
    }
    return NULL;
}

/* Ends the program unless the status is as told. */
static void is(helpdesk_status found, helpdesk_status expected, int line) {
    if (found != expected) {
        fprintf(stderr, "line %d: status %d instead of %d\n", line, (int)found, (int)expected);
        exit(1);
    }
}
#define IS(call, expected) is(call, expected, __LINE__)

static void mistakes(void) {
    helpdesk_calendar *office = NULL, *kept = NULL;
    helpdesk_rulebook *rules = NULL;
    helpdesk_buffer *buffer = NULL;
    helpdesk_error *error = NULL;
    helpdesk_swept swept;
    int64_t out = 0;
    size_t len = 0;
    IS(helpdesk_calendar_parse(NULL, 0, "UTC", 3, &office, NULL), HELPDESK_INVALID);
    IS(helpdesk_calendar_parse("Mon 09:00-17:00", 15, NULL, 0, &office, NULL), HELPDESK_INVALID);
    IS(helpdesk_calendar_parse("Mon 09:00-17:00", 15, "UTC", 3, NULL, NULL), HELPDESK_INVALID);
    IS(helpdesk_calendar_parse("Mon 09:00-17:00", (size_t)-1, "UTC", 3, &office, NULL), HELPDESK_INVALID);
    IS(helpdesk_calendar_parse("\xff\xfe", 2, "UTC", 3, &office, &error), HELPDESK_INVALID);
    if (strcmp(helpdesk_error_code(error, &len), "not_utf8") != 0 || len != 8) exit(1);
    IS(helpdesk_error_free(error), HELPDESK_OK);
    IS(helpdesk_error_free(error), HELPDESK_INVALID);
    IS(helpdesk_calendar_parse("Mon 09:00-17:00", 15, "UTC", 3, &office, NULL), HELPDESK_OK);
    IS(helpdesk_calendar_elapsed(office, 0, 1, NULL, NULL), HELPDESK_INVALID);
    IS(helpdesk_calendar_elapsed(NULL, 0, 1, &out, NULL), HELPDESK_INVALID);
    IS(helpdesk_calendar_elapsed(office, -1, 1, &out, NULL), HELPDESK_NO_ANSWER);
    IS(helpdesk_calendar_elapsed_batch(office, NULL, NULL, NULL, 0, NULL, NULL), HELPDESK_OK);
    IS(helpdesk_calendar_elapsed_batch(office, NULL, &out, &out, 1, NULL, NULL), HELPDESK_INVALID);
    IS(helpdesk_rulebook_lint((const helpdesk_rulebook *)(const void *)office, &buffer, NULL), HELPDESK_INVALID);
    IS(helpdesk_desk_free((helpdesk_desk *)(void *)office), HELPDESK_INVALID);
    kept = office;
    IS(helpdesk_calendar_free(office), HELPDESK_OK);
    IS(helpdesk_calendar_free(kept), HELPDESK_INVALID);
    IS(helpdesk_calendar_elapsed(kept, 0, 1, &out, NULL), HELPDESK_INVALID);
    IS(helpdesk_calendar_free(NULL), HELPDESK_OK);
    IS(helpdesk_rulebook_from_json("{\"calendar\": 7}", 15, &rules, NULL), HELPDESK_INVALID);
    memset(&swept, 0, sizeof swept);
    IS(helpdesk_desk_sweep(desk, 0, 1, &swept, NULL), HELPDESK_INVALID);
    IS(helpdesk_desk_sweep(desk, HELPDESK_NONE, 1, NULL, NULL), HELPDESK_INVALID);
    if (helpdesk_buffer_data(NULL, &len) || helpdesk_error_message(NULL, &len)) exit(1);
}

int main(void) {
    pthread_t threads[THREADS];
    unsigned char numbers[THREADS];
    helpdesk_rulebook *rules = NULL;
    helpdesk_rulebooks *books = NULL;
    helpdesk_buffer *buffer = NULL;
    const char *query = "{\"list\": {\"page\": {\"after\": null, \"newest_first\": true, \"limit\": 1}}}";
    char *rows;
    int i;
    check_version();
    MUST(helpdesk_rulebook_starter(&rules, &error));
    MUST(helpdesk_rulebooks_new(rules, &books, &error));
    MUST(helpdesk_desk_in_memory(books, &desk, &error));
    for (i = 0; i < THREADS; i++) {
        numbers[i] = (unsigned char)i;
        if (pthread_create(&threads[i], NULL, work, &numbers[i])) return 1;
    }
    for (i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    MUST(helpdesk_desk_ask(desk, NULL, instant("2026-03-06T09:00:00Z"), query, strlen(query), &buffer, &error));
    rows = taken(buffer);
    printf("%" PRId64 " tickets of %d threads\n", number(rows + 1, "number"), THREADS);
    free(rows);
    mistakes();
    printf("every mistake was told\n");
    helpdesk_desk_free(desk);
    helpdesk_rulebooks_free(books);
    helpdesk_rulebook_free(rules);
    return 0;
}
