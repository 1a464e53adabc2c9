"""helpdesk for Python: a thin, typed layer over the C ABI, with nothing but ctypes.

    desk = Desk.in_memory(Rulebook.starter())
    done = desk.do(Call.agent("kim", now), {"open": {"subject": "Printer on fire", "requester": {"address": "ann@example.com"}}})

Instants are `datetime` with a zone, lengths are `timedelta`; what is JSON in the library is plain Python data here. Every handle is a
context manager and is freed with its last reference otherwise. Methods may be called from any thread: ctypes lets go of the lock of
the interpreter while the library works.

The library itself is looked for as `libhelpdesk.so`, where the system looks for libraries; the environment variable `HELPDESK_LIBRARY` names
the file instead. It is made by `cargo rustc --release --lib --features capi,sqlite --crate-type cdylib`.
"""

from __future__ import annotations

import ctypes
import json
import os
from ctypes import POINTER, byref, c_bool, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_ubyte, c_void_p
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Any, Iterator, Sequence
from uuid import UUID

ABI_VERSION = 1
NONE = -(2**63)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


class Role(IntEnum):
    CUSTOMER = 0
    AGENT = 1
    SUPERVISOR = 2
    BOT = 3
    SYSTEM = 4


class IdKind(IntEnum):
    TENANT = 0
    TICKET = 1
    AGENT = 2
    CUSTOMER = 3
    TEAM = 4
    BOT = 5


class Metric(IntEnum):
    FIRST_RESPONSE = 0
    NEXT_RESPONSE = 1
    PERIODIC_UPDATE = 2
    PROMISED_UPDATE = 3
    REQUESTER_WAIT = 4
    AGENT_WORK = 5
    FIRST_RESOLUTION = 6
    TOTAL_RESOLUTION = 7
    OWNERSHIP = 8
    FOLLOW_UP = 9


class Pending(IntEnum):
    CUSTOMER = 0
    THIRD_PARTY = 1
    INTERNAL = 2
    SCHEDULED = 3


class State(IntEnum):
    NOT_APPLICABLE = 0
    NOT_STARTED = 1
    RUNNING = 2
    PAUSED = 3
    STOPPED = 4
    CANCELLED = 5


class Verdict(IntEnum):
    OPEN = 0
    MET = 1
    BREACHED = 2
    UNANSWERED = 3


class _Uuid(ctypes.Structure):
    _fields_ = [("bytes", c_ubyte * 16)]

    @classmethod
    def of(cls, id: UUID) -> "_Uuid":
        return cls.from_buffer_copy(id.bytes)

    def uuid(self) -> UUID:
        return UUID(bytes=bytes(self.bytes))


