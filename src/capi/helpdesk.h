/*
 * helpdesk: the customer-support domain, for C and every language that can call it.
 *
 * The conventions, which hold for every function:
 *
 * - Names. Every symbol begins with `helpdesk_`, every constant with `HELPDESK_`.
 * - Answers. A function that can fail answers a `helpdesk_status`; `HELPDESK_OK` is 0. What it gives stands in output arguments,
 *   which are written only on success. Output arguments are required unless the function says that they may be NULL.
 * - Errors. The last argument is `helpdesk_error **error`. It may be NULL. On failure, and only then, an error object is stored
 *   there; free it with `helpdesk_error_free`. It has the status, a kind, a stable code, a message and facts as JSON.
 * - Handles. A type that is only named here is opaque: made by a function, freed with its `_free`. Freeing NULL does nothing.
 *   Handles keep what they need: a calendar may be freed while a rulebook made with it lives on.
 * - Ownership. A `const` pointer is borrowed for the call. Whatever a function hands out belongs to the caller until freed,
 *   except texts that an accessor of a handle gives: those live as long as the handle.
 * - Guards. NULL, an unaligned pointer, a handle of another kind and a handle that was freed are answered with
 *   `HELPDESK_INVALID`. A freed handle is known as such until its place is used again, which takes at least 64 further handles of
 *   its kind; after that a stale pointer cannot be told from a live one. Pointers into nowhere cannot be guarded against.
 * - Threads. No function has state of its own. Every handle may be used by any number of threads at once, and freed by any one
 *   thread once no other uses it. What changes a handle (rulebooks, a tally, an operation, a what-if) waits for its turn.
 * - Text is UTF-8 with its length in bytes; it need not end with NUL. Text that is handed out ends with one that its length
 *   does not count. JSON texts are held to `HELPDESK_MAX_TEXT` bytes and 128 levels.
 * - Time. Instants are microseconds since 1970-01-01T00:00:00Z as `int64_t`, lengths are microseconds as `int64_t`,
 *   `HELPDESK_NONE` stands for an absent one (it is numpy's NaT). Instants in JSON are RFC 3339 text. No function reads a clock.
 * - Who and when are arguments (`helpdesk_call`) and never JSON, so that what a browser sent can be passed on as it came.
 * - Structs begin with their own `size`, set by the caller to `sizeof` of what it was compiled with; they grow at the end.
 *   Reserved and newer fields are 0.
 * - Numbers in JSON that can pass 2^53 (sums of lengths, bits of a snapshot) are decimal strings. The number of a ticket's field is
 *   one where it does pass it, and else a number; either is read.
 * - Panics never cross: a defect of the library is `HELPDESK_PANIC`. This needs `panic = "unwind"`, the default; a library
 *   built with `panic = "abort"` ends the process instead.
 *
 * Made of src/capi by tests/capi_header.rs: change the sources, not this file.
 */

#ifndef HELPDESK_H
#define HELPDESK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 The longest text that is taken, in bytes: 64 MiB.
 */
#define HELPDESK_MAX_TEXT 67108864

/*
 Stands for an instant or a length that is not there.
 */
#define HELPDESK_NONE INT64_MIN

/*
 The version of this header. A library answers it with `helpdesk_abi_version`; a program compares the two when it loads one.

 Functions and constants are only ever added, and structs only grow at their end, without a new number. Whatever breaks a
 compiled caller raises it. So a caller works with every library of the same number that is at least as new.
 */
#define HELPDESK_ABI_VERSION 1

/*
 What came of a call. Few on purpose: `helpdesk_error_code` tells more.
 */
enum helpdesk_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   Done; the outputs are written.
   */
  HELPDESK_OK = 0,
  /*
   An argument cannot be meant: NULL, a wrong or freed handle, no UTF-8, no such JSON, calendar or rulebook. Nothing was done.
   */
  HELPDESK_INVALID = 1,
  /*
   The rules do not allow it; the error's detail has the facts. Nothing was written.
   */
  HELPDESK_REFUSED = 2,
  /*
   The actor has not the right. Nothing was written.
   */
  HELPDESK_FORBIDDEN = 3,
  /*
   There is no such thing in the tenant: no such ticket, customer, survey, article or whatever else was named.
   */
  HELPDESK_NOT_FOUND = 4,
  /*
   Others wrote first, again and again: the same call may work later.
   */
  HELPDESK_CONFLICT = 5,
  /*
   The store was not reached: the same call may work later, under the same key.
   */
  HELPDESK_UNAVAILABLE = 6,
  /*
   A calendar has no answer: it never opens again, or the instant lies outside 1970 to 2100.
   */
  HELPDESK_NO_ANSWER = 7,
  /*
   Anything else: a store that is corrupt, full or newer, a missing rulebook, figures that do not add up.
   */
  HELPDESK_FAILED = 8,
  /*
   A defect of the library: please report it. The handles of the call should be freed.
   */
  HELPDESK_PANIC = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_status helpdesk_status;
#else
typedef int32_t helpdesk_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 Which instant of the last day a number of business days leads to.
 */
enum helpdesk_day_end
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   The local time of the start, on that day.
   */
  HELPDESK_SAME_TIME = 0,
  /*
   The end of that day's last window.
   */
  HELPDESK_LAST_CLOSE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_day_end helpdesk_day_end;
#else
typedef int32_t helpdesk_day_end;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The ways in which calendars are combined.
 */
enum helpdesk_combination
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   Open when at least one of the two is.
   */
  HELPDESK_UNION = 0,
  /*
   Open when both are.
   */
  HELPDESK_INTERSECTION = 1,
  /*
   Open when the first is and the second is not.
   */
  HELPDESK_DIFFERENCE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_combination helpdesk_combination;
#else
typedef int32_t helpdesk_combination;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The kinds of actors.
 */
enum helpdesk_role
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   A person who asks for help.
   */
  HELPDESK_ROLE_CUSTOMER = 0,
  /*
   A person who works at the desk.
   */
  HELPDESK_ROLE_AGENT = 1,
  /*
   An agent with more permissions.
   */
  HELPDESK_ROLE_SUPERVISOR = 2,
  /*
   An automatic participant. Its messages fulfil no clock.
   */
  HELPDESK_ROLE_BOT = 3,
  /*
   The host or one of its rules; its id is not looked at.
   */
  HELPDESK_ROLE_SYSTEM = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_role helpdesk_role;
#else
typedef int32_t helpdesk_role;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The kinds of ids, for ids that stand for texts of the host.
 */
enum helpdesk_id_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   A tenant.
   */
  HELPDESK_ID_TENANT = 0,
  /*
   A ticket.
   */
  HELPDESK_ID_TICKET = 1,
  /*
   A person who works at the desk.
   */
  HELPDESK_ID_AGENT = 2,
  /*
   A person who asks for help.
   */
  HELPDESK_ID_CUSTOMER = 3,
  /*
   A group of agents.
   */
  HELPDESK_ID_TEAM = 4,
  /*
   An automatic participant.
   */
  HELPDESK_ID_BOT = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_id_kind helpdesk_id_kind;
#else
typedef int32_t helpdesk_id_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 How a desk's file is kept.
 */
enum helpdesk_durability
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   What is committed survives a killed process and a power cut: the disk is waited for in each commit.
   */
  HELPDESK_DURABLE = 0,
  /*
   What is committed survives a killed process, but not a power cut: the last commits may be lost then. Several times as fast.
   */
  HELPDESK_FASTER_NOT_DURABLE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_durability helpdesk_durability;
#else
typedef int32_t helpdesk_durability;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 What an operation needs.
 */
