/* A small story, from a calendar to a host with storage of its own. The clients in Python, Node and Go print the same bytes. */
#include "client.h"

static const char RULES[] =
    "{\"calendars\": {\"office\": {\"hours\": {\"zone\": \"Europe/Berlin\", \"hours\": \"Mon-Fri 09:00-17:30\"}}}, \"calendar\": \"office\","
    " \"policies\": [{\"name\": \"urgent\", \"when\": {\"priority\": [\"urgent\"]}, \"targets\": {\"first_response\": \"30min\"}},"
    " {\"name\": \"standard\", \"targets\": {\"first_response\": \"4h\", \"total_resolution\": \"2 business days\"}}],"
    " \"escalations\": [{\"name\": \"late\", \"trigger\": {\"clock\": {\"metric\": \"total_resolution\"}},"
    " \"levels\": [{\"name\": \"soon\", \"at\": \"50 %\", \"actions\": [{\"notify\": {\"role\": \"duty manager\"}}]}]}]}";

/* Who says something, and when: the agent Kim, with a call id of its own so that nothing is random. */
static helpdesk_call by_kim(int64_t at, helpdesk_uuid *id, unsigned char n) {
    helpdesk_call call;
    memset(&call, 0, sizeof call);
    memset(id, 0, sizeof *id);
    id->bytes[15] = n;
    call.size = sizeof call;
    call.role = HELPDESK_ROLE_AGENT;
    call.actor = named(HELPDESK_ID_AGENT, "kim");
    call.at = at;
    call.id = id;
    return call;
}

static void show_outcome(const char *what, const helpdesk_outcome *outcome) {
    helpdesk_buffer *buffer = NULL;
    char *id;
    MUST(helpdesk_uuid_format(&outcome->ticket, &buffer, &error));
    id = taken(buffer);
    printf("%s %s #%" PRIu64 " version %" PRIu64 " events %" PRIu64 " wake ", what, id, outcome->number, outcome->version, outcome->events);
    show_instant(outcome->wake_at);
    printf("\n");
    free(id);
}

static void show_answer(const char *what, const helpdesk_desk *desk, int64_t now, const char *query) {
    helpdesk_buffer *buffer = NULL;
    MUST(helpdesk_desk_ask(desk, NULL, now, query, strlen(query), &buffer, &error));
    show(what, buffer);
}

static void calendars(void) {
    helpdesk_calendar *office = NULL;
    const char *hours = "Mon-Fri 09:00-17:30", *zone = "Europe/Amsterdam";
    int64_t asked = instant("2026-03-05T16:15:00Z"), due = 0, elapsed = 0;
    MUST(helpdesk_calendar_parse(hours, strlen(hours), zone, strlen(zone), &office, &error));
    MUST(helpdesk_calendar_add(office, asked, INT64_C(4) * 3600 * 1000000, &due, &error));
    MUST(helpdesk_calendar_elapsed(office, asked, due, &elapsed, &error));
    printf("due ");
    show_instant(due);
    printf(" elapsed %" PRId64 "\n", elapsed);
    helpdesk_calendar_free(office);
}

