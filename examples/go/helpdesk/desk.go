package helpdesk

// #include <stdlib.h>
// #include "helpdesk.h"
import "C"

import "unsafe"

// Role is what somebody is to the desk.
type Role int32

const (
	RoleCustomer   Role = C.HELPDESK_ROLE_CUSTOMER
	RoleAgent      Role = C.HELPDESK_ROLE_AGENT
	RoleSupervisor Role = C.HELPDESK_ROLE_SUPERVISOR
	RoleBot        Role = C.HELPDESK_ROLE_BOT
	RoleSystem     Role = C.HELPDESK_ROLE_SYSTEM
)

// Call says who says something and when. Tenant is zero for hosts that have one; ID makes the ids of what the call makes, and is random
// where it is nil; Key is an idempotency key, or empty.
type Call struct {
	Role   Role
	Actor  UUID
	At     int64
	Tenant UUID
	ID     *UUID
	Key    string
}

// room is memory of C for one call: a struct that is passed to C must not point into Go's.
type room []unsafe.Pointer

func (r *room) of(bytes []byte) unsafe.Pointer {
	made := C.CBytes(bytes)
	*r = append(*r, made)
	return made
}

func (r *room) text(text string) (*C.char, C.size_t) {
	if text == "" {
		return nil, 0
	}
	return (*C.char)(r.of([]byte(text))), C.size_t(len(text))
}

func (r *room) uuid(id *UUID) *C.helpdesk_uuid {
	if id == nil {
		return nil
	}
	return (*C.helpdesk_uuid)(r.of(id[:]))
}

func (r *room) call(said Call) *C.helpdesk_call {
	key, keyLen := r.text(said.Key)
	return &C.helpdesk_call{
		size: C.sizeof_helpdesk_call, role: C.int32_t(said.Role), actor: said.Actor.c(), at: C.int64_t(said.At), tenant: said.Tenant.c(),
		id: r.uuid(said.ID), key: key, key_len: keyLen,
	}
}

func (r *room) free() {
	for _, made := range *r {
		C.free(made)
	}
}

// Rulebook is one version of a desk's rules.
type Rulebook struct{ c *C.helpdesk_rulebook }

// Starter is the rulebook to begin with.
func Starter() (*Rulebook, error) {
	var made Rulebook
	var e *C.helpdesk_error
	return done(&made, failure(C.helpdesk_rulebook_starter(&made.c, &e), &e))
}

// RulebookOf reads a rulebook from JSON.
func RulebookOf(json string) (*Rulebook, error) {
	var made Rulebook
	var e *C.helpdesk_error
	data, n := borrowed(json)
	return done(&made, failure(C.helpdesk_rulebook_from_json(data, n, &made.c, &e), &e))
}

// Lint tells what is doubtful in the rules, as a JSON list.
func (r *Rulebook) Lint() (string, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	return takenText(&out, failure(C.helpdesk_rulebook_lint(r.c, &out, &e), &e))
}

// Close frees the rulebook.
func (r *Rulebook) Close() { C.helpdesk_rulebook_free(r.c); r.c = nil }

// Rulebooks are the versions that a desk knows.
type Rulebooks struct{ c *C.helpdesk_rulebooks }

// NewRulebooks begins with the version in force.
func NewRulebooks(current *Rulebook) (*Rulebooks, error) {
	var made Rulebooks
	var e *C.helpdesk_error
	return done(&made, failure(C.helpdesk_rulebooks_new(current.c, &made.c, &e), &e))
}

// Close frees the versions; a desk keeps what it needs.
func (r *Rulebooks) Close() { C.helpdesk_rulebooks_free(r.c); r.c = nil }

// Desk is where tickets are worked on.
type Desk struct{ c *C.helpdesk_desk }

// InMemory is a desk that is gone with the process.
func InMemory(books *Rulebooks) (*Desk, error) {
	var made Desk
	var e *C.helpdesk_error
	return done(&made, failure(C.helpdesk_desk_in_memory(books.c, &made.c, &e), &e))
}

// OnFile is a desk on an SQLite file, which keeps every version of the rules too: a start with other rules strands no ticket.
func OnFile(path string, books *Rulebooks, now int64) (*Desk, error) {
	var made Desk
	var e *C.helpdesk_error
	data, n := borrowed(path)
	status := C.helpdesk_desk_open_sqlite_keeping(data, n, C.HELPDESK_DURABLE, books.c, C.int64_t(now), &made.c, &e)
	return done(&made, failure(status, &e))
}

// Close frees the desk.
func (d *Desk) Close() { C.helpdesk_desk_free(d.c); d.c = nil }

// Outcome is what a command did. WakeAt is when a sweep would first record something on the ticket, or None.
type Outcome struct {
	Ticket, Message, FollowUp UUID
	Number, Version, Events   uint64
	WakeAt                    int64
	Replayed                  bool
}