enum helpdesk_need
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   Nothing any more: `helpdesk_op_finish`.
   */
  HELPDESK_NEED_NOTHING = 0,
  /*
   Load this and tell `helpdesk_op_loaded`.
   */
  HELPDESK_NEED_LOAD = 1,
  /*
   Write all of this or nothing, and tell `helpdesk_op_committed`.
   */
  HELPDESK_NEED_COMMIT = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_need helpdesk_need;
#else
typedef int32_t helpdesk_need;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 How a commit went.
 */
enum helpdesk_written
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   All of it is written.
   */
  HELPDESK_WRITTEN = 0,
  /*
   Nothing is written: a stream stands elsewhere, a unique key is taken, or the idempotency key was used. The operation loads and
   decides again.
   */
  HELPDESK_WRITE_CONFLICT = 1,
  /*
   It is not known whether it is written. The operation ends; ask again under the same idempotency key.
   */
  HELPDESK_WRITE_UNKNOWN = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_written helpdesk_written;
#else
typedef int32_t helpdesk_written;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 What a clock measures.
 */
enum helpdesk_metric
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   From the customer's first contact to the first public message of a human agent.
   */
  HELPDESK_FIRST_RESPONSE = 0,
  /*
   From the oldest unanswered customer message to the answer; each time.
   */
  HELPDESK_NEXT_RESPONSE = 1,
  /*
   From one public message of a human agent to the next; each time.
   */
  HELPDESK_PERIODIC_UPDATE = 2,
  /*
   From a promise to the public message that keeps it; each promise.
   */
  HELPDESK_PROMISED_UPDATE = 3,
  /*
   How long the requester waited for the desk.
   */
  HELPDESK_REQUESTER_WAIT = 4,
  /*
   How long the desk had work to do.
   */
  HELPDESK_AGENT_WORK = 5,
  /*
   From creation to the first resolution.
   */
  HELPDESK_FIRST_RESOLUTION = 6,
  /*
   From creation to the resolution, over all cycles.
   */
  HELPDESK_TOTAL_RESOLUTION = 7,
  /*
   Until an agent is in charge; each team.
   */
  HELPDESK_OWNERSHIP = 8,
  /*
   From the resolution to the next public message of a human agent.
   */
  HELPDESK_FOLLOW_UP = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_metric helpdesk_metric;
#else
typedef int32_t helpdesk_metric;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 With whom a target was agreed.
 */
enum helpdesk_agreement
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   With the customer.
   */
  HELPDESK_SLA = 0,
  /*
   Between teams of the host.
   */
  HELPDESK_OLA = 1,
  /*
   With a supplier.
   */
  HELPDESK_CONTRACT = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_agreement helpdesk_agreement;
#else
typedef int32_t helpdesk_agreement;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 What a clock is doing.
 */
enum helpdesk_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   No policy of its agreement ever applied to the ticket.
   */
  HELPDESK_STATE_NOT_APPLICABLE = 0,
  /*
   What begins it has not happened.
   */
  HELPDESK_STATE_NOT_STARTED = 1,
  /*
   It runs.
   */
  HELPDESK_STATE_RUNNING = 2,
  /*
   It waits, by the pause table.
   */
  HELPDESK_STATE_PAUSED = 3,
  /*
   It was fulfilled, or ended unanswered.
   */
  HELPDESK_STATE_STOPPED = 4,
  /*
   The ticket was closed without what it waited for.
   */
  HELPDESK_STATE_CANCELLED = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_state helpdesk_state;
#else
typedef int32_t helpdesk_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 How a clock stands to its target.
 */
enum helpdesk_verdict
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   Nothing to say yet.
   */
  HELPDESK_VERDICT_OPEN = 0,
  /*
   Fulfilled with at most the target used.
   */
  HELPDESK_VERDICT_MET = 1,
  /*
   More than the target was used.
   */
  HELPDESK_VERDICT_BREACHED = 2,
  /*
   Resolved or closed without the answer that it waited for.
   */
  HELPDESK_VERDICT_UNANSWERED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_verdict helpdesk_verdict;
#else
typedef int32_t helpdesk_verdict;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 How urgent a ticket is. 0 is as usual, so that an empty struct means that.
 */
enum helpdesk_priority
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   As usual.
   */
  HELPDESK_PRIORITY_NORMAL = 0,
  /*
   Can wait.
   */
  HELPDESK_PRIORITY_LOW = 1,
  /*
   Before the usual.
   */
  HELPDESK_PRIORITY_HIGH = 2,
  /*
   Before everything that is not critical.
   */
  HELPDESK_PRIORITY_URGENT = 3,
  /*
   Many people cannot work.
   */
  HELPDESK_PRIORITY_CRITICAL = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_priority helpdesk_priority;
#else
typedef int32_t helpdesk_priority;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 What a ticket waits for.
 */
enum helpdesk_pending
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   An answer of the customer.
   */
  HELPDESK_PENDING_CUSTOMER = 0,
  /*
   A supplier or another company.
   */
  HELPDESK_PENDING_THIRD_PARTY = 1,
  /*
   Somebody else in the host's own company.
   */
  HELPDESK_PENDING_INTERNAL = 2,
  /*
   An instant, which is to be given.
   */
  HELPDESK_PENDING_SCHEDULED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum helpdesk_pending helpdesk_pending;
#else
typedef int32_t helpdesk_pending;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 A text or bytes that the library made. Freed with `helpdesk_buffer_free`.
 */
typedef struct helpdesk_buffer helpdesk_buffer;

/*
 When a desk is open: compiled, immutable, shared by any number of threads. Freed with `helpdesk_calendar_free`.
 */
typedef struct helpdesk_calendar helpdesk_calendar;

/*
 A desk: its store and its rules. Shared by any number of threads. Freed with `helpdesk_desk_free`.
 */
typedef struct helpdesk_desk helpdesk_desk;

/*
 What went wrong, in full. Made by a function that failed, freed with `helpdesk_error_free`.
 */
typedef struct helpdesk_error helpdesk_error;

/*
 One request on its way. Any thread, one after the other. Freed with `helpdesk_op_free`, finished or not.
 */
typedef struct helpdesk_op helpdesk_op;

/*
 All rules of a desk in one version: immutable, shared by any number of threads. Freed with `helpdesk_rulebook_free`.
 */
typedef struct helpdesk_rulebook helpdesk_rulebook;

/*
 The rulebook in force, per tenant or for all, and the earlier versions that tickets are pinned to. Freed with
 `helpdesk_rulebooks_free`.
 */
typedef struct helpdesk_rulebooks helpdesk_rulebooks;

/*
 A partial result of a report. Any thread, one after the other. Freed with `helpdesk_tally_free`.
 */
typedef struct helpdesk_tally helpdesk_tally;

/*
 A ticket as its events left it, with the rulebook that it is pinned to: immutable, shared by any number of threads. Freed with
 `helpdesk_ticket_free`.
 */
typedef struct helpdesk_ticket helpdesk_ticket;

/*
 Two rulebooks, tried on one history after the other. Any thread, one after the other. Freed with `helpdesk_what_if_free`.
 */
typedef struct helpdesk_what_if helpdesk_what_if;

/*
 An id: a UUID in the byte order of RFC 9562, as its text shows it.
 */
typedef struct helpdesk_uuid {
  /*
   The bytes.
   */
  uint8_t bytes[16];
} helpdesk_uuid;

/*
 Who says something, when, in which tenant, and under which idempotency key.
 */
typedef struct helpdesk_call {
  /*
   `sizeof(helpdesk_call)`.
   */
  size_t size;
  /*
   A `helpdesk_role`.
   */
  int32_t role;
  /*
   0.
   */
  int32_t reserved;
  /*
   The actor's id; all zeros for the system.
   */
  struct helpdesk_uuid actor;
  /*
   When, in microseconds since 1970.
   */
  int64_t at;
  /*
   The tenant; all zeros for hosts that have one.
   */
  struct helpdesk_uuid tenant;
  /*
   The call's own id, from which the ids of what it makes are derived; NULL draws one at random.
   */
  const struct helpdesk_uuid *id;
  /*
   The idempotency key, 1 to 128 bytes; NULL for none, with a length of 0.
   */
  const char *key;
  /*
   Its length in bytes.
   */
  size_t key_len;
} helpdesk_call;