static void tickets(const helpdesk_desk *desk, const helpdesk_rulebook *rules) {
    const int64_t hour = INT64_C(3600) * 1000000;
    int64_t now = instant("2026-03-05T09:00:00Z"), later = instant("2026-03-10T12:00:00Z"), nap = 0;
    helpdesk_uuid id, ticket;
    helpdesk_call call = by_kim(now, &id, 1);
    helpdesk_open open;
    helpdesk_outcome outcome;
    helpdesk_reading reading;
    helpdesk_swept swept;
    helpdesk_buffer *buffer = NULL;
    helpdesk_error *refused = NULL;
    helpdesk_status status;
    helpdesk_tally *whole = NULL, *part = NULL;
    helpdesk_rulebook *starter = NULL;
    helpdesk_what_if *what_if = NULL;
    char *text, *message;
    char request[512];
    size_t len = 0;
    const char *bytes;
    const char *history =
        "{\"ticket\": \"018f3c1e-7a00-7000-8000-000000000007\", \"number\": 7, \"opened\": {\"at\": \"2026-03-05T09:00:00Z\","
        " \"requester\": \"018f3c1e-7a00-7000-8000-000000000008\"}, \"rows\": [{\"at\": \"2026-03-05T10:00:00Z\","
        " \"says\": [{\"status\": {\"to\": \"resolved\"}}]}, {\"at\": \"2026-03-05T09:50:00Z\", \"says\": [{\"status\": {\"to\": \"open\"}}]}]}";

    memset(&open, 0, sizeof open);
    memset(&outcome, 0, sizeof outcome);
    memset(&reading, 0, sizeof reading);
    memset(&swept, 0, sizeof swept);
    open.size = sizeof open;
    outcome.size = sizeof outcome;
    reading.size = sizeof reading;
    swept.size = sizeof swept;
    open.subject = "Printer on fire";
    open.subject_len = strlen(open.subject);
    open.address = "ann@example.com";
    open.address_len = strlen(open.address);
    MUST(helpdesk_desk_open(desk, &call, &open, &outcome, &error));
    show_outcome("opened", &outcome);
    ticket = outcome.ticket;

    call = by_kim(now += hour, &id, 2);
    MUST(helpdesk_desk_reply(desk, &call, &ticket, "Which floor? \xe2\x98\x8e", 16, &outcome, &error));
    show_outcome("replied", &outcome);
    call = by_kim(now += hour, &id, 3);
    MUST(helpdesk_desk_note(desk, &call, &ticket, "calm", 4, &outcome, &error));
    MUST(helpdesk_desk_pend(desk, &call, &ticket, HELPDESK_PENDING_CUSTOMER, HELPDESK_NONE, &outcome, &error));
    show_outcome("waits", &outcome);
    MUST(helpdesk_desk_reading(desk, NULL, &ticket, HELPDESK_SLA, HELPDESK_FIRST_RESPONSE, now, &reading, &error));
    printf("reading %d %d %" PRId64 " ", (int)reading.state, (int)reading.verdict, reading.elapsed);
    show_instant(reading.due);
    printf("\n");

    MUST(helpdesk_uuid_format(&ticket, &buffer, &error));
    text = taken(buffer);
    call = by_kim(now += hour, &id, 4);
    snprintf(request, sizeof request, "{\"submit\": {\"ticket\": \"%s\", \"command\": {\"changes\": [{\"add_tag\": \"vip\"}], \"step\": \"resume\"}}}", text);
    MUST(helpdesk_desk_do(desk, &call, request, strlen(request), &buffer, &error));
    show("done", buffer);
    status = helpdesk_desk_do(desk, &call, request, strlen(request), &buffer, &refused);
    printf("refused %d %s %s\n%s\n%s\n", (int)status, helpdesk_error_kind(refused, NULL), helpdesk_error_code(refused, NULL),
           helpdesk_error_message(refused, NULL), helpdesk_error_detail(refused, NULL));
    helpdesk_error_free(refused);

    MUST(helpdesk_desk_sweep(desk, later, 100, &swept, &error));
    printf("swept %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", swept.tickets, swept.events, swept.chains_ended, swept.failed, swept.more);
    MUST(helpdesk_desk_claim(desk, later, hour, 10, &buffer, &error));
    message = taken(buffer);
    printf("claimed %s\n", message);
    {
        char *outbox_id = copied(message + 1, "id");
        MUST(helpdesk_uuid_parse(outbox_id, strlen(outbox_id), &id, &error));
        MUST(helpdesk_desk_acknowledge(desk, &id, 1, &error));
        free(outbox_id);
        free(message);
    }
    MUST(helpdesk_desk_nap(desk, later, &nap, &error));
    printf("nap until ");
    show_instant(nap);
    printf("\n");

    snprintf(request, sizeof request, "{\"ledger\": {\"ticket\": \"%s\", \"clock\": {\"agreement\": \"sla\", \"metric\": \"total_resolution\"}}}", text);
    show_answer("ledger", desk, later, request);
    snprintf(request, sizeof request, "{\"readings\": {\"ticket\": \"%s\"}}", text);
    show_answer("readings", desk, later, request);
    show_answer("list", desk, later, "{\"list\": {\"page\": {\"after\": null, \"newest_first\": true, \"limit\": 10}}}");
    free(text);

    MUST(helpdesk_tally_new(NULL, 0, later, &part, &error));
    MUST(helpdesk_tally_add_desk(part, desk, NULL, &error));
    MUST(helpdesk_tally_to_bytes(part, &buffer, &error));
    bytes = helpdesk_buffer_data(buffer, &len);
    MUST(helpdesk_tally_from_bytes((const uint8_t *)bytes, len, &whole, &error));
    printf("tally of %zu bytes\n", len);
    helpdesk_buffer_free(buffer);
    MUST(helpdesk_tally_merge(whole, part, &error));
    MUST(helpdesk_tally_report(whole, &buffer, &error));
    show("figures of both", buffer);
    helpdesk_tally_free(whole);
    helpdesk_tally_free(part);

    MUST(helpdesk_rulebook_starter(&starter, &error));
    MUST(helpdesk_what_if_new(rules, starter, later, NULL, 0, &what_if, &error));
    MUST(helpdesk_what_if_add_desk(what_if, desk, NULL, &error));
    MUST(helpdesk_what_if_difference(what_if, &buffer, &error));
    show("what if", buffer);
    helpdesk_what_if_free(what_if);
    helpdesk_rulebook_free(starter);

    MUST(helpdesk_desk_import(desk, NULL, history, strlen(history), &buffer, &error));
    show("imported", buffer);
}

/* A database of the host's own, for one ticket: the events as the library wrote them, and the last number given. */
struct rows {
    char *events; /* without the brackets around them */
    int64_t version;
    int last_number;
};

/* How many elements a compact JSON list has. */
static int count(const char *list) {
    int n = 0;
    const char *at = list + 1;
    while (*at != ']') {
        n++;
        at = past(at);
        if (*at == ',') at++;
    }
    return n;
}

