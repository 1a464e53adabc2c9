package helpdesk

// #include "helpdesk.h"
import "C"

import "unsafe"

// Swept is what a sweep did.
type Swept struct {
	Tickets, Events, ChainsEnded, Failed uint64
	More                                 bool
}

// Sweep records what fell due until now, on at most so many tickets.
func (d *Desk) Sweep(now int64, limit int) (Swept, error) {
	out := C.helpdesk_swept{size: C.sizeof_helpdesk_swept}
	var e *C.helpdesk_error
	if err := failure(C.helpdesk_desk_sweep(d.c, C.int64_t(now), C.size_t(limit), &out, &e), &e); err != nil {
		return Swept{}, err
	}
	return Swept{uint64(out.tickets), uint64(out.events), uint64(out.chains_ended), uint64(out.failed), out.more != 0}, nil
}

// Nap is until when a host may sleep before it sweeps and delivers again, or None.
func (d *Desk) Nap(now int64) (int64, error) {
	var out C.int64_t
	var e *C.helpdesk_error
	err := failure(C.helpdesk_desk_nap(d.c, C.int64_t(now), &out, &e), &e)
	return int64(out), err
}

// Claim takes messages of the outbox for a while, at most so many, as a JSON list.
func (d *Desk) Claim(now, lease int64, limit int) (string, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	return takenText(&out, failure(C.helpdesk_desk_claim(d.c, C.int64_t(now), C.int64_t(lease), C.size_t(limit), &out, &e), &e))
}

// Acknowledge tells that messages were delivered.
func (d *Desk) Acknowledge(ids ...UUID) error {
	if len(ids) == 0 {
		return nil
	}
	var e *C.helpdesk_error
	first := (*C.helpdesk_uuid)(unsafe.Pointer(&ids[0]))
	return failure(C.helpdesk_desk_acknowledge(d.c, first, C.size_t(len(ids)), &e), &e)
}

// Agreement tells with whom a target was agreed.
type Agreement int32

const (
	SLA      Agreement = C.HELPDESK_SLA
	OLA      Agreement = C.HELPDESK_OLA
	Contract Agreement = C.HELPDESK_CONTRACT
)

// Metric is what a clock measures.
type Metric int32

const (
	FirstResponse   Metric = C.HELPDESK_FIRST_RESPONSE
	NextResponse    Metric = C.HELPDESK_NEXT_RESPONSE
	PeriodicUpdate  Metric = C.HELPDESK_PERIODIC_UPDATE
	PromisedUpdate  Metric = C.HELPDESK_PROMISED_UPDATE
	RequesterWait   Metric = C.HELPDESK_REQUESTER_WAIT
	AgentWork       Metric = C.HELPDESK_AGENT_WORK
	FirstResolution Metric = C.HELPDESK_FIRST_RESOLUTION
	TotalResolution Metric = C.HELPDESK_TOTAL_RESOLUTION
	Ownership       Metric = C.HELPDESK_OWNERSHIP
	FollowUp        Metric = C.HELPDESK_FOLLOW_UP
)

// State is what a clock is doing.
type State int32

const (
	StateNotApplicable State = C.HELPDESK_STATE_NOT_APPLICABLE
	StateNotStarted    State = C.HELPDESK_STATE_NOT_STARTED
	StateRunning       State = C.HELPDESK_STATE_RUNNING
	StatePaused        State = C.HELPDESK_STATE_PAUSED
	StateStopped       State = C.HELPDESK_STATE_STOPPED
	StateCancelled     State = C.HELPDESK_STATE_CANCELLED
)

// Verdict is how a clock stands to its target.
type Verdict int32

const (
	VerdictOpen       Verdict = C.HELPDESK_VERDICT_OPEN
	VerdictMet        Verdict = C.HELPDESK_VERDICT_MET
	VerdictBreached   Verdict = C.HELPDESK_VERDICT_BREACHED
	VerdictUnanswered Verdict = C.HELPDESK_VERDICT_UNANSWERED
)

// Reading is what a clock shows; instants and lengths that are not there are None.
type Reading struct {
	State                                      State
	Verdict                                    Verdict
	EverBreached                               bool
	Elapsed, Amount, StartedAt, Due, StoppedAt int64
}

// Reading reads a clock of a ticket.
func (d *Desk) Reading(ticket UUID, agreement Agreement, metric Metric, now int64) (Reading, error) {
	id := ticket.c()
	out := C.helpdesk_reading{size: C.sizeof_helpdesk_reading}
	var e *C.helpdesk_error
	status := C.helpdesk_desk_reading(d.c, nil, &id, C.int32_t(agreement), C.int32_t(metric), C.int64_t(now), &out, &e)
	if err := failure(status, &e); err != nil {
		return Reading{}, err
	}
	return Reading{
		State(out.state), Verdict(out.verdict), out.ever_breached != 0,
		int64(out.elapsed), int64(out.amount), int64(out.started_at), int64(out.due), int64(out.stopped_at),
	}, nil
}