/*
 What a sweep did.
 */
typedef struct helpdesk_swept {
  /*
   `sizeof(helpdesk_swept)`, set by the caller.
   */
  size_t size;
  /*
   How many tickets were swept to the end; those that failed are not among them.
   */
  uint64_t tickets;
  /*
   How many events were recorded.
   */
  uint64_t events;
  /*
   On how many tickets rules went round and were stopped.
   */
  uint64_t chains_ended;
  /*
   How many tickets could not be swept; the query `"ailing"` tells why.
   */
  uint64_t failed;
  /*
   1 where the limit was reached: more may be due. Else 0.
   */
  uint64_t more;
} helpdesk_swept;

/*
 A clock at an instant. Instants and lengths are microseconds, `HELPDESK_NONE` where there is none.
 */
typedef struct helpdesk_reading {
  /*
   `sizeof(helpdesk_reading)`, set by the caller.
   */
  size_t size;
  /*
   A `helpdesk_state`.
   */
  int32_t state;
  /*
   A `helpdesk_verdict`.
   */
  int32_t verdict;
  /*
   1 where any target was ever passed while in force, else 0.
   */
  int32_t ever_breached;
  /*
   0.
   */
  int32_t reserved;
  /*
   The running time so far.
   */
  int64_t elapsed;
  /*
   The running time that the target allows.
   */
  int64_t amount;
  /*
   When it began.
   */
  int64_t started_at;
  /*
   When the target is used up, as things stand.
   */
  int64_t due;
  /*
   When it ended.
   */
  int64_t stopped_at;
} helpdesk_reading;

/*
 A new ticket. Fields that are NULL or 0 are absent; a length beside a NULL text is refused.
 */
typedef struct helpdesk_open {
  /*
   `sizeof(helpdesk_open)`.
   */
  size_t size;
  /*
   The subject line. Required.
   */
  const char *subject;
  /*
   Its length in bytes.
   */
  size_t subject_len;
  /*
   The address of who asks for help.
   */
  const char *address;
  /*
   Its length in bytes; 0 where there is none.
   */
  size_t address_len;
  /*
   Who asks for help, by the host's id. Not beside an address; neither is needed where a customer calls.
   */
  const struct helpdesk_uuid *customer;
  /*
   The first message.
   */
  const char *body;
  /*
   Its length in bytes; 0 where there is none.
   */
  size_t body_len;
  /*
   The ticket's id, where the host chooses it.
   */
  const struct helpdesk_uuid *id;
  /*
   A `helpdesk_priority`.
   */
  int32_t priority;
  /*
   0.
   */
  int32_t reserved;
} helpdesk_open;

/*
 What came of a command.
 */
typedef struct helpdesk_outcome {
  /*
   `sizeof(helpdesk_outcome)`, set by the caller.
   */
  size_t size;
  /*
   The ticket.
   */
  struct helpdesk_uuid ticket;
  /*
   The message that was added; all zeros where none was.
   */
  struct helpdesk_uuid message;
  /*
   The ticket that a late message of a customer began; all zeros where it began none.
   */
  struct helpdesk_uuid follow_up;
  /*
   The ticket's number.
   */
  uint64_t number;
  /*
   How many events it has.
   */
  uint64_t version;
  /*
   How many of them this call recorded.
   */
  uint64_t events;
  /*
   When a sweep would first record something; `HELPDESK_NONE` for never.
   */
  int64_t wake_at;
  /*
   1 where nothing was written, because the same had been done before. Else 0.
   */
  uint64_t replayed;
} helpdesk_outcome;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 `helpdesk_calendar_elapsed` of `n` pairs: `out[i]` is the open time in `[from[i], to[i])`, or `HELPDESK_NONE`.

 How many are without an answer goes to `*unanswered`, which may be NULL. `out` may be the same array as `from` or `to`, and
 must not overlap them otherwise. Borrows all; any thread.
 */
helpdesk_status helpdesk_calendar_elapsed_batch(const struct helpdesk_calendar *calendar,
                                                const int64_t *from,
                                                const int64_t *to,
                                                int64_t *out,
                                                size_t n,
                                                size_t *unanswered,
                                                struct helpdesk_error **error);

/*
 `helpdesk_calendar_add` of `n` pairs: `out[i]` is the earliest instant by which `time[i]` of open time has passed, or
 `HELPDESK_NONE`.

 As `helpdesk_calendar_elapsed_batch`.
 */
helpdesk_status helpdesk_calendar_add_batch(const struct helpdesk_calendar *calendar,
                                            const int64_t *from,
                                            const int64_t *time,
                                            int64_t *out,
                                            size_t n,
                                            size_t *unanswered,
                                            struct helpdesk_error **error);

/*
 `helpdesk_calendar_is_open` of `n` instants: `out[i]` is 1 where it is open at `at[i]`, 0 where it is not, 255 where there is
 no answer.

 How many are without an answer goes to `*unanswered`, which may be NULL. Borrows all; any thread.
 */
helpdesk_status helpdesk_calendar_is_open_batch(const struct helpdesk_calendar *calendar,
                                                const int64_t *at,
                                                uint8_t *out,
                                                size_t n,
                                                size_t *unanswered,
                                                struct helpdesk_error **error);

/*
 What is in a buffer; a NUL stands behind it. `len` may be NULL.

 The bytes live as long as `buffer`; NULL where that is no buffer. Borrows `buffer`; any thread.
 */
const char *helpdesk_buffer_data(const struct helpdesk_buffer *buffer, size_t *len);

/*
 Frees a buffer. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `buffer`.
 */
helpdesk_status helpdesk_buffer_free(struct helpdesk_buffer *buffer);

/*
 Whether a window starts on a date, given as days since 1970-01-01.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_is_business_day(const struct helpdesk_calendar *calendar,
                                                  int32_t day,
                                                  bool *out,
                                                  struct helpdesk_error **error);

/*
 The `n`-th business day after a date, or before it for a negative `n`; dates are days since 1970-01-01.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_business_day(const struct helpdesk_calendar *calendar,
                                               int32_t day,
                                               int64_t n,
                                               int32_t *out,
                                               struct helpdesk_error **error);

/*
 How many business days lie in `(from, to]`; dates are days since 1970-01-01.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_count_business_days(const struct helpdesk_calendar *calendar,
                                                      int32_t from,
                                                      int32_t to,
                                                      int64_t *out,
                                                      struct helpdesk_error **error);

/*
 The instant that is `days` business days after `from`, or before it for negative `days`; `end` is a `helpdesk_day_end`.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_add_business_days(const struct helpdesk_calendar *calendar,
                                                    int64_t from,
                                                    int64_t days,
                                                    int32_t end,
                                                    int64_t *out,
                                                    struct helpdesk_error **error);

/*
 How much open time lies between `from` and the instant that is `days` business days after it, in microseconds: what a target
 in business days comes to. Never 0 for positive `days`: when nothing lies between, the business day after it is taken.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_business_days_as_time(const struct helpdesk_calendar *calendar,
                                                        int64_t from,
                                                        int64_t days,
                                                        int32_t end,
                                                        int64_t *out,
                                                        struct helpdesk_error **error);

/*
 A week of hours in a zone: `Mon-Fri 09:00-17:00; Sat 10:00-14:00` in `America/New_York`. Of a zone that is not known the error's
 detail lists some that are near, under `near_zones`.

 The caller owns `*out`. Any thread.
 */
