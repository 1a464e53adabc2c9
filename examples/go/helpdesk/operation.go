package helpdesk

// #include "helpdesk.h"
import "C"

// Storage is a database of the host's own.
type Storage interface {
	// Load answers what is wanted, JSON for JSON.
	Load(wanted string) (string, error)
	// Commit writes all of it, or nothing: then it gives false where somebody else was first.
	Commit(commit string) (bool, error)
}

// Run does what a request in JSON says on a storage of the host's own, and tells the outcome in JSON. Where the storage fails, the request
// fails with its error.
func (r *Rulebooks) Run(said Call, request string, storage Storage) (string, error) {
	var mine room
	defer mine.free()
	var op *C.helpdesk_op
	var e *C.helpdesk_error
	data, n := borrowed(request)
	if err := failure(C.helpdesk_op_new(r.c, mine.call(said), data, n, C.HELPDESK_NONE, &op, &e), &e); err != nil {
		return "", err
	}
	defer C.helpdesk_op_free(op)
	for {
		var need C.int32_t
		var out *C.helpdesk_buffer
		wanted, err := takenText(&out, failure(C.helpdesk_op_need(op, &need, &out, &e), &e))
		if err != nil {
			return "", err
		}
		switch need {
		case C.HELPDESK_NEED_LOAD:
			err = load(op, wanted, storage)
		case C.HELPDESK_NEED_COMMIT:
			err = commit(op, wanted, storage)
		default:
			return takenText(&out, failure(C.helpdesk_op_finish(op, &out, &e), &e))
		}
		if err != nil {
			return "", err
		}
	}
}

func load(op *C.helpdesk_op, wanted string, storage Storage) error {
	loaded, err := storage.Load(wanted)
	if err != nil {
		return err
	}
	var e *C.helpdesk_error
	data, n := borrowed(loaded)
	return failure(C.helpdesk_op_loaded(op, data, n, &e), &e)
}

func commit(op *C.helpdesk_op, wanted string, storage Storage) error {
	isWritten, err := storage.Commit(wanted)
	if err != nil {
		return err
	}
	var written C.int32_t = C.HELPDESK_WRITE_CONFLICT
	if isWritten {
		written = C.HELPDESK_WRITTEN
	}
	var e *C.helpdesk_error
	return failure(C.helpdesk_op_committed(op, written, &e), &e)
}