class _Sized(ctypes.Structure):
    """A struct that begins with its own size."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(size=ctypes.sizeof(type(self)), **fields)


class _Call(_Sized):
    _fields_ = [
        ("size", c_size_t), ("role", c_int32), ("reserved", c_int32), ("actor", _Uuid), ("at", c_int64),
        ("tenant", _Uuid), ("id", POINTER(_Uuid)), ("key", c_char_p), ("key_len", c_size_t),
    ]


class _Open(_Sized):
    _fields_ = [
        ("size", c_size_t), ("subject", c_char_p), ("subject_len", c_size_t), ("address", c_char_p), ("address_len", c_size_t),
        ("customer", POINTER(_Uuid)), ("body", c_char_p), ("body_len", c_size_t), ("id", POINTER(_Uuid)),
        ("priority", c_int32), ("reserved", c_int32),
    ]


class _Outcome(_Sized):
    _fields_ = [
        ("size", c_size_t), ("ticket", _Uuid), ("message", _Uuid), ("follow_up", _Uuid), ("number", c_uint64),
        ("version", c_uint64), ("events", c_uint64), ("wake_at", c_int64), ("replayed", c_uint64),
    ]


class _Reading(_Sized):
    _fields_ = [
        ("size", c_size_t), ("state", c_int32), ("verdict", c_int32), ("ever_breached", c_int32), ("reserved", c_int32),
        ("elapsed", c_int64), ("amount", c_int64), ("started_at", c_int64), ("due", c_int64), ("stopped_at", c_int64),
    ]


class _Swept(_Sized):
    _fields_ = [
        ("size", c_size_t), ("tickets", c_uint64), ("events", c_uint64), ("chains_ended", c_uint64), ("failed", c_uint64), ("more", c_uint64),
    ]


class HelpdeskError(Exception):
    """What the library did not do, and why. `status` and `code` are for programs, `detail` has the facts."""

    def __init__(self, status: int, kind: str, code: str, message: str, detail: str, is_retryable: bool) -> None:
        super().__init__(message)
        self.status, self.kind, self.code, self.message = status, kind, code, message
        self.detail_json, self.is_retryable = detail, is_retryable

    @property
    def detail(self) -> Any:
        return json.loads(self.detail_json)


def _load() -> ctypes.CDLL:
    path = os.environ.get("HELPDESK_LIBRARY", "libhelpdesk.so")
    try:
        lib = ctypes.CDLL(path)
    except OSError as error:
        told = "set HELPDESK_LIBRARY to the file of the library, such as target/release/libhelpdesk.so"
        raise OSError(f"`{path}` cannot be loaded ({error}); {told}") from error
    lib.helpdesk_abi_version.restype = c_uint32
    if lib.helpdesk_abi_version() != ABI_VERSION:
        raise ImportError(f"{path} speaks version {lib.helpdesk_abi_version()}, this module {ABI_VERSION}")
    for name in ("kind", "code", "message", "detail"):
        ask = getattr(lib, f"helpdesk_error_{name}")
        ask.restype, ask.argtypes = c_void_p, [c_void_p, POINTER(c_size_t)]
    lib.helpdesk_error_is_retryable.restype = c_bool
    lib.helpdesk_error_is_retryable.argtypes = [c_void_p]
    lib.helpdesk_error_free.argtypes = [c_void_p]
    lib.helpdesk_buffer_data.restype = c_void_p
    lib.helpdesk_buffer_data.argtypes = [c_void_p, POINTER(c_size_t)]
    lib.helpdesk_buffer_free.argtypes = [c_void_p]
    return lib


_lib = _load()


def _call(name: str, *args: Any) -> None:
    error = c_void_p()
    status = getattr(_lib, "helpdesk_" + name)(*args, byref(error))
    if status:
        raise _taken_error(status, error)


def _text_of(ask: Any, handle: c_void_p) -> bytes:
    length = c_size_t()
    return ctypes.string_at(ask(handle, byref(length)), length.value)


def _taken_error(status: int, error: c_void_p) -> HelpdeskError:
    try:
        words = [_text_of(getattr(_lib, f"helpdesk_error_{name}"), error).decode() for name in ("kind", "code", "message", "detail")]
        return HelpdeskError(status, *words, is_retryable=_lib.helpdesk_error_is_retryable(error))
    finally:
        _lib.helpdesk_error_free(error)


def _bytes(name: str, *args: Any) -> bytes:
    """Calls a function whose last output is a buffer."""
    buffer = c_void_p()
    _call(name, *args, byref(buffer))
    try:
        return _text_of(_lib.helpdesk_buffer_data, buffer)
    finally:
        _lib.helpdesk_buffer_free(buffer)


def _text(text: str | bytes) -> tuple[c_char_p, c_size_t]:
    raw = text.encode() if isinstance(text, str) else text
    return c_char_p(raw), c_size_t(len(raw))


def _json(value: Any) -> tuple[c_char_p, c_size_t]:
    return _text(value if isinstance(value, (str, bytes)) else json.dumps(value, ensure_ascii=False))


def micros(at: datetime) -> int:
    """An instant as the library counts it. A `datetime` without a zone is nobody's time."""
    if at.tzinfo is None:
        raise ValueError("a datetime with a zone is needed")
    return (at - EPOCH) // _MICROSECOND


def instant(us: int) -> datetime | None:
    return None if us == NONE else EPOCH + timedelta(microseconds=us)


def instant_text(at: datetime) -> str:
    return _bytes("instant_format", c_int64(micros(at))).decode()


def named(kind: IdKind, text: str) -> UUID:
    """The id that stands for a text of the host, the same in every language."""
    found = _Uuid()
    _call("uuid_named", c_int32(kind), *_text(text), byref(found))
    return found.uuid()


def schema() -> Any:
    return json.loads(_bytes("schema"))


class _Handle:
    _free: str

    def __init__(self, handle: c_void_p) -> None:
        self._handle: c_void_p | None = handle

    @classmethod
    def _made(cls, name: str, *args: Any) -> Any:
        handle = c_void_p()
        _call(name, *args, byref(handle))
        made = cls.__new__(cls)
        _Handle.__init__(made, handle)
        return made

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle:
            getattr(_lib, self._free)(handle)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self.close()