helpdesk_status helpdesk_calendar_parse(const char *hours,
                                        size_t hours_len,
                                        const char *zone,
                                        size_t zone_len,
                                        struct helpdesk_calendar **out,
                                        struct helpdesk_error **error);

/*
 A calendar from its JSON form: `"always"`, `{"hours": {"zone": .., "hours": .., "layers": [..]}}`, `{"union": [.., ..]}`, ...

 The caller owns `*out`. Any thread.
 */
helpdesk_status helpdesk_calendar_from_json(const char *json,
                                            size_t json_len,
                                            struct helpdesk_calendar **out,
                                            struct helpdesk_error **error);

/*
 The calendar as it was written, as JSON.

 The caller owns `*out`. Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_to_json(const struct helpdesk_calendar *calendar,
                                          struct helpdesk_buffer **out,
                                          struct helpdesk_error **error);

/*
 Combines two calendars, which may be in different zones. `how` is a `helpdesk_combination`.

 The caller owns `*out`. Borrows both calendars; any thread.
 */
helpdesk_status helpdesk_calendar_combine(const struct helpdesk_calendar *first,
                                          int32_t how,
                                          const struct helpdesk_calendar *second,
                                          struct helpdesk_calendar **out,
                                          struct helpdesk_error **error);

/*
 Frees a calendar. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `calendar`; rulebooks made with it keep what they need.
 */
helpdesk_status helpdesk_calendar_free(struct helpdesk_calendar *calendar);

/*
 How much open time lies in `[from, to)`, in microseconds; the negative of it where `to` is before `from`.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_elapsed(const struct helpdesk_calendar *calendar,
                                          int64_t from,
                                          int64_t to,
                                          int64_t *out,
                                          struct helpdesk_error **error);

/*
 The earliest instant from `from` on at which `time` microseconds of open time have passed; a negative time is subtracted.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_add(const struct helpdesk_calendar *calendar,
                                      int64_t from,
                                      int64_t time,
                                      int64_t *out,
                                      struct helpdesk_error **error);

/*
 The latest instant with `time` microseconds of open time from `from` to it: a time used up at a close ends at the next opening.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_add_latest(const struct helpdesk_calendar *calendar,
                                             int64_t from,
                                             int64_t time,
                                             int64_t *out,
                                             struct helpdesk_error **error);

/*
 The latest instant up to `from` from which `time` microseconds of open time pass until `from`: the mirror of `add`.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_subtract(const struct helpdesk_calendar *calendar,
                                           int64_t from,
                                           int64_t time,
                                           int64_t *out,
                                           struct helpdesk_error **error);

/*
 The earliest instant from which `time` microseconds of open time pass until `from`.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_subtract_earliest(const struct helpdesk_calendar *calendar,
                                                    int64_t from,
                                                    int64_t time,
                                                    int64_t *out,
                                                    struct helpdesk_error **error);

/*
 Whether it is open at `at`; at a close it is not.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_is_open(const struct helpdesk_calendar *calendar,
                                          int64_t at,
                                          bool *out,
                                          struct helpdesk_error **error);

/*
 `at` itself when it is open then, else the next opening.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_next_open(const struct helpdesk_calendar *calendar,
                                            int64_t at,
                                            int64_t *out,
                                            struct helpdesk_error **error);

/*
 The first opening strictly after `at`.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_next_opening(const struct helpdesk_calendar *calendar,
                                               int64_t at,
                                               int64_t *out,
                                               struct helpdesk_error **error);

/*
 The end of the open stretch that `at` lies in, or else of the next one.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_next_close(const struct helpdesk_calendar *calendar,
                                             int64_t at,
                                             int64_t *out,
                                             struct helpdesk_error **error);

/*
 `at` itself when it is open just before, else the last close before `at`.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_previous_open(const struct helpdesk_calendar *calendar,
                                                int64_t at,
                                                int64_t *out,
                                                struct helpdesk_error **error);

/*
 The last opening strictly before `at`.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_previous_opening(const struct helpdesk_calendar *calendar,
                                                   int64_t at,
                                                   int64_t *out,
                                                   struct helpdesk_error **error);

/*
 The last close at or before `at`.

 Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_previous_close(const struct helpdesk_calendar *calendar,
                                                 int64_t at,
                                                 int64_t *out,
                                                 struct helpdesk_error **error);

/*
 The open stretches in `[from, to)`, clipped to it: pairs of begin and end, oldest first, or newest first with `backward`.

 At most `capacity` pairs are written to `pairs` (`2 * capacity` numbers), and how many, to `*count`. Borrows `calendar`; any
 thread.
 */
helpdesk_status helpdesk_calendar_windows(const struct helpdesk_calendar *calendar,
                                          int64_t from,
                                          int64_t to,
                                          bool backward,
                                          int64_t *pairs,
                                          size_t capacity,
                                          size_t *count,
                                          struct helpdesk_error **error);

/*
 Why it is open or closed, stretch by stretch, in `[from, to)`, as JSON.

 `HELPDESK_INVALID` with the code `too_long` for more than 200,000 reasons: 50 years and more of a usual calendar.

 The caller owns `*out`. Borrows `calendar`; any thread.
 */
helpdesk_status helpdesk_calendar_explain(const struct helpdesk_calendar *calendar,
                                          int64_t from,
                                          int64_t to,
                                          struct helpdesk_buffer **out,
                                          struct helpdesk_error **error);

/*
 A zone of your own from the bytes of a TZif file (RFC 9636, versions 1 to 4), as JSON: what stands under `zone` in the JSON form of a
 calendar, in place of a name. For zone data that is fresher than the library's.

 The caller owns `*out`. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_zone_from_tzif(const char *name,
                                        size_t name_len,
                                        const uint8_t *tzif,
                                        size_t tzif_len,
                                        struct helpdesk_buffer **out,
                                        struct helpdesk_error **error);

/*
 The same calendar, closed on the days of a holiday feed too: the bytes of an iCalendar file (RFC 5545). Only its all-day events are
 read.

 `HELPDESK_INVALID` with the code `not_built` in a library without the feature `ical`. The caller owns `*out`. Borrows the rest;
 any thread.
 */
helpdesk_status helpdesk_calendar_with_holidays(const struct helpdesk_calendar *calendar,
                                                const uint8_t *feed,
                                                size_t feed_len,
                                                struct helpdesk_calendar **out,
                                                struct helpdesk_error **error);

/*
 Reads an id from its text, such as `018f3c1e-7a00-7000-8000-000000000001`.

 Any thread.
 */
helpdesk_status helpdesk_uuid_parse(const char *text,
                                    size_t text_len,
                                    struct helpdesk_uuid *out,
                                    struct helpdesk_error **error);

/*
 An id as text.

 The caller owns `*out`. Borrows `id`; any thread.
 */
helpdesk_status helpdesk_uuid_format(const struct helpdesk_uuid *id,
                                     struct helpdesk_buffer **out,
                                     struct helpdesk_error **error);

/*
 The id that stands for a text of the host, such as the key of a user: the same on every machine and in every language.

 `kind` is a `helpdesk_id_kind`. Any thread.
 */
helpdesk_status helpdesk_uuid_named(int32_t kind,
                                    const char *text,
                                    size_t text_len,
                                    struct helpdesk_uuid *out,
                                    struct helpdesk_error **error);

/*
 A desk that keeps its tickets in memory and forgets them when freed.

 The caller owns `*out`. Borrows `rulebooks`; any thread.
 */
helpdesk_status helpdesk_desk_in_memory(const struct helpdesk_rulebooks *rulebooks,
                                        struct helpdesk_desk **out,
                                        struct helpdesk_error **error);

/*
 Frees a desk. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `desk`, which no thread may be using.
 */
