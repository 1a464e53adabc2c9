// Package helpdesk is a thin layer over the C ABI of helpdesk, with cgo alone.
//
// Instants and lengths are microseconds in an int64, as in C: exact over the whole range, with None for an absent one. At and
// Time lead from and to time.Time. What is JSON in the library is text here, to be read with encoding/json. Whatever a function
// makes is freed with Close, and not before; methods may be called from any goroutine.
//
// The header is found beside the sources of the crate; CGO_LDFLAGS tells where the library is, which
// `cargo rustc --release --lib --features capi,sqlite --crate-type cdylib` makes.
package helpdesk

// #cgo CFLAGS: -I${SRCDIR}/../../../src/capi
// #cgo LDFLAGS: -lhelpdesk
// #include "helpdesk.h"
import "C"

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unsafe"
)

// None stands for an instant or a length that is not there.
const None int64 = C.HELPDESK_NONE

// Lengths, in microseconds.
const (
	Second int64 = 1_000_000
	Minute       = 60 * Second
	Hour         = 60 * Minute
)

func init() {
	if C.helpdesk_abi_version() != C.HELPDESK_ABI_VERSION {
		panic("helpdesk: the library speaks another version than the header")
	}
}

// At is the instant of t; what is finer than a microsecond is cut off.
func At(t time.Time) int64 { return t.UnixMicro() }

// Time is the instant as Go has it, in UTC.
func Time(at int64) time.Time { return time.UnixMicro(at).UTC() }

// Status tells what came of a call.
type Status int32

const (
	Invalid     Status = C.HELPDESK_INVALID
	Refused     Status = C.HELPDESK_REFUSED
	Forbidden   Status = C.HELPDESK_FORBIDDEN
	NotFound    Status = C.HELPDESK_NOT_FOUND
	Conflict    Status = C.HELPDESK_CONFLICT
	Unavailable Status = C.HELPDESK_UNAVAILABLE
	NoAnswer    Status = C.HELPDESK_NO_ANSWER
	Failed      Status = C.HELPDESK_FAILED
	Panic       Status = C.HELPDESK_PANIC
)

// Error is what the library did not do, and why. Status and Code are for programs, Detail has the facts as JSON.
type Error struct {
	Status    Status
	Kind      string
	Code      string
	Message   string
	Detail    string
	Retryable bool
}

func (e *Error) Error() string { return e.Message }

// failure takes the error of a call that failed, and frees it.
func failure(status C.helpdesk_status, stored **C.helpdesk_error) error {
	if status == C.HELPDESK_OK {
		return nil
	}
	e := *stored
	defer C.helpdesk_error_free(e)
	var n C.size_t
	text := func(data *C.char) string { return string(bytesAt(data, n)) }
	return &Error{
		Status:    Status(status),
		Kind:      text(C.helpdesk_error_kind(e, &n)),
		Code:      text(C.helpdesk_error_code(e, &n)),
		Message:   text(C.helpdesk_error_message(e, &n)),
		Detail:    text(C.helpdesk_error_detail(e, &n)),
		Retryable: bool(C.helpdesk_error_is_retryable(e)),
	}
}

// bytesAt copies n bytes that belong to the library.
func bytesAt(data *C.char, n C.size_t) []byte {
	if data == nil {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(data)), int(n))...)
}

// taken gives what a buffer holds, and frees it.
func taken(buffer **C.helpdesk_buffer, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer C.helpdesk_buffer_free(*buffer)
	var n C.size_t
	data := C.helpdesk_buffer_data(*buffer, &n)
	return bytesAt(data, n), nil
}

func takenText(buffer **C.helpdesk_buffer, err error) (string, error) {
	data, err := taken(buffer, err)
	return string(data), err
}

// borrowed is a text for the length of one call.
func borrowed(text string) (*C.char, C.size_t) {
	data := append([]byte(text), 0)
	return (*C.char)(unsafe.Pointer(&data[0])), C.size_t(len(text))
}

// UUID is an id.
type UUID [16]byte

func (id UUID) String() string {
	h := hex.EncodeToString(id[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// ParseUUID reads the form with hyphens.
func ParseUUID(text string) (UUID, error) {
	var id UUID
	h := strings.ReplaceAll(text, "-", "")
	if _, err := hex.Decode(id[:], []byte(h)); err != nil || len(h) != 32 || len(text) != 36 {
		return UUID{}, fmt.Errorf("a uuid is needed, not %q", text)
	}
	return id, nil
}

func (id UUID) c() C.helpdesk_uuid { return *(*C.helpdesk_uuid)(unsafe.Pointer(&id)) }

func uuidOf(id C.helpdesk_uuid) UUID { return *(*UUID)(unsafe.Pointer(&id)) }

// Kind is a kind of ids.
type Kind int32

const (
	Tenant   Kind = C.HELPDESK_ID_TENANT
	Ticket   Kind = C.HELPDESK_ID_TICKET
	Agent    Kind = C.HELPDESK_ID_AGENT
	Customer Kind = C.HELPDESK_ID_CUSTOMER
	Team     Kind = C.HELPDESK_ID_TEAM
	Bot      Kind = C.HELPDESK_ID_BOT
)

// Named is the id that stands for a text of the host, always the same.
func Named(kind Kind, text string) (UUID, error) {
	var id C.helpdesk_uuid
	var e *C.helpdesk_error
	data, n := borrowed(text)
	err := failure(C.helpdesk_uuid_named(C.int32_t(kind), data, n, &id, &e), &e)
	return uuidOf(id), err
}

// Instant reads RFC 3339 text.
func Instant(text string) (int64, error) {
	var at C.int64_t
	var e *C.helpdesk_error
	data, n := borrowed(text)
	err := failure(C.helpdesk_instant_parse(data, n, &at, &e), &e)
	return int64(at), err
}

// InstantText is an instant as RFC 3339 text in UTC.
func InstantText(at int64) (string, error) {
	var out *C.helpdesk_buffer
	var e *C.helpdesk_error
	return takenText(&out, failure(C.helpdesk_instant_format(C.int64_t(at), &out, &e), &e))
}