class Calendar(_Handle):
    """When a desk is open. Whole columns go through `elapsed_batch` in one call."""

    _free = "helpdesk_calendar_free"

    @staticmethod
    def parse(hours: str, zone: str) -> "Calendar":
        return Calendar._made("calendar_parse", *_text(hours), *_text(zone))

    @staticmethod
    def of(written: Any) -> "Calendar":
        return Calendar._made("calendar_from_json", *_json(written))

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        return timedelta(microseconds=self.elapsed_us(micros(start), micros(end)))

    def add(self, start: datetime, time: timedelta) -> datetime:
        return EPOCH + timedelta(microseconds=self.ask("add", micros(start), time // _MICROSECOND))

    def elapsed_us(self, start: int, end: int) -> int:
        return self.ask("elapsed", start, end)

    def ask(self, question: str, *arguments: int) -> int:
        """A question of the library by its name, in microseconds: `next_open`, `subtract`, ..."""
        answer = c_int64()
        _call("calendar_" + question, self._handle, *map(c_int64, arguments), byref(answer))
        return answer.value

    def is_open(self, at: int) -> bool:
        answer = c_bool()
        _call("calendar_is_open", self._handle, c_int64(at), byref(answer))
        return answer.value

    def is_business_day(self, day: int) -> bool:
        answer = c_bool()
        _call("calendar_is_business_day", self._handle, c_int32(day), byref(answer))
        return answer.value

    def business_day(self, day: int, n: int) -> int:
        answer = c_int32()
        _call("calendar_business_day", self._handle, c_int32(day), c_int64(n), byref(answer))
        return answer.value

    def count_business_days(self, start: int, end: int) -> int:
        answer = c_int64()
        _call("calendar_count_business_days", self._handle, c_int32(start), c_int32(end), byref(answer))
        return answer.value

    def windows(self, start: int, end: int, most: int, backward: bool = False) -> list[tuple[int, int]]:
        pairs, n = (c_int64 * (2 * most + 1))(), c_size_t()
        _call("calendar_windows", self._handle, c_int64(start), c_int64(end), c_bool(backward), pairs, c_size_t(most), byref(n))
        return [(pairs[2 * i], pairs[2 * i + 1]) for i in range(n.value)]

    def elapsed_batch(self, start: Any, end: Any, out: Any) -> int:
        """Open time of many pairs, from and to buffers of 64-bit integers (numpy arrays, `array('q')`, ...). Tells how many have no
        answer; their place holds `NONE`, numpy's NaT. `out` may be one of the inputs."""
        if memoryview(out).readonly:
            raise ValueError("a column that may be written is needed for the answers")
        places = [_column(buffer) for buffer in (start, end, out)]
        if len({len(place) for place in places}) != 1:
            raise ValueError("columns of one length are needed")
        unanswered = c_size_t()
        _call("calendar_elapsed_batch", self._handle, *places, c_size_t(len(places[0])), byref(unanswered))
        return unanswered.value


def _column(buffer: Any) -> Any:
    view = memoryview(buffer).cast("B")
    if view.nbytes % 8:
        raise ValueError("64-bit integers are needed")
    kind = c_int64 * (view.nbytes // 8)
    return kind.from_buffer(view) if not view.readonly else kind.from_buffer_copy(view)


class Rulebook(_Handle):
    _free = "helpdesk_rulebook_free"

    @staticmethod
    def starter() -> "Rulebook":
        return Rulebook._made("rulebook_starter")

    @staticmethod
    def of(written: Any) -> "Rulebook":
        return Rulebook._made("rulebook_from_json", *_json(written))

    def lint_json(self) -> str:
        return _bytes("rulebook_lint", self._handle).decode()

    def lint(self) -> list[dict[str, Any]]:
        return json.loads(self.lint_json())


class Rulebooks(_Handle):
    _free = "helpdesk_rulebooks_free"

    @staticmethod
    def of(current: Rulebook, *earlier: Rulebook) -> "Rulebooks":
        books = Rulebooks._made("rulebooks_new", current._handle)
        for book in earlier:
            _call("rulebooks_with_earlier", books._handle, book._handle)
        return books


@dataclass(frozen=True)
class Call:
    """Who says something, when, and under which idempotency key."""

    role: Role
    actor: UUID
    at: datetime
    tenant: UUID = UUID(int=0)
    key: str | None = None
    id: UUID | None = None

    @staticmethod
    def agent(name: str, at: datetime, **more: Any) -> "Call":
        return Call(Role.AGENT, named(IdKind.AGENT, name), at, **more)

    def _c(self) -> _Call:
        call = _Call(role=self.role, actor=_Uuid.of(self.actor), at=micros(self.at), tenant=_Uuid.of(self.tenant))
        if self.id is not None:
            call.id = ctypes.pointer(_Uuid.of(self.id))
        if self.key is not None:
            call.key, call.key_len = self.key.encode(), len(self.key.encode())
        return call


@dataclass(frozen=True)
class Outcome:
    ticket: UUID
    number: int
    version: int
    events: int
    wake_at: datetime | None
    is_replayed: bool


@dataclass(frozen=True)
class Reading:
    state: State
    verdict: Verdict
    ever_breached: bool
    elapsed: timedelta
    due: datetime | None


@dataclass(frozen=True)
class Swept:
    tickets: int
    events: int
    chains_ended: int
    failed: int
    more: bool


class Ticket(_Handle):
    """A ticket folded from its events, wherever they are kept."""

    _free = "helpdesk_ticket_free"

    @staticmethod
    def replay(books: Rulebooks, events: Any, tenant: UUID = UUID(int=0)) -> "Ticket":
        return Ticket._made("ticket_replay", books._handle, byref(_Uuid.of(tenant)), *_json(events))

    def wake_at(self) -> datetime | None:
        at = c_int64()
        _call("ticket_wake_at", self._handle, byref(at))
        return instant(at.value)

    def periods_json(self, agreement: int, metric: int, now: int) -> str:
        return _bytes("ticket_periods", self._handle, c_int32(agreement), c_int32(metric), c_int64(now)).decode()


class Desk(_Handle):
    """A desk on memory or on a SQLite file, for any number of threads."""

    _free = "helpdesk_desk_free"

    @staticmethod
    def in_memory(rules: Rulebook | Rulebooks) -> "Desk":
        books = Rulebooks.of(rules) if isinstance(rules, Rulebook) else rules
        return Desk._made("desk_in_memory", books._handle)

    @staticmethod
    def on_file(path: str, rules: Rulebook | Rulebooks, durable: bool = True, now: datetime | None = None) -> "Desk":
        """The file keeps every version of the rules too: a start with other rules strands no ticket. `now` is the present by default."""
        books = Rulebooks.of(rules) if isinstance(rules, Rulebook) else rules
        at = c_int64(micros(now or datetime.now(timezone.utc)))
        return Desk._made("desk_open_sqlite_keeping", *_text(path), c_int32(not durable), books._handle, at)

    def _said(self, name: str, call: Call, *args: Any) -> Outcome:
        out = _Outcome()
        _call(name, self._handle, byref(call._c()), *args, byref(out))
        return Outcome(out.ticket.uuid(), out.number, out.version, out.events, instant(out.wake_at), bool(out.replayed))

    def open(self, call: Call, subject: str, address: str | None = None, body: str | None = None) -> Outcome:
        said = _Open()
        for name, text in (("subject", subject), ("address", address), ("body", body)):
            if text is not None:
                setattr(said, name, text.encode())
                setattr(said, name + "_len", len(text.encode()))
        return self._said("desk_open", call, byref(said))

    def reply(self, call: Call, ticket: UUID, body: str) -> Outcome:
        return self._said("desk_reply", call, byref(_Uuid.of(ticket)), *_text(body))

    def note(self, call: Call, ticket: UUID, body: str) -> Outcome:
        return self._said("desk_note", call, byref(_Uuid.of(ticket)), *_text(body))

    def pend(self, call: Call, ticket: UUID, reason: Pending, until: datetime | None = None) -> Outcome:
        us = NONE if until is None else micros(until)
        return self._said("desk_pend", call, byref(_Uuid.of(ticket)), c_int32(reason), c_int64(us))

    def resolve(self, call: Call, ticket: UUID) -> Outcome:
        return self._said("desk_resolve", call, byref(_Uuid.of(ticket)))

    def do_json(self, call: Call, request: Any) -> str:
        return _bytes("desk_do", self._handle, byref(call._c()), *_json(request)).decode()

    def do(self, call: Call, request: Any) -> dict[str, Any]:
        return json.loads(self.do_json(call, request))

    def ask_json(self, now: datetime, query: Any, tenant: UUID = UUID(int=0)) -> str:
        text = json.dumps(query) # a query may be a single word
        return _bytes("desk_ask", self._handle, byref(_Uuid.of(tenant)), c_int64(micros(now)), *_text(text)).decode()

    def ask(self, now: datetime, query: Any, tenant: UUID = UUID(int=0)) -> Any:
        return json.loads(self.ask_json(now, query, tenant))

    def reading(self, ticket: UUID, metric: Metric, now: datetime, agreement: int = 0) -> Reading:
        out = _Reading()
        args = (c_int32(agreement), c_int32(metric), c_int64(micros(now)), byref(out))
        _call("desk_reading", self._handle, None, byref(_Uuid.of(ticket)), *args)
        shown = State(out.state), Verdict(out.verdict), bool(out.ever_breached)
        return Reading(*shown, timedelta(microseconds=out.elapsed), instant(out.due))

    def sweep(self, now: datetime, limit: int) -> Swept:
        out = _Swept()
        _call("desk_sweep", self._handle, c_int64(micros(now)), c_size_t(limit), byref(out))
        return Swept(out.tickets, out.events, out.chains_ended, out.failed, bool(out.more))

    def nap(self, now: datetime) -> datetime:
        until = c_int64()
        _call("desk_nap", self._handle, c_int64(micros(now)), byref(until))
        return EPOCH + timedelta(microseconds=until.value)

    def claim_json(self, now: datetime, lease: timedelta, limit: int) -> str:
        return _bytes("desk_claim", self._handle, c_int64(micros(now)), c_int64(lease // _MICROSECOND), c_size_t(limit)).decode()

    def claim(self, now: datetime, lease: timedelta, limit: int) -> list[dict[str, Any]]:
        """Messages to deliver, as plain data; whoever does not `acknowledge` one within the lease lets others take it."""
        return json.loads(self.claim_json(now, lease, limit))

    def acknowledge(self, messages: Sequence[UUID]) -> None:
        ids = (_Uuid * len(messages))(*map(_Uuid.of, messages))
        _call("desk_acknowledge", self._handle, ids, c_size_t(len(messages)))

    def import_json(self, history: Any) -> str:
        return _bytes("desk_import", self._handle, None, *_json(history)).decode()


class Tally(_Handle):
    """A partial result of a report: counts in parts, travels as bytes, merges."""

    _free = "helpdesk_tally_free"

    @staticmethod
    def empty(as_of: datetime, report: Any = None) -> "Tally":
        written = (None, c_size_t(0)) if report is None else _json(report)
        return Tally._made("tally_new", *written, c_int64(micros(as_of)))

    @staticmethod
    def from_bytes(raw: bytes) -> "Tally":
        return Tally._made("tally_from_bytes", *_text(raw))

    def __bytes__(self) -> bytes:
        return _bytes("tally_to_bytes", self._handle)

    def add_desk(self, desk: Desk) -> None:
        _call("tally_add_desk", self._handle, desk._handle, None)

    def merge(self, other: "Tally") -> None:
        _call("tally_merge", self._handle, other._handle)

    def report_json(self) -> str:
        return _bytes("tally_report", self._handle).decode()


class WhatIf(_Handle):
    _free = "helpdesk_what_if_free"

    @staticmethod
    def of(before: Rulebook, after: Rulebook, as_of: datetime) -> "WhatIf":
        return WhatIf._made("what_if_new", before._handle, after._handle, c_int64(micros(as_of)), None, c_size_t(0))

    def add_desk(self, desk: Desk) -> None:
        _call("what_if_add_desk", self._handle, desk._handle, None)

    def difference_json(self) -> str:
        return _bytes("what_if_difference", self._handle).decode()


def import_history(books: Rulebooks, history: Any) -> dict[str, Any]:
    """A ticket made of a recorded history, for hosts with storage of their own."""
    return json.loads(_bytes("import", books._handle, None, *_json(history)))


class Operation(_Handle):
    """One request as a conversation: loop over it, and answer each need in a transaction of your own.

        for need, said in operation:
            if need == "load": operation.loaded(my_rows(said))
            else: operation.committed(my_transaction(said))
        done = operation.finish_json()
    """

    _free = "helpdesk_op_free"

    @staticmethod
    def of(books: Rulebooks, call: Call, request: Any) -> "Operation":
        return Operation._made("op_new", books._handle, byref(call._c()), *_json(request), c_int64(NONE))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        while True:
            need = c_int32()
            said = _bytes("op_need", self._handle, byref(need))
            if need.value == 0:
                return
            yield ("load" if need.value == 1 else "commit"), json.loads(said)

    def loaded(self, loaded: Any) -> None:
        _call("op_loaded", self._handle, *_json(loaded))

    def committed(self, is_written: bool) -> None:
        _call("op_committed", self._handle, c_int32(not is_written))

    def finish_json(self) -> str:
        return _bytes("op_finish", self._handle).decode()