helpdesk_status helpdesk_desk_free(struct helpdesk_desk *desk);

/*
 Does what a request says: `{"open": ..}`, `{"submit": {"ticket": .., "command": ..}}`, ... (schema: `request`).

 `*out` is what came of it as JSON: the ticket's id, number and version, events, readings, outbox messages, `wake_at`. The
 caller owns it. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_desk_do(const struct helpdesk_desk *desk,
                                 const struct helpdesk_call *call,
                                 const char *request,
                                 size_t request_len,
                                 struct helpdesk_buffer **out,
                                 struct helpdesk_error **error);

/*
 Answers a query: `{"ticket": {"ticket": ..}}`, `{"list": ..}`, `{"report": ..}`, `"facts"`, ... (schema: `query`).

 `tenant` may be NULL for hosts that have one. `now` is the instant that readings and reports are of. The caller owns `*out`.
 Borrows the rest; any thread.
 */
helpdesk_status helpdesk_desk_ask(const struct helpdesk_desk *desk,
                                  const struct helpdesk_uuid *tenant,
                                  int64_t now,
                                  const char *query,
                                  size_t query_len,
                                  struct helpdesk_buffer **out,
                                  struct helpdesk_error **error);

/*
 Records what fell due before `now` on at most `limit` tickets, earliest first, of all tenants.

 Borrows `desk`; any thread.
 */
helpdesk_status helpdesk_desk_sweep(const struct helpdesk_desk *desk,
                                    int64_t now,
                                    size_t limit,
                                    struct helpdesk_swept *out,
                                    struct helpdesk_error **error);

/*
 The instant until which the host may sleep before it sweeps and delivers again; never before `now`.

 Borrows `desk`; any thread.
 */
helpdesk_status helpdesk_desk_nap(const struct helpdesk_desk *desk,
                                  int64_t now,
                                  int64_t *out,
                                  struct helpdesk_error **error);

/*
 When something next falls due on any ticket of any tenant; `now` where something is due already, `HELPDESK_NONE` where nothing ever
 will be. Unlike a nap it has no longest, and does not look at the outbox.

 Borrows `desk`; any thread.
 */
helpdesk_status helpdesk_desk_next_wake(const struct helpdesk_desk *desk,
                                        int64_t now,
                                        int64_t *out,
                                        struct helpdesk_error **error);

/*
 From now on refuses commands stamped after `latest`; `HELPDESK_NONE` ends that.

 Borrows `desk`; any thread.
 */
helpdesk_status helpdesk_desk_accept_until(const struct helpdesk_desk *desk,
                                           int64_t latest,
                                           struct helpdesk_error **error);

/*
 Takes at most `limit` outbox messages for delivery, as a JSON list. Who does not acknowledge one within `lease` microseconds
 lets others take it.

 The caller owns `*out`. Borrows `desk`; any thread.
 */
helpdesk_status helpdesk_desk_claim(const struct helpdesk_desk *desk,
                                    int64_t now,
                                    int64_t lease,
                                    size_t limit,
                                    struct helpdesk_buffer **out,
                                    struct helpdesk_error **error);

/*
 Ends the delivery of these messages. Unknown ids are no error.

 Borrows `ids`, an array of `n`, and `desk`; any thread.
 */
helpdesk_status helpdesk_desk_acknowledge(const struct helpdesk_desk *desk,
                                          const struct helpdesk_uuid *ids,
                                          size_t n,
                                          struct helpdesk_error **error);

/*
 Gives back messages that could not be delivered: they can be claimed again from `until` on.

 Borrows `ids`, an array of `n`, and `desk`; any thread.
 */
helpdesk_status helpdesk_desk_postpone(const struct helpdesk_desk *desk,
                                       const struct helpdesk_uuid *ids,
                                       size_t n,
                                       int64_t until,
                                       struct helpdesk_error **error);

/*
 Forgets idempotency keys used before `before`, and tells how many. Hosts call this daily with 30 days ago.

 `tenant` may be NULL for hosts that have one. Borrows `desk`; any thread.
 */
helpdesk_status helpdesk_desk_prune_keys(const struct helpdesk_desk *desk,
                                         const struct helpdesk_uuid *tenant,
                                         int64_t before,
                                         size_t *out,
                                         struct helpdesk_error **error);

/*
 Erases a person: every text about the customer that is stored by now is deleted for ever. Who may ask for this is the host's
 to decide.

 `tenant` may be NULL for hosts that have one. Borrows all; any thread.
 */
helpdesk_status helpdesk_desk_erase_person(const struct helpdesk_desk *desk,
                                           const struct helpdesk_uuid *tenant,
                                           const struct helpdesk_uuid *customer,
                                           int64_t at,
                                           struct helpdesk_error **error);

/*
 Frees an error. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `error`.
 */
helpdesk_status helpdesk_error_free(struct helpdesk_error *error);

/*
 The status that the failed function answered; `HELPDESK_INVALID` where `error` is no error.

 Borrows `error`; any thread.
 */
helpdesk_status helpdesk_error_status(const struct helpdesk_error *error);

/*
 What kind of failure it is, such as `refused`, `argument` or `corrupt`. `len` may be NULL.

 The text lives as long as `error`; NULL where that is no error. Borrows `error`; any thread.
 */
const char *helpdesk_error_kind(const struct helpdesk_error *error, size_t *len);

/*
 A stable code for programs, such as `step_not_allowed` or `null`: never renamed. `len` may be NULL.

 The text lives as long as `error`; NULL where that is no error. Borrows `error`; any thread.
 */
const char *helpdesk_error_code(const struct helpdesk_error *error, size_t *len);

/*
 What went wrong, for a person. `len` may be NULL.

 The text lives as long as `error`; NULL where that is no error. Borrows `error`; any thread.
 */
const char *helpdesk_error_message(const struct helpdesk_error *error, size_t *len);

/*
 The facts as JSON: of a refusal, what was asked for and what is allowed; `null` where there are none. `len` may be NULL.

 The text lives as long as `error`; NULL where that is no error. Borrows `error`; any thread.
 */
const char *helpdesk_error_detail(const struct helpdesk_error *error,
                                  size_t *len);

/*
 Whether the same call may succeed later without anybody's help; false where `error` is no error.

 Borrows `error`; any thread.
 */
bool helpdesk_error_is_retryable(const struct helpdesk_error *error);

/*
 A desk that keeps its tickets in a SQLite file, made where there is none. Any number of processes may use the file.

 The rules it does not keep: `helpdesk_desk_open_sqlite_keeping` does. A host that starts anew gives every version that tickets began
 under (`helpdesk_rulebooks_with_earlier`); the query `"missing_rulebooks"` tells which it lacks.

 `durability` is a `helpdesk_durability`. `HELPDESK_INVALID` with the code `not_built` in a library without the feature
 `sqlite`. The caller owns `*out`. Borrows `rulebooks`; any thread.
 */
helpdesk_status helpdesk_desk_open_sqlite(const char *path,
                                          size_t path_len,
                                          int32_t durability,
                                          const struct helpdesk_rulebooks *rulebooks,
                                          struct helpdesk_desk **out,
                                          struct helpdesk_error **error);

/*
 The same, keeping every version of the rulebook in the file too: one that is kept there and not in `rulebooks` is there for the
 tickets that began under it. So a host that starts anew with other rules strands no ticket, and keeps no old version itself.

 `now` is when what is new is kept, in microseconds since 1970. What is in force `rulebooks` alone say. A version that the file has
 from another release, and that this one cannot read, is `HELPDESK_FAILED` with the code `newer`.
 The caller owns `*out`. Borrows `rulebooks`; any thread.
 */
