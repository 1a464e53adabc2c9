/* What a small C program needs around helpdesk.h: errors that end it, texts that are printed and freed, and one field of a
 * JSON object. A real host has a JSON library; nothing here is needed to use the library. */
#ifndef CLIENT_H
#define CLIENT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helpdesk.h"

/* Ends the program where a call failed that must not. */
static inline void must(helpdesk_status status, helpdesk_error *error, const char *what) {
    if (status == HELPDESK_OK) return;
    fprintf(stderr, "%s: status %d: %s\n", what, (int)status, error ? helpdesk_error_message(error, NULL) : "?");
    exit(1);
}
#define MUST(call) do { helpdesk_error *error = NULL; helpdesk_status status = (call); must(status, error, #call); } while (0)

/* The text of a buffer, as the caller's own; the buffer is freed. */
static inline char *taken(helpdesk_buffer *buffer) {
    size_t len = 0;
    const char *data = helpdesk_buffer_data(buffer, &len);
    char *copy = (char *)malloc(len + 1);
    if (!data || !copy) exit(1);
    memcpy(copy, data, len + 1);
    helpdesk_buffer_free(buffer);
    return copy;
}

static inline void show(const char *what, helpdesk_buffer *buffer) {
    char *text = taken(buffer);
    printf("%s %s\n", what, text);
    free(text);
}

/* An instant as text; `-` for none. */
static inline void show_instant(int64_t at) {
    helpdesk_buffer *buffer = NULL;
    char *text;
    if (at == HELPDESK_NONE) {
        fputs("-", stdout);
        return;
    }
    MUST(helpdesk_instant_format(at, &buffer, &error));
    text = taken(buffer);
    fputs(text, stdout);
    free(text);
}

/* Behind one JSON value. */
static inline const char *past(const char *at) {
    int depth = 0;
    do {
        if (*at == '"') {
            for (at++; *at && *at != '"'; at++) at += *at == '\\' && at[1];
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            depth--;
        }
        if (*at) at++;
    } while (*at && (depth > 0 || !strchr(",}]", *at)));
    return at;
}

/* The value of a field of a compact JSON object, as it stands there; NULL where there is none. */
static inline const char *field(const char *object, const char *name, size_t *len) {
    size_t name_len = strlen(name);
    const char *at = object + 1;
    while (*at == '"') {
        const char *key = at + 1, *value;
        at = key;
        while (*at != '"') at++;
        value = at + 2;
        at = past(value);
        if ((size_t)(value - 2 - key) == name_len && memcmp(key, name, name_len) == 0) {
            *len = (size_t)(at - value);
            return value;
        }
        if (*at == ',') at++;
    }
    return NULL;
}

/* The same as a text of its own, without the quotes of a string; ends the program where there is none. */
static inline char *copied(const char *object, const char *name) {
    size_t len = 0;
    const char *value = field(object, name, &len);
    char *copy;
    if (!value) {
        fprintf(stderr, "no field `%s`\n", name);
        exit(1);
    }
    if (*value == '"') {
        value++;
        len -= 2;
    }
    copy = (char *)malloc(len + 1);
    if (!copy) exit(1);
    memcpy(copy, value, len);
    copy[len] = 0;
    return copy;
}

static inline int64_t number(const char *object, const char *name) {
    char *text = copied(object, name);
    int64_t found = strtoll(text, NULL, 10);
    free(text);
    return found;
}

static inline int64_t instant(const char *text) {
    int64_t at = 0;
    MUST(helpdesk_instant_parse(text, strlen(text), &at, &error));
    return at;
}

static inline helpdesk_uuid named(int32_t kind, const char *text) {
    helpdesk_uuid id;
    MUST(helpdesk_uuid_named(kind, text, strlen(text), &id, &error));
    return id;
}

/* A program that was compiled with another version of the header must not go on. */
static inline void check_version(void) {
    if (helpdesk_abi_version() != HELPDESK_ABI_VERSION) {
        fprintf(stderr, "the library speaks version %u, this program %u\n", helpdesk_abi_version(), (unsigned)HELPDESK_ABI_VERSION);
        exit(1);
    }
}

#endif