func outcome(ask func(out *C.helpdesk_outcome, e **C.helpdesk_error) C.helpdesk_status) (Outcome, error) {
	out := C.helpdesk_outcome{size: C.sizeof_helpdesk_outcome}
	var e *C.helpdesk_error
	if err := failure(ask(&out, &e), &e); err != nil {
		return Outcome{}, err
	}
	return Outcome{
		Ticket: uuidOf(out.ticket), Message: uuidOf(out.message), FollowUp: uuidOf(out.follow_up), Number: uint64(out.number),
		Version: uint64(out.version), Events: uint64(out.events), WakeAt: int64(out.wake_at), Replayed: out.replayed != 0,
	}, nil
}

// Priority tells how urgent a ticket is; the zero value is as usual.
type Priority int32

const (
	PriorityNormal   Priority = C.HELPDESK_PRIORITY_NORMAL
	PriorityLow      Priority = C.HELPDESK_PRIORITY_LOW
	PriorityHigh     Priority = C.HELPDESK_PRIORITY_HIGH
	PriorityUrgent   Priority = C.HELPDESK_PRIORITY_URGENT
	PriorityCritical Priority = C.HELPDESK_PRIORITY_CRITICAL
)

// Open is what a ticket is opened with. Whose it is, Address or Customer tells; ID is the ticket's, where the host chooses it.
type Open struct {
	Subject, Address, Body string
	Customer, ID           *UUID
	Priority               Priority
}

// Open opens a ticket.
func (d *Desk) Open(said Call, open Open) (Outcome, error) {
	var r room
	defer r.free()
	wanted := C.helpdesk_open{size: C.sizeof_helpdesk_open, priority: C.int32_t(open.Priority)}
	wanted.customer, wanted.id = r.uuid(open.Customer), r.uuid(open.ID)
	wanted.subject, wanted.subject_len = r.text(open.Subject)
	wanted.address, wanted.address_len = r.text(open.Address)
	wanted.body, wanted.body_len = r.text(open.Body)
	return outcome(func(out *C.helpdesk_outcome, e **C.helpdesk_error) C.helpdesk_status {
		return C.helpdesk_desk_open(d.c, r.call(said), &wanted, out, e)
	})
}

// Reply says something that the customer sees.
func (d *Desk) Reply(said Call, ticket UUID, body string) (Outcome, error) {
	var r room
	defer r.free()
	id := ticket.c()
	text, n := borrowed(body)
	return outcome(func(out *C.helpdesk_outcome, e **C.helpdesk_error) C.helpdesk_status {
		return C.helpdesk_desk_reply(d.c, r.call(said), &id, text, n, out, e)
	})
}

// Note writes what only the desk sees.
func (d *Desk) Note(said Call, ticket UUID, body string) (Outcome, error) {
	var r room
	defer r.free()
	id := ticket.c()
	text, n := borrowed(body)
	return outcome(func(out *C.helpdesk_outcome, e **C.helpdesk_error) C.helpdesk_status {
		return C.helpdesk_desk_note(d.c, r.call(said), &id, text, n, out, e)
	})
}

// Pending is what a ticket waits for.
type Pending int32

const (
	PendingCustomer   Pending = C.HELPDESK_PENDING_CUSTOMER
	PendingThirdParty Pending = C.HELPDESK_PENDING_THIRD_PARTY
	PendingInternal   Pending = C.HELPDESK_PENDING_INTERNAL
	PendingScheduled  Pending = C.HELPDESK_PENDING_SCHEDULED
)

// Pend lets a ticket wait; until is for PendingScheduled and else None.
func (d *Desk) Pend(said Call, ticket UUID, reason Pending, until int64) (Outcome, error) {
	var r room
	defer r.free()
	id := ticket.c()
	return outcome(func(out *C.helpdesk_outcome, e **C.helpdesk_error) C.helpdesk_status {
		return C.helpdesk_desk_pend(d.c, r.call(said), &id, C.int32_t(reason), C.int64_t(until), out, e)
	})
}

// Resolve resolves a ticket.
func (d *Desk) Resolve(said Call, ticket UUID) (Outcome, error) {
	var r room
	defer r.free()
	id := ticket.c()
	return outcome(func(out *C.helpdesk_outcome, e **C.helpdesk_error) C.helpdesk_status {
		return C.helpdesk_desk_resolve(d.c, r.call(said), &id, out, e)
	})
}

// Do does what a request in JSON says, and tells the outcome in JSON.
func (d *Desk) Do(said Call, request string) (string, error) {
	var r room
	defer r.free()
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	data, n := borrowed(request)
	err := failure(C.helpdesk_desk_do(d.c, r.call(said), data, n, &out, &e), &e)
	return takenText(&out, err)
}

// Ask answers a query in JSON, in JSON.
func (d *Desk) Ask(now int64, query string) (string, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	data, n := borrowed(query)
	err := failure(C.helpdesk_desk_ask(d.c, nil, C.int64_t(now), data, n, &out, &e), &e)
	return takenText(&out, err)
}

// Import takes a ticket in from a log, a history in JSON.
func (d *Desk) Import(history string) (string, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	data, n := borrowed(history)
	err := failure(C.helpdesk_desk_import(d.c, nil, data, n, &out, &e), &e)
	return takenText(&out, err)
}