helpdesk_status helpdesk_desk_open_sqlite_keeping(const char *path,
                                                  size_t path_len,
                                                  int32_t durability,
                                                  const struct helpdesk_rulebooks *rulebooks,
                                                  int64_t now,
                                                  struct helpdesk_desk **out,
                                                  struct helpdesk_error **error);

/*
 Checks the whole file of a desk: its pages and indexes, and that the events of every ticket are as many as its version says.

 It reads everything, and others go on working meanwhile. `HELPDESK_FAILED` with the code `corrupt` tells the first things that are
 wrong; `HELPDESK_INVALID` with the code `no_file` a desk in memory. Borrows `desk`; any thread.
 */
helpdesk_status helpdesk_desk_check_integrity(const struct helpdesk_desk *desk,
                                              struct helpdesk_error **error);

/*
 Empties the write-ahead log of a desk's file into it, so that nothing that was erased stands in the log any more.

 A desk does this after each erasure; this is for where readers were in the way (`HELPDESK_UNAVAILABLE`: they are again).
 `HELPDESK_INVALID` with the code `no_file` is a desk in memory. Borrows `desk`; any thread.
 */
helpdesk_status helpdesk_desk_scrub(const struct helpdesk_desk *desk,
                                    struct helpdesk_error **error);

/*
 Makes a ticket of a history (JSON, schema: `history`), pinned to the rulebook in force for the tenant, and stores it.

 `*out` is JSON: the ticket's id, what surprised by kind, and `wake_at`. A ticket that is stored already is refused, so
 importing twice is harmless. `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_desk_import(const struct helpdesk_desk *desk,
                                     const struct helpdesk_uuid *tenant,
                                     const char *history,
                                     size_t history_len,
                                     struct helpdesk_buffer **out,
                                     struct helpdesk_error **error);

/*
 The same without a desk, for hosts with storage of their own: `*out` is JSON with the ticket's id, what surprised, all its
 events, and a commit with everything to store.

 `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_import(const struct helpdesk_rulebooks *rulebooks,
                                const struct helpdesk_uuid *tenant,
                                const char *history,
                                size_t history_len,
                                struct helpdesk_buffer **out,
                                struct helpdesk_error **error);

/*
 An empty tally of a report (JSON, schema: `report`; NULL for every figure over all tickets) as of an instant.

 The caller owns `*out`. Any thread.
 */
helpdesk_status helpdesk_tally_new(const char *report,
                                   size_t report_len,
                                   int64_t as_of,
                                   struct helpdesk_tally **out,
                                   struct helpdesk_error **error);

/*
 A tally from the bytes of another one, made by this or any other process with the same formulas.

 The caller owns `*out`. Borrows `from`; any thread.
 */
helpdesk_status helpdesk_tally_from_bytes(const uint8_t *from,
                                          size_t from_len,
                                          struct helpdesk_tally **out,
                                          struct helpdesk_error **error);

/*
 The tally as bytes: equal tallies have equal bytes.

 The caller owns `*out`. Borrows `tally`; any thread.
 */
helpdesk_status helpdesk_tally_to_bytes(const struct helpdesk_tally *tally,
                                        struct helpdesk_buffer **out,
                                        struct helpdesk_error **error);

/*
 Counts tickets: their rows as a JSON list (schema: `fact`), all rows of each ticket one after another.

 Nothing is counted on failure. Borrows `rows`; any thread, one after the other.
 */
helpdesk_status helpdesk_tally_add(const struct helpdesk_tally *tally,
                                   const char *rows,
                                   size_t rows_len,
                                   struct helpdesk_error **error);

/*
 Takes back tickets that were, or will be, added with just these rows.

 As `helpdesk_tally_add`.
 */
helpdesk_status helpdesk_tally_retract(const struct helpdesk_tally *tally,
                                       const char *rows,
                                       size_t rows_len,
                                       struct helpdesk_error **error);

/*
 Counts every ticket of a desk's tenant. Sweep first: figures rest on what is recorded.

 `tenant` may be NULL for hosts that have one. Nothing is counted on failure. Borrows `desk`; any thread, one after the other.
 */
helpdesk_status helpdesk_tally_add_desk(const struct helpdesk_tally *tally,
                                        const struct helpdesk_desk *desk,
                                        const struct helpdesk_uuid *tenant,
                                        struct helpdesk_error **error);

/*
 Adds what `other` counted. Both must be of one report and one instant.

 Borrows `other`, which stays as it is; any thread, one after the other.
 */
helpdesk_status helpdesk_tally_merge(const struct helpdesk_tally *tally,
                                     const struct helpdesk_tally *other,
                                     struct helpdesk_error **error);

/*
 The figures of what was counted, as JSON.

 The caller owns `*out`. Borrows `tally`; any thread.
 */
helpdesk_status helpdesk_tally_report(const struct helpdesk_tally *tally,
                                      struct helpdesk_buffer **out,
                                      struct helpdesk_error **error);

/*
 The figures of what was counted, as plain text for people.

 The caller owns `*out`. Borrows `tally`; any thread.
 */
helpdesk_status helpdesk_tally_report_text(const struct helpdesk_tally *tally,
                                           struct helpdesk_buffer **out,
                                           struct helpdesk_error **error);

/*
 Frees a tally. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `tally`.
 */
helpdesk_status helpdesk_tally_free(struct helpdesk_tally *tally);

/*
 Begins an operation: a request (JSON, schema: `request`), said by `call`. Stamps after `latest` are refused, where that is
 not `HELPDESK_NONE`.

 The caller owns `*out`. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_op_new(const struct helpdesk_rulebooks *rulebooks,
                                const struct helpdesk_call *call,
                                const char *request,
                                size_t request_len,
                                int64_t latest,
                                struct helpdesk_op **out,
                                struct helpdesk_error **error);

/*
 What the operation needs next: `*need` is a `helpdesk_need`, `*out` says it as JSON (`null` for nothing).

 The caller owns `*out`. Borrows `op`; any thread.
 */
helpdesk_status helpdesk_op_need(const struct helpdesk_op *op,
                                 int32_t *need,
                                 struct helpdesk_buffer **out,
                                 struct helpdesk_error **error);

/*
 Tells what was loaded (JSON, schema: `loaded`). What cannot be read (`HELPDESK_INVALID`; `HELPDESK_FAILED` of an event that is corrupt or
 of a newer version) and what was not asked for (`HELPDESK_INVALID`) leaves the operation as it was; any other error ends it, and nothing
 more is written.

 Borrows all; any thread, one after the other.
 */
helpdesk_status helpdesk_op_loaded(const struct helpdesk_op *op,
                                   const char *loaded,
                                   size_t loaded_len,
                                   struct helpdesk_error **error);

/*
 Tells how the commit went: `written` is a `helpdesk_written`. What was not asked for (`HELPDESK_INVALID`) leaves the operation as it
 was; any other error ends it.

 Borrows `op`; any thread, one after the other.
 */
helpdesk_status helpdesk_op_committed(const struct helpdesk_op *op,
                                      int32_t written,
                                      struct helpdesk_error **error);

/*
 What came of the operation, as JSON as of `helpdesk_desk_do`. An operation that is not at its end is left as it was.

 The caller owns `*out`. Borrows `op`, which is still to be freed; any thread.
 */
helpdesk_status helpdesk_op_finish(const struct helpdesk_op *op,
                                   struct helpdesk_buffer **out,
                                   struct helpdesk_error **error);

/*
 Frees an operation. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `op`.
 */
helpdesk_status helpdesk_op_free(struct helpdesk_op *op);

/*
 Which agent or team should take one ticket at `now`, and why (`ask` is JSON, schema: `route_one`): `*out` is JSON with the
 route, what decided, and every agent who was not chosen with every reason.

 Changes nothing: whoever agrees says it to the ticket as `assign`. The caller owns `*out`. Borrows `ask`; any thread.
 */