static char *load(struct rows *rows, const char *wanted) {
    char *streams = copied(wanted, "streams"), *owners = copied(wanted, "owners"), *number_wanted = copied(wanted, "number");
    size_t room = strlen(rows->events) + 256;
    char *answer = (char *)malloc(room);
    int i, n = count(owners);
    if (!answer) exit(1);
    strcpy(answer, "{\"streams\":[");
    if (count(streams)) sprintf(answer + strlen(answer), "{\"events\":[%s]}", rows->events);
    strcat(answer, "],\"owners\":[");
    for (i = 0; i < n; i++) strcat(answer, i ? ",null" : "null");
    strcat(answer, "]");
    if (strcmp(number_wanted, "true") == 0) sprintf(answer + strlen(answer), ",\"number\":%d", ++rows->last_number);
    strcat(answer, "}");
    free(streams);
    free(owners);
    free(number_wanted);
    return answer;
}

static int32_t commit(struct rows *rows, const char *to_write) {
    char *parts = copied(to_write, "parts"), *events = copied(parts + 1, "events"), *together;
    int32_t answer = HELPDESK_WRITE_CONFLICT;
    if (number(parts + 1, "expected") == rows->version) {
        size_t len = strlen(events), before = strlen(rows->events);
        rows->version += count(events);
        events[len - 1] = 0; /* without the brackets */
        together = (char *)malloc(before + len + 1);
        if (!together) exit(1);
        sprintf(together, "%s%s%s", rows->events, before ? "," : "", events + 1);
        free(rows->events);
        rows->events = together;
        answer = HELPDESK_WRITTEN;
    }
    free(events);
    free(parts);
    return answer;
}

static void own_storage(const helpdesk_rulebooks *books) {
    const int64_t hour = INT64_C(3600) * 1000000;
    struct rows rows = {NULL, 0, 0};
    int64_t now = instant("2026-03-05T09:00:00Z"), wake = 0;
    char request[512] = "{\"open\": {\"subject\": \"No network\", \"requester\": {\"address\": \"bob@example.com\"}}}";
    int step;
    helpdesk_ticket *folded = NULL;
    helpdesk_buffer *buffer = NULL;
    char *list;
    rows.events = (char *)calloc(1, 1);
    for (step = 0; step < 2; step++, now += hour) {
        helpdesk_uuid id;
        helpdesk_call call = by_kim(now, &id, (unsigned char)(20 + step));
        helpdesk_op *op = NULL;
        int32_t need = HELPDESK_NEED_LOAD;
        char *done, *ticket;
        MUST(helpdesk_op_new(books, &call, request, strlen(request), HELPDESK_NONE, &op, &error));
        while (need != HELPDESK_NEED_NOTHING) {
            char *said, *loaded;
            MUST(helpdesk_op_need(op, &need, &buffer, &error));
            said = taken(buffer);
            if (need == HELPDESK_NEED_LOAD) {
                loaded = load(&rows, said);
                MUST(helpdesk_op_loaded(op, loaded, strlen(loaded), &error));
                free(loaded);
            } else if (need == HELPDESK_NEED_COMMIT) {
                MUST(helpdesk_op_committed(op, commit(&rows, said), &error));
            }
            free(said);
        }
        MUST(helpdesk_op_finish(op, &buffer, &error));
        helpdesk_op_free(op);
        done = taken(buffer);
        printf("own %s\n", done);
        ticket = copied(done, "ticket");
        snprintf(request, sizeof request, "{\"submit\": {\"ticket\": \"%s\", \"command\": {\"message\": {\"body\": \"Try again\"}}}}", ticket);
        free(ticket);
        free(done);
    }
    list = (char *)malloc(strlen(rows.events) + 3);
    if (!list) exit(1);
    sprintf(list, "[%s]", rows.events);
    MUST(helpdesk_ticket_replay(books, NULL, list, strlen(list), &folded, &error));
    MUST(helpdesk_ticket_wake_at(folded, &wake, &error));
    printf("own wakes at ");
    show_instant(wake);
    printf("\n");
    helpdesk_ticket_free(folded);
    free(list);
    free(rows.events);
}

int main(void) {
    helpdesk_rulebook *rules = NULL;
    helpdesk_rulebooks *books = NULL;
    helpdesk_desk *desk = NULL;
    helpdesk_buffer *buffer = NULL;
    check_version();
    calendars();
    MUST(helpdesk_rulebook_from_json(RULES, strlen(RULES), &rules, &error));
    MUST(helpdesk_rulebook_lint(rules, &buffer, &error));
    show("lint", buffer);
    MUST(helpdesk_rulebooks_new(rules, &books, &error));
    MUST(helpdesk_desk_in_memory(books, &desk, &error));
    tickets(desk, rules);
    own_storage(books);
    helpdesk_desk_free(desk);
    helpdesk_rulebooks_free(books);
    helpdesk_rulebook_free(rules);
    return 0;
}
