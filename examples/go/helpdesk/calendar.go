package helpdesk

// #include "helpdesk.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Calendar tells when a desk is open.
type Calendar struct{ c *C.helpdesk_calendar }

// ParseCalendar reads opening hours, such as "Mon-Fri 09:00-17:30", in a time zone of the IANA database.
func ParseCalendar(hours, zone string) (*Calendar, error) {
	var made Calendar
	var e *C.helpdesk_error
	h, hLen := borrowed(hours)
	z, zLen := borrowed(zone)
	return done(&made, failure(C.helpdesk_calendar_parse(h, hLen, z, zLen, &made.c, &e), &e))
}

// CalendarOf reads a calendar from JSON.
func CalendarOf(json string) (*Calendar, error) {
	var made Calendar
	var e *C.helpdesk_error
	data, n := borrowed(json)
	return done(&made, failure(C.helpdesk_calendar_from_json(data, n, &made.c, &e), &e))
}

// done gives what was made, or nothing where that failed.
func done[T any](made *T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return made, nil
}

// Close frees the calendar.
func (c *Calendar) Close() { C.helpdesk_calendar_free(c.c); c.c = nil }

// Measure is a question about open time.
type Measure string

const (
	Elapsed          Measure = "elapsed"           // between two instants
	Add              Measure = "add"               // the instant at which so much of it has passed
	AddLatest        Measure = "add_latest"        // the latest of them: a time used up at a close ends at the next opening
	Subtract         Measure = "subtract"          // the latest instant from which so much of it passes
	SubtractEarliest Measure = "subtract_earliest" // the earliest of them
)

// Measure answers a question about open time: from an instant, with another one (Elapsed) or a length.
func (c *Calendar) Measure(which Measure, from, with int64) (int64, error) {
	var out C.int64_t
	var e *C.helpdesk_error
	var status C.helpdesk_status
	switch a, b := C.int64_t(from), C.int64_t(with); which {
	case Elapsed:
		status = C.helpdesk_calendar_elapsed(c.c, a, b, &out, &e)
	case Add:
		status = C.helpdesk_calendar_add(c.c, a, b, &out, &e)
	case AddLatest:
		status = C.helpdesk_calendar_add_latest(c.c, a, b, &out, &e)
	case Subtract:
		status = C.helpdesk_calendar_subtract(c.c, a, b, &out, &e)
	case SubtractEarliest:
		status = C.helpdesk_calendar_subtract_earliest(c.c, a, b, &out, &e)
	default:
		return 0, fmt.Errorf("open time has no measure %q", which)
	}
	err := failure(status, &e)
	return int64(out), err
}

// Turn is a question about where a calendar is open, opens or closes.
type Turn string

const (
	NextOpen        Turn = "next_open"
	NextOpening     Turn = "next_opening"
	NextClose       Turn = "next_close"
	PreviousOpen    Turn = "previous_open"
	PreviousOpening Turn = "previous_opening"
	PreviousClose   Turn = "previous_close"
)

// Turn is where the calendar is open, opens or closes, next to an instant.
func (c *Calendar) Turn(which Turn, at int64) (int64, error) {
	var out C.int64_t
	var e *C.helpdesk_error
	var status C.helpdesk_status
	switch instant := C.int64_t(at); which {
	case NextOpen:
		status = C.helpdesk_calendar_next_open(c.c, instant, &out, &e)
	case NextOpening:
		status = C.helpdesk_calendar_next_opening(c.c, instant, &out, &e)
	case NextClose:
		status = C.helpdesk_calendar_next_close(c.c, instant, &out, &e)
	case PreviousOpen:
		status = C.helpdesk_calendar_previous_open(c.c, instant, &out, &e)
	case PreviousOpening:
		status = C.helpdesk_calendar_previous_opening(c.c, instant, &out, &e)
	case PreviousClose:
		status = C.helpdesk_calendar_previous_close(c.c, instant, &out, &e)
	default:
		return 0, fmt.Errorf("a calendar has no turn %q", which)
	}
	err := failure(status, &e)
	return int64(out), err
}

// IsOpen tells whether the calendar is open at an instant.
func (c *Calendar) IsOpen(at int64) (bool, error) {
	var out C.bool
	var e *C.helpdesk_error
	err := failure(C.helpdesk_calendar_is_open(c.c, C.int64_t(at), &out, &e), &e)
	return bool(out), err
}

// Windows are the open stretches between two instants, each from and to, at most so many.
func (c *Calendar) Windows(from, to int64, backward bool, most int) ([][2]int64, error) {
	if most < 0 {
		return nil, fmt.Errorf("%d windows are asked for; 0 or more are allowed", most)
	}
	pairs := make([][2]int64, most+1)
	var n C.size_t
	var e *C.helpdesk_error
	room := (*C.int64_t)(unsafe.Pointer(&pairs[0]))
	status := C.helpdesk_calendar_windows(c.c, C.int64_t(from), C.int64_t(to), C.bool(backward), room, C.size_t(most), &n, &e)
	if err := failure(status, &e); err != nil {
		return nil, err
	}
	return pairs[:n], nil
}

// ElapsedBatch is the open time of many pairs, None where there is no answer, and how many those are.
func (c *Calendar) ElapsedBatch(from, to []int64) ([]int64, int, error) {
	if len(from) != len(to) {
		return nil, 0, fmt.Errorf("%d instants lead to %d; there must be as many", len(from), len(to))
	}
	if len(from) == 0 {
		return nil, 0, nil
	}
	out := make([]int64, len(from))
	var unanswered C.size_t
	var e *C.helpdesk_error
	column := func(of []int64) *C.int64_t { return (*C.int64_t)(unsafe.Pointer(&of[0])) }
	status := C.helpdesk_calendar_elapsed_batch(c.c, column(from), column(to), column(out), C.size_t(len(out)), &unanswered, &e)
	return out, int(unanswered), failure(status, &e)
}

// IsBusinessDay tells whether the calendar opens on a day, counted since 1970-01-01.
func (c *Calendar) IsBusinessDay(day int32) (bool, error) {
	var out C.bool
	var e *C.helpdesk_error
	err := failure(C.helpdesk_calendar_is_business_day(c.c, C.int32_t(day), &out, &e), &e)
	return bool(out), err
}

// BusinessDay is the n-th business day after a day, or before it for a negative n.
func (c *Calendar) BusinessDay(day int32, n int64) (int32, error) {
	var out C.int32_t
	var e *C.helpdesk_error
	err := failure(C.helpdesk_calendar_business_day(c.c, C.int32_t(day), C.int64_t(n), &out, &e), &e)
	return int32(out), err
}

// CountBusinessDays counts the business days after one day until another, with that one.
func (c *Calendar) CountBusinessDays(from, to int32) (int64, error) {
	var out C.int64_t
	var e *C.helpdesk_error
	err := failure(C.helpdesk_calendar_count_business_days(c.c, C.int32_t(from), C.int32_t(to), &out, &e), &e)
	return int64(out), err
}