helpdesk_status helpdesk_route(const char *ask,
                               size_t ask_len,
                               int64_t now,
                               struct helpdesk_buffer **out,
                               struct helpdesk_error **error);

/*
 Where many tickets should go at `now`, the most urgent first (`ask` is JSON, schema: `route_many`): `*out` is JSON with the
 route of each, and what each agent holds then.

 Changes nothing. The caller owns `*out`. Borrows `ask`; any thread.
 */
helpdesk_status helpdesk_routing_plan(const char *ask,
                                      size_t ask_len,
                                      int64_t now,
                                      struct helpdesk_buffer **out,
                                      struct helpdesk_error **error);

/*
 A rulebook from JSON. What is wrong is told with its place, such as `policies[1].calendar`.

 The caller owns `*out`. Any thread.
 */
helpdesk_status helpdesk_rulebook_from_json(const char *json,
                                            size_t json_len,
                                            struct helpdesk_rulebook **out,
                                            struct helpdesk_error **error);

/*
 A rulebook that works untouched: office hours in UTC, an urgent and a standard policy, two escalation rules.

 The caller owns `*out`. Any thread.
 */
helpdesk_status helpdesk_rulebook_starter(struct helpdesk_rulebook **out,
                                          struct helpdesk_error **error);

/*
 The rulebook as JSON.

 The caller owns `*out`. Borrows `rulebook`; any thread.
 */
helpdesk_status helpdesk_rulebook_to_json(const struct helpdesk_rulebook *rulebook,
                                          struct helpdesk_buffer **out,
                                          struct helpdesk_error **error);

/*
 The version id: the same rules have the same id on every machine.

 Borrows `rulebook`; any thread.
 */
helpdesk_status helpdesk_rulebook_id(const struct helpdesk_rulebook *rulebook,
                                     struct helpdesk_uuid *out,
                                     struct helpdesk_error **error);

/*
 What is valid in it and cannot be meant, as a JSON list, the worst first: severity, path, sentence, code and facts of each.

 The caller owns `*out`. Borrows `rulebook`; any thread.
 */
helpdesk_status helpdesk_rulebook_lint(const struct helpdesk_rulebook *rulebook,
                                       struct helpdesk_buffer **out,
                                       struct helpdesk_error **error);

/*
 Frees a rulebook. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `rulebook`; desks made with it keep what they need.
 */
helpdesk_status helpdesk_rulebook_free(struct helpdesk_rulebook *rulebook);

/*
 Rulebooks with this one in force for new tickets of every tenant.

 The caller owns `*out`. Borrows `current`; any thread.
 */
helpdesk_status helpdesk_rulebooks_new(const struct helpdesk_rulebook *current,
                                       struct helpdesk_rulebooks **out,
                                       struct helpdesk_error **error);

/*
 Puts `next` in force from now on; the one before is kept for its tickets. Desks made before keep what they had.

 Borrows `next`; any thread, one after the other.
 */
helpdesk_status helpdesk_rulebooks_then(const struct helpdesk_rulebooks *rulebooks,
                                        const struct helpdesk_rulebook *next,
                                        struct helpdesk_error **error);

/*
 Puts `rulebook` in force for new tickets of one tenant.

 Borrows `tenant` and `rulebook`; any thread, one after the other.
 */
helpdesk_status helpdesk_rulebooks_for_tenant(const struct helpdesk_rulebooks *rulebooks,
                                              const struct helpdesk_uuid *tenant,
                                              const struct helpdesk_rulebook *rulebook,
                                              struct helpdesk_error **error);

/*
 Puts `next` in force for new tickets; from `from` on (not before: a publication is never back-dated) its calendars also measure
 the clocks of earlier tickets whose policy follows. `tenant` may be NULL for all tenants.

 It has to be given again at each start, in the same order. Borrows `tenant` and `next`; any thread, one after the other.
 */
helpdesk_status helpdesk_rulebooks_publish(const struct helpdesk_rulebooks *rulebooks,
                                           const struct helpdesk_uuid *tenant,
                                           const struct helpdesk_rulebook *next,
                                           int64_t from,
                                           struct helpdesk_error **error);

/*
 Adds an earlier version that tickets are still pinned to.

 Borrows `earlier`; any thread, one after the other.
 */
helpdesk_status helpdesk_rulebooks_with_earlier(const struct helpdesk_rulebooks *rulebooks,
                                                const struct helpdesk_rulebook *earlier,
                                                struct helpdesk_error **error);

/*
 Frees rulebooks. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `rulebooks`; desks made with them keep what they need.
 */
helpdesk_status helpdesk_rulebooks_free(struct helpdesk_rulebooks *rulebooks);

/*
 Every step that a ticket can take, as a JSON list of rows `[from, step, to]`.

 The caller owns `*out`. Any thread.
 */
helpdesk_status helpdesk_lifecycle(struct helpdesk_buffer **out, struct helpdesk_error **error);

/*
 Folds a ticket from its events, a JSON list, all of them, oldest first.

 `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_ticket_replay(const struct helpdesk_rulebooks *rulebooks,
                                       const struct helpdesk_uuid *tenant,
                                       const char *events,
                                       size_t events_len,
                                       struct helpdesk_ticket **out,
                                       struct helpdesk_error **error);

/*
 The ticket of a desk, as its last event left it.

 `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_desk_ticket(const struct helpdesk_desk *desk,
                                     const struct helpdesk_uuid *tenant,
                                     const struct helpdesk_uuid *ticket,
                                     struct helpdesk_ticket **out,
                                     struct helpdesk_error **error);

/*
 What a clock of a desk's ticket shows at `now`. `agreement` is a `helpdesk_agreement`, `metric` a `helpdesk_metric`.

 `tenant` may be NULL for hosts that have one. Borrows all; any thread.
 */
helpdesk_status helpdesk_desk_reading(const struct helpdesk_desk *desk,
                                      const struct helpdesk_uuid *tenant,
                                      const struct helpdesk_uuid *ticket,
                                      int32_t agreement,
                                      int32_t metric,
                                      int64_t now,
                                      struct helpdesk_reading *out,
                                      struct helpdesk_error **error);

/*
 When a sweep would first record something on a desk's ticket; `HELPDESK_NONE` for never.

 `tenant` may be NULL for hosts that have one. Borrows all; any thread.
 */
helpdesk_status helpdesk_desk_wake_at(const struct helpdesk_desk *desk,
                                      const struct helpdesk_uuid *tenant,
                                      const struct helpdesk_uuid *ticket,
                                      int64_t *out,
                                      struct helpdesk_error **error);

/*
 What a clock of a ticket shows at `now`. `agreement` is a `helpdesk_agreement`, `metric` a `helpdesk_metric`.

 Borrows all; any thread.
 */
helpdesk_status helpdesk_ticket_reading(const struct helpdesk_ticket *ticket,
                                        int32_t agreement,
                                        int32_t metric,
                                        int64_t now,
                                        struct helpdesk_reading *out,
                                        struct helpdesk_error **error);

/*
 What each clock of a ticket with a target shows at `now`, as a JSON list.

 The caller owns `*out`. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_ticket_readings(const struct helpdesk_ticket *ticket,
                                         int64_t now,
                                         struct helpdesk_buffer **out,
                                         struct helpdesk_error **error);

/*
 What a clock showed in each of its periods, oldest first, by the ticket's events alone, as a JSON list.

 The caller owns `*out`. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_ticket_periods(const struct helpdesk_ticket *ticket,
                                        int32_t agreement,
                                        int32_t metric,
                                        int64_t now,
                                        struct helpdesk_buffer **out,
                                        struct helpdesk_error **error);

/*
 The stretches of time behind what a clock shows at `now`, each with its reason, for each of its periods, oldest first, as a JSON
 list. What falls due until `now` counts: the last of the list is the ledger behind the clock's reading.

 The caller owns `*out`. Borrows the rest; any thread.
 */