// Import tells what a history in JSON comes to, without a desk, as JSON.
func (r *Rulebooks) Import(history string) (string, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	data, n := borrowed(history)
	return takenText(&out, failure(C.helpdesk_import(r.c, nil, data, n, &out, &e), &e))
}

// Folded is a ticket as its events left it.
type Folded struct{ c *C.helpdesk_ticket }

// Replay folds a ticket from all its events, a JSON list.
func (r *Rulebooks) Replay(events string) (*Folded, error) {
	var made Folded
	var e *C.helpdesk_error
	data, n := borrowed(events)
	return done(&made, failure(C.helpdesk_ticket_replay(r.c, nil, data, n, &made.c, &e), &e))
}

// WakeAt is when a sweep would first record something on it, or None.
func (t *Folded) WakeAt() (int64, error) {
	var out C.int64_t
	var e *C.helpdesk_error
	err := failure(C.helpdesk_ticket_wake_at(t.c, &out, &e), &e)
	return int64(out), err
}

// Periods tells what a clock showed in each of its periods, as a JSON list.
func (t *Folded) Periods(agreement Agreement, metric Metric, now int64) (string, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	status := C.helpdesk_ticket_periods(t.c, C.int32_t(agreement), C.int32_t(metric), C.int64_t(now), &out, &e)
	return takenText(&out, failure(status, &e))
}

// Close frees the ticket.
func (t *Folded) Close() { C.helpdesk_ticket_free(t.c); t.c = nil }

// Tally counts figures.
type Tally struct{ c *C.helpdesk_tally }

// NewTally begins the standard report with nothing counted.
func NewTally(asOf int64) (*Tally, error) {
	var made Tally
	var e *C.helpdesk_error
	return done(&made, failure(C.helpdesk_tally_new(nil, 0, C.int64_t(asOf), &made.c, &e), &e))
}

// TallyOf reads what Bytes gave.
func TallyOf(bytes []byte) (*Tally, error) {
	var made Tally
	var e *C.helpdesk_error
	data, n := borrowed(string(bytes))
	return done(&made, failure(C.helpdesk_tally_from_bytes((*C.uint8_t)(unsafe.Pointer(data)), n, &made.c, &e), &e))
}

// Bytes is the tally to be sent or stored.
func (t *Tally) Bytes() ([]byte, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	return taken(&out, failure(C.helpdesk_tally_to_bytes(t.c, &out, &e), &e))
}

// AddDesk counts every ticket of a desk.
func (t *Tally) AddDesk(desk *Desk) error {
	var e *C.helpdesk_error
	return failure(C.helpdesk_tally_add_desk(t.c, desk.c, nil, &e), &e)
}

// Merge counts what another one counted.
func (t *Tally) Merge(other *Tally) error {
	var e *C.helpdesk_error
	return failure(C.helpdesk_tally_merge(t.c, other.c, &e), &e)
}

// Report tells the figures, as JSON.
func (t *Tally) Report() (string, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	return takenText(&out, failure(C.helpdesk_tally_report(t.c, &out, &e), &e))
}

// Close frees the tally.
func (t *Tally) Close() { C.helpdesk_tally_free(t.c); t.c = nil }

// WhatIf tries two rulebooks on the same histories.
type WhatIf struct{ c *C.helpdesk_what_if }

// NewWhatIf begins with nothing tried; histories are followed up to asOf.
func NewWhatIf(before, after *Rulebook, asOf int64) (*WhatIf, error) {
	var made WhatIf
	var e *C.helpdesk_error
	return done(&made, failure(C.helpdesk_what_if_new(before.c, after.c, C.int64_t(asOf), nil, 0, &made.c, &e), &e))
}

// AddDesk tries both on every ticket of a desk.
func (w *WhatIf) AddDesk(desk *Desk) error {
	var e *C.helpdesk_error
	return failure(C.helpdesk_what_if_add_desk(w.c, desk.c, nil, &e), &e)
}

// Difference tells what differs, as JSON.
func (w *WhatIf) Difference() (string, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	return takenText(&out, failure(C.helpdesk_what_if_difference(w.c, &out, &e), &e))
}

// Close frees the what-if.
func (w *WhatIf) Close() { C.helpdesk_what_if_free(w.c); w.c = nil }