helpdesk_status helpdesk_ticket_ledgers(const struct helpdesk_ticket *ticket,
                                        int32_t agreement,
                                        int32_t metric,
                                        int64_t now,
                                        struct helpdesk_buffer **out,
                                        struct helpdesk_error **error);

/*
 When a sweep would first record something on a ticket; `HELPDESK_NONE` for never.

 Borrows `ticket`; any thread.
 */
helpdesk_status helpdesk_ticket_wake_at(const struct helpdesk_ticket *ticket,
                                        int64_t *out,
                                        struct helpdesk_error **error);

/*
 The ticket with everything, as JSON.

 The caller owns `*out`. Borrows `ticket`; any thread.
 */
helpdesk_status helpdesk_ticket_to_json(const struct helpdesk_ticket *ticket,
                                        struct helpdesk_buffer **out,
                                        struct helpdesk_error **error);

/*
 The rows that a ticket contributes to every figure, as a JSON list: what tallies are fed with.

 The caller owns `*out`. Borrows `ticket`; any thread.
 */
helpdesk_status helpdesk_ticket_facts(const struct helpdesk_ticket *ticket,
                                      struct helpdesk_buffer **out,
                                      struct helpdesk_error **error);

/*
 Frees a ticket. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `ticket`.
 */
helpdesk_status helpdesk_ticket_free(struct helpdesk_ticket *ticket);

/*
 Reads an instant from RFC 3339 text, such as `2026-03-05T09:00:00+01:00`; finer parts than microseconds are cut off.

 Any thread.
 */
helpdesk_status helpdesk_instant_parse(const char *text,
                                       size_t text_len,
                                       int64_t *out,
                                       struct helpdesk_error **error);

/*
 An instant as RFC 3339 text in UTC, such as `2026-03-05T09:00:00Z`, with as many digits of the second as it needs.

 The caller owns `*out`. Any thread.
 */
helpdesk_status helpdesk_instant_format(int64_t at,
                                        struct helpdesk_buffer **out,
                                        struct helpdesk_error **error);

/*
 Opens a ticket.

 Borrows all; any thread.
 */
helpdesk_status helpdesk_desk_open(const struct helpdesk_desk *desk,
                                   const struct helpdesk_call *call,
                                   const struct helpdesk_open *open,
                                   struct helpdesk_outcome *out,
                                   struct helpdesk_error **error);

/*
 Says something that the customer sees: an answer where an agent calls, a message where a customer does.

 Borrows all; any thread.
 */
helpdesk_status helpdesk_desk_reply(const struct helpdesk_desk *desk,
                                    const struct helpdesk_call *call,
                                    const struct helpdesk_uuid *ticket,
                                    const char *body,
                                    size_t body_len,
                                    struct helpdesk_outcome *out,
                                    struct helpdesk_error **error);

/*
 Writes a note that only the desk sees.

 Borrows all; any thread.
 */
helpdesk_status helpdesk_desk_note(const struct helpdesk_desk *desk,
                                   const struct helpdesk_call *call,
                                   const struct helpdesk_uuid *ticket,
                                   const char *body,
                                   size_t body_len,
                                   struct helpdesk_outcome *out,
                                   struct helpdesk_error **error);

/*
 Lets a ticket wait. `reason` is a `helpdesk_pending`; `until` is for `HELPDESK_PENDING_SCHEDULED` and else `HELPDESK_NONE`.

 Borrows all; any thread.
 */
helpdesk_status helpdesk_desk_pend(const struct helpdesk_desk *desk,
                                   const struct helpdesk_call *call,
                                   const struct helpdesk_uuid *ticket,
                                   int32_t reason,
                                   int64_t until,
                                   struct helpdesk_outcome *out,
                                   struct helpdesk_error **error);

/*
 Resolves a ticket.

 Borrows all; any thread.
 */
helpdesk_status helpdesk_desk_resolve(const struct helpdesk_desk *desk,
                                      const struct helpdesk_call *call,
                                      const struct helpdesk_uuid *ticket,
                                      struct helpdesk_outcome *out,
                                      struct helpdesk_error **error);

/*
 The version of the library's interface: `HELPDESK_ABI_VERSION` of the header that it was built with. Any thread.
 */
uint32_t helpdesk_abi_version(void);

/*
 The version of the library, such as `0.1.0`: a text that ends with NUL and lives for ever. Any thread.
 */
const char *helpdesk_version(void);

/*
 The version of the time-zone data inside, as text.

 The caller owns `*out`. Any thread.
 */
helpdesk_status helpdesk_zone_data_version(struct helpdesk_buffer **out,
                                           struct helpdesk_error **error);

/*
 The JSON schema (draft 2020-12) of everything that goes in as JSON (requests, queries, rulebooks, calendars, histories, routing),
 and of events, facts and outbox messages.

 The caller owns `*out`. Any thread.
 */
helpdesk_status helpdesk_schema(struct helpdesk_buffer **out,
                                struct helpdesk_error **error);

/*
 Nothing tried yet. Histories are followed up to `as_of`. `report` (JSON) may be NULL for the standard one.

 The caller owns `*out`. Borrows both rulebooks; any thread.
 */
helpdesk_status helpdesk_what_if_new(const struct helpdesk_rulebook *before,
                                     const struct helpdesk_rulebook *after,
                                     int64_t as_of,
                                     const char *report,
                                     size_t report_len,
                                     struct helpdesk_what_if **out,
                                     struct helpdesk_error **error);

/*
 The same with versions on either side: each ticket is tried under the version that it was opened under where that is among them, with
 what was published, else under the one in force. So histories that lived under publications compare with what would have been.

 What is put in force or published afterwards plays no part. The caller owns `*out`. Borrows both; any thread.
 */
helpdesk_status helpdesk_what_if_new_versions(const struct helpdesk_rulebooks *before,
                                              const struct helpdesk_rulebooks *after,
                                              int64_t as_of,
                                              const char *report,
                                              size_t report_len,
                                              struct helpdesk_what_if **out,
                                              struct helpdesk_error **error);

/*
 Tries both rulebooks on the history of one ticket (a JSON list of all its events), and tells what differs on it, as JSON.

 `tenant` may be NULL for hosts that have one. The caller owns `*out`. Borrows the rest; any thread, one after the other.
 */
helpdesk_status helpdesk_what_if_add(const struct helpdesk_what_if *what_if,
                                     const struct helpdesk_uuid *tenant,
                                     const char *events,
                                     size_t events_len,
                                     struct helpdesk_buffer **out,
                                     struct helpdesk_error **error);

/*
 Tries both rulebooks on every ticket of a desk's tenant, in the order of their numbers.

 `tenant` may be NULL for hosts that have one. Nothing is counted on failure. Borrows `desk`; any thread, one after the other.
 */
helpdesk_status helpdesk_what_if_add_desk(const struct helpdesk_what_if *what_if,
                                          const struct helpdesk_desk *desk,
                                          const struct helpdesk_uuid *tenant,
                                          struct helpdesk_error **error);

/*
 What differs over all of them, as JSON: dues, breaches, firings, and the figures under both. More can be added afterwards.

 The caller owns `*out`. Borrows `what_if`; any thread.
 */
helpdesk_status helpdesk_what_if_difference(const struct helpdesk_what_if *what_if,
                                            struct helpdesk_buffer **out,
                                            struct helpdesk_error **error);

/*
 Frees a what-if. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.

 Takes ownership of `what_if`.
 */
helpdesk_status helpdesk_what_if_free(struct helpdesk_what_if *what_if);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HELPDESK_H */
